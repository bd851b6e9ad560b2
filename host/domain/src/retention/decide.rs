//! The verdicts.
//!
//! Which copies count: good ones, taken by now, without a hold. A held copy stays beside the others and takes no place
//! of theirs, so copies made for maintenance push nothing off. A copy from the future (the clock was set back) stays
//! and counts for nothing. A copy that is not good never counts: with `keep-within` it stays in sight until that age,
//! without it until a newer good copy is there; the newest one stays while the shelf has no good copy at all.
//! The floor counts every good copy taken by now, held ones too.
//! Ages are monotone: a copy never reaches its age before an older one, though calendars would have it (months of
//! different length, civil times that do not exist).

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::civil::DateTime;

use super::{Retention, ShelfItem, Verdict};
use crate::calendar::Zone;

/// Decides for every copy of a shelf whether it stays; in the order of the shelf.
///
/// Pure and stable: deciding again at the same moment without the dropped copies drops nothing more.
#[must_use]
pub fn decide(
    shelf: &[ShelfItem],
    retention: &Retention,
    zone: &Zone,
    now: Timestamp,
) -> Vec<Verdict> {
    if !retention.has_rules() {
        let keep = |item: &ShelfItem| Verdict {
            id: item.id,
            keep: true,
            rules: vec!["kept: no rule is set".into()],
        };
        return shelf.iter().map(keep).collect();
    }
    let mut newest_first: Vec<(usize, &ShelfItem)> = shelf.iter().enumerate().collect();
    newest_first.sort_by_key(|(_, item)| std::cmp::Reverse((item.taken_at, item.id)));
    let mut decision = Decision {
        retention,
        zone,
        now,
        newest_first,
        reasons: BTreeMap::new(),
    };
    decision.keep_held_and_future();
    decision.keep_within();
    decision.keep_last();
    for period in &PERIODS {
        decision.keep_periods(period);
    }
    decision.keep_floor();
    decision.keep_not_good();
    let verdict = |(place, item): (usize, &ShelfItem)| match decision.reasons.get(&place) {
        Some(rules) => Verdict {
            id: item.id,
            keep: true,
            rules: rules.clone(),
        },
        None => Verdict {
            id: item.id,
            keep: false,
            rules: vec![decision.why_dropped(item)],
        },
    };
    shelf.iter().enumerate().map(verdict).collect()
}

/// A rule that keeps the last copy of each civil period.
struct Period {
    name: &'static str,
    count: fn(&Retention) -> Option<u32>,
    /// The period a civil time lies in, as people write it.
    label: fn(DateTime) -> String,
}

const PERIODS: [Period; 5] = [
    Period {
        name: "keep-hourly",
        count: |retention| retention.keep_hourly,
        label: |civil| civil.strftime("%Y-%m-%d %Hh").to_string(),
    },
    Period {
        name: "keep-daily",
        count: |retention| retention.keep_daily,
        label: |civil| civil.strftime("%Y-%m-%d").to_string(),
    },
    Period {
        name: "keep-weekly",
        count: |retention| retention.keep_weekly,
        label: |civil| civil.strftime("%G-W%V").to_string(),
    },
    Period {
        name: "keep-monthly",
        count: |retention| retention.keep_monthly,
        label: |civil| civil.strftime("%Y-%m").to_string(),
    },
    Period {
        name: "keep-yearly",
        count: |retention| retention.keep_yearly,
        label: |civil| civil.strftime("%Y").to_string(),
    },
];

struct Decision<'a> {
    retention: &'a Retention,
    zone: &'a Zone,
    now: Timestamp,
    /// With the place on the shelf.
    newest_first: Vec<(usize, &'a ShelfItem)>,
    /// Why copies stay, by place on the shelf.
    reasons: BTreeMap<usize, Vec<String>>,
}

impl<'a> Decision<'a> {
    fn keep(&mut self, place: usize, reason: String) {
        self.reasons.entry(place).or_default().push(reason);
    }

    fn keep_held_and_future(&mut self) {
        for (place, item) in self.newest_first.clone() {
            if let Some(hold) = item.hold.as_ref().filter(|hold| hold.holds_at(self.now)) {
                let end = hold.until.map_or_else(String::new, |until| {
                    format!(" (until {})", self.shown(until))
                });
                self.keep(
                    place,
                    format!("kept by hold `{}`: {}{end}", hold.name, hold.reason),
                );
            }
            if item.taken_at > self.now {
                let taken = self.shown(item.taken_at);
                self.keep(
                    place,
                    format!(
                        "kept: taken at {taken}, which is still to come (the clock was set back)"
                    ),
                );
            }
        }
    }

    fn keep_within(&mut self) {
        let Some(within) = &self.retention.keep_within else {
            return;
        };
        let mut latest_end = Timestamp::MIN;
        for (place, item) in self.good().into_iter().rev() {
            // An older copy's later end holds for the newer ones too. Held copies keep their own age in order, but it
            // is not what keeps them.
            let end = within
                .end(item.taken_at, self.zone)
                .unwrap_or(Timestamp::MAX);
            latest_end = latest_end.max(end);
            if self.now < latest_end && !self.is_held(item) {
                self.keep(
                    place,
                    format!(
                        "kept by keep-within {within} (until {})",
                        self.shown(latest_end)
                    ),
                );
            }
        }
    }

    fn keep_last(&mut self) {
        let Some(count) = self.retention.keep_last else {
            return;
        };
        for (number, (place, _)) in (1..=count).zip(self.counted()) {
            self.keep(
                place,
                format!("kept by keep-last {count} (number {number} of the newest)"),
            );
        }
    }

    fn keep_periods(&mut self, period: &Period) {
        let Some(count) = (period.count)(self.retention) else {
            return;
        };
        // A set, because civil time may go back over the border of a period and visit it twice.
        let mut seen = BTreeSet::new();
        for (place, item) in self.counted() {
            let label = (period.label)(self.zone.time_zone().to_datetime(item.taken_at));
            if seen.contains(&label) {
                continue;
            }
            if seen.len() >= usize::try_from(count).unwrap_or(usize::MAX) {
                break;
            }
            self.keep(
                place,
                format!("kept by {} {count} (the last of {label})", period.name),
            );
            seen.insert(label);
        }
    }

    fn keep_floor(&mut self) {
        let floor = self.retention.floor;
        for (_, (place, _)) in (0..floor).zip(self.good()) {
            self.keep(
                place,
                format!("kept by floor {floor}: among the newest good copies"),
            );
        }
    }

    fn keep_not_good(&mut self) {
        let newest_good = self.good().first().map(|(_, item)| item.taken_at);
        let mut is_newest = true;
        for (place, item) in self.newest_first.clone() {
            if item.good || item.taken_at > self.now {
                continue;
            }
            let reason = match (&self.retention.keep_within, newest_good) {
                (_, None) if is_newest => Some("the shelf has no good copy".to_owned()),
                (Some(within), _) => within
                    .end(item.taken_at, self.zone)
                    .filter(|end| self.now < *end)
                    .map(|end| {
                        format!(
                            "in sight by keep-within {within} (until {})",
                            self.shown(end)
                        )
                    }),
                (None, Some(good)) if item.taken_at <= good => None,
                (None, _) => Some("in sight until a newer good copy is there".to_owned()),
            };
            is_newest = false;
            if let Some(reason) = reason {
                self.keep(place, format!("kept: not good, {reason}"));
            }
        }
    }

    fn why_dropped(&self, item: &ShelfItem) -> String {
        let reason = match (&self.retention.keep_within, item.good) {
            (Some(within), true) => {
                format!("older than keep-within {within}, no other rule keeps it")
            }
            (None, true) => "no rule keeps it".to_owned(),
            (Some(within), false) => format!("not good, and older than keep-within {within}"),
            (None, false) => "not good, and a newer good copy is there".to_owned(),
        };
        let ended = item
            .hold
            .as_ref()
            .and_then(|hold| Some((hold, hold.until?)));
        let ended = ended
            .map(|(hold, until)| format!("; hold `{}` ended {}", hold.name, self.shown(until)));
        format!("dropped: {reason}{}", ended.unwrap_or_default())
    }

    /// Good copies taken by now, newest first.
    fn good(&self) -> Vec<(usize, &'a ShelfItem)> {
        let good = self
            .newest_first
            .iter()
            .filter(|(_, item)| item.good && item.taken_at <= self.now);
        good.copied().collect()
    }

    /// Good copies that take a place in a rule, newest first.
    fn counted(&self) -> Vec<(usize, &'a ShelfItem)> {
        self.good()
            .into_iter()
            .filter(|(_, item)| !self.is_held(item))
            .collect()
    }

    fn is_held(&self, item: &ShelfItem) -> bool {
        item.hold
            .as_ref()
            .is_some_and(|hold| hold.holds_at(self.now))
    }

    fn shown(&self, at: Timestamp) -> String {
        at.to_zoned(self.zone.time_zone().clone())
            .strftime("%Y-%m-%d %H:%M %:z")
            .to_string()
    }
}
