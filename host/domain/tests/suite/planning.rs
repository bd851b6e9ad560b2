//! The whole of planning against a deliberately naive reading of what the documentation says.
//!
//! The oracle lists every due time that waits at a moment, looks at each by itself and knows no pieces. The engine is
//! asked at any moments, in pieces of any size, with restarts between pieces and clocks that were set back.

use std::time::Duration;

use jiff::civil::{Weekday, time};
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use strongroom_domain::blackout::{Blackout, Period, Weekdays};
use strongroom_domain::calendar::{DstGap, DstOverlap, Every, due_between};
use strongroom_domain::grants::Grants;
use strongroom_domain::pause::Pause;
use strongroom_domain::planning::{CATCH_UP, Planned, Policies, plan, prevented};
use strongroom_domain::retry::RetryPolicy;
use strongroom_domain::schedule::{Missed, Overlap, Priority, Schedule, Trigger, defaults};
use strongroom_domain::timetable::Timetable;
use strongroom_domain::{Outcome, PluginName, ScheduleName, TenantName};

use crate::world::{at, cases, cron, zone};

/// A due time that is noticed within this time was not missed.
const IN_TIME: i64 = 60;
/// New York turns its clocks back in this week, on 2026-11-01.
const START: &str = "2026-10-30T00:00:00Z";
const DAY: i64 = 86_400;

/// Everything about one history of a schedule, made by chance.
#[derive(Debug, Clone)]
struct History {
    trigger: usize,
    zone: usize,
    missed: Missed,
    within: i64,
    spread: u64,
    tenants: usize,
    removed: bool,
    /// From and for how long, in seconds after the start; without an end where the length is 0.
    pauses: Vec<(i64, i64)>,
    freezes: Vec<(i64, i64)>,
    /// Hours of the day, on Saturdays and Sundays or on all days.
    nights: Option<(i8, i8, bool)>,
    /// At which moments the host looks, how many due times it takes at once, and how often before it is restarted.
    turns: Vec<(i64, usize, usize)>,
}

fn history() -> impl Strategy<Value = History> {
    let missed = prop::sample::select(vec![Missed::Latest, Missed::All, Missed::None]);
    let within = prop::sample::select(vec![0, 30, 60, 61, 600, 7200, 43_200, 5 * DAY]);
    let span = || (0..4 * DAY, prop_oneof![Just(0), 1..600_i64, 1..2 * DAY]);
    let freeze = (0..4 * DAY, 1..DAY);
    let gone = prop_oneof![9 => Just(false), 1 => Just(true)];
    let moment = prop_oneof![
        2 => (0..4 * DAY).boxed(),
        // On the minute and just beside it, where the due times are.
        2 => (0..4 * DAY / 900, -61..61_i64).prop_map(|(step, by)| step * 900 + by).boxed(),
    ];
    let limit = prop_oneof![3 => 1..20_usize, 1 => 1..300_usize, 1 => Just(usize::MAX)];
    let pieces = prop_oneof![3 => Just(usize::MAX), 1 => 1..4_usize];
    let turns = prop::collection::vec((moment, limit, pieces), 1..8);
    (
        (0..TRIGGERS, 0..3_usize, missed, within),
        (prop::sample::select(vec![0_u64, 1, 1800]), 1..3_usize, gone),
        (
            prop::collection::vec(span(), 0..3),
            prop::collection::vec(freeze, 0..2),
        ),
        prop::option::weighted(0.3, (0..24_i8, 0..24_i8, any::<bool>())),
        turns,
        // Clocks are set back now and then; otherwise time goes on.
        prop::bool::weighted(0.8),
    )
        .prop_map(
            |(
                (trigger, zone, missed, within),
                (spread, tenants, removed),
                (pauses, freezes),
                nights,
                mut turns,
                on,
            )| {
                if on {
                    turns.sort_unstable_by_key(|turn| turn.0);
                }
                History {
                    trigger,
                    zone,
                    missed,
                    within,
                    spread,
                    tenants,
                    removed,
                    pauses,
                    freezes,
                    nights,
                    turns,
                }
            },
        )
}

const TRIGGERS: usize = 9;

fn trigger(number: usize) -> Trigger {
    let every = |text| Trigger::Every(Every::parse(text).unwrap());
    match number {
        0 => every("20s"),
        1 => every("1m"),
        2 => every("15m"),
        3 => every("7h"),
        4 => cron("0,30 1 * * *", DstGap::Next, DstOverlap::Both),
        5 => cron("*/10 0-3 * * *", DstGap::Next, DstOverlap::First),
        6 => cron("0 3 * * *", DstGap::Skip, DstOverlap::Second),
        7 => Trigger::At(at(START) + SignedDuration::from_hours(30)),
        _ => every("1d"),
    }
}

fn moment(seconds: i64) -> Timestamp {
    at(START) + SignedDuration::from_secs(seconds)
}

impl History {
    fn schedule(&self) -> Schedule {
        let mut periods: Vec<Period> = Vec::new();
        for (from, length) in &self.freezes {
            let (from, to) = (moment(*from), moment(from + length));
            periods.push(Period::Between {
                from,
                to,
                name: "freeze".into(),
            });
        }
        if let Some((from, to, every_day)) = self.nights {
            let weekend = [Weekday::Saturday, Weekday::Sunday];
            let weekend = weekend
                .into_iter()
                .fold(Weekdays::default(), Weekdays::with);
            let weekdays = if every_day { Weekdays::ALL } else { weekend };
            let (from, to) = (time(from, 0, 0, 0), time(to, 0, 0, 0));
            periods.push(Period::Hours {
                weekdays,
                from,
                to,
                name: "nights".into(),
            });
        }
        Schedule {
            name: ScheduleName::new("one").unwrap(),
            plugin: PluginName::new("p").unwrap(),
            trigger: trigger(self.trigger),
            zone: zone(["UTC", "America/New_York", "-03:00"][self.zone]),
            tenants: (0..self.tenants)
                .map(|number| TenantName::new(&format!("t{number}")).unwrap())
                .collect(),
            spread: Duration::from_secs(self.spread),
            blackout: Blackout {
                periods: periods.into(),
            },
            priority: Priority::Normal,
            account: None,
            overlap: Overlap::Skip,
            missed: self.missed,
            missed_within: Duration::from_secs(self.within.unsigned_abs()),
            timeout: defaults::TIMEOUT,
            retry: RetryPolicy::default(),
            role: None,
            snapshots: Default::default(),
            config: "{}".into(),
            grants: Grants::default().into(),
            memory: defaults::MEMORY,
            enabled: true,
        }
    }

    fn pauses(&self) -> Vec<Pause> {
        let pause = |(from, length): &(i64, i64)| Pause {
            from: moment(*from),
            until: (*length > 0).then(|| moment(from + length)),
            person: "ana".into(),
            reason: "migration".into(),
        };
        self.pauses.iter().map(pause).collect()
    }

    /// Whether somebody has paused the schedule at a moment, read from the history itself.
    fn is_paused(&self, at: Timestamp) -> bool {
        self.pauses.iter().any(|(from, length)| {
            moment(*from) <= at && (*length == 0 || at < moment(from + length))
        })
    }

    /// Whether a moment lies in a blackout, hour by hour.
    fn is_black(&self, at: Timestamp, schedule: &Schedule) -> bool {
        let frozen =
            |(from, length): &(i64, i64)| moment(*from) <= at && at < moment(from + length);
        let civil = schedule.zone.time_zone().to_datetime(at);
        let in_the_night = self.nights.is_some_and(|(from, to, every_day)| {
            let begins_on =
                |day: Weekday| every_day || matches!(day, Weekday::Saturday | Weekday::Sunday);
            // The hours of the night by number from the midnight before it; those from 24 on are the next day's.
            let end = if from < to { to } else { to + 24 };
            let night = from..end;
            let today = night.contains(&civil.hour()) && begins_on(civil.weekday());
            let yesterday = civil.weekday().previous();
            today || (night.contains(&(civil.hour() + 24)) && begins_on(yesterday))
        });
        self.freezes.iter().any(frozen) || in_the_night
    }

    /// What is to become of every due time that waits at a moment; `None`: it runs.
    fn expected(
        &self,
        schedule: &Schedule,
        after: Timestamp,
        now: Timestamp,
    ) -> Vec<(Timestamp, Option<Outcome>)> {
        let waiting = due_between(&schedule.trigger, &schedule.zone, after, now);
        let waiting: Vec<Timestamp> = waiting.map(|due| due.at).collect();
        let age = |due: Timestamp| now.duration_since(due);
        let in_time = |due| age(due) <= SignedDuration::from_secs(IN_TIME);
        let within = |due| age(due) <= SignedDuration::from_secs(self.within);
        let free = |due: &Timestamp| !self.is_paused(*due) && !self.is_black(*due, schedule);
        let could: Vec<Timestamp> = waiting.iter().copied().filter(free).collect();
        let last_of = |count: usize| {
            could
                .iter()
                .copied()
                .skip(could.len().saturating_sub(count))
        };
        let mut runs: Vec<Timestamp> = match self.missed {
            Missed::Latest => last_of(1)
                .filter(|due| in_time(*due) || within(*due))
                .collect(),
            Missed::All => last_of(CATCH_UP)
                .filter(|due| in_time(*due) || within(*due))
                .collect(),
            Missed::None => last_of(1).filter(|due| in_time(*due)).collect(),
        };
        runs.retain(|due| !self.removed && (in_time(*due) || !self.is_paused(now)));
        let becomes = |due: &Timestamp| match () {
            () if self.is_paused(*due) => Some(Outcome::Paused),
            () if self.removed => Some(Outcome::Missed),
            () if self.is_black(*due, schedule) => Some(Outcome::SkippedBlackout),
            () if runs.contains(due) => None,
            () => Some(Outcome::Missed),
        };
        waiting.iter().map(|due| (*due, becomes(due))).collect()
    }
}

/// The due times of what was planned, each with what becomes of it; the same for every tenant.
fn by_due(planned: &[Planned], schedule: &Schedule) -> Vec<(Timestamp, Option<Outcome>)> {
    let mut all = Vec::new();
    for group in planned.chunks(schedule.tenants.len()) {
        let tenants: Vec<&TenantName> = group.iter().map(|one| &one.tenant).collect();
        assert_eq!(tenants, schedule.tenants.iter().collect::<Vec<_>>());
        let first = &group[0];
        assert!(
            group
                .iter()
                .all(|one| one.due == first.due && one.ends == first.ends)
        );
        let reason = first.ends.as_ref().map(|(_, reason)| reason);
        assert!(reason.is_none_or(|reason| !reason.is_empty()));
        all.push((first.due, first.ends.as_ref().map(|(outcome, _)| *outcome)));
    }
    all
}

fn check(history: &History) {
    let schedule = history.schedule();
    let timetable = Timetable::of(&schedule).unwrap();
    let pauses = history.pauses();
    let policies = Policies {
        schedule: (!history.removed).then_some(&schedule),
        pauses: &pauses,
    };
    let start = moment(-1);
    let (mut after, mut all) = (start, Vec::new());
    for (seconds, limit, pieces) in &history.turns {
        let now = moment(*seconds);
        let whole = history.expected(&schedule, after, now);
        let (at_once, end) = plan(&timetable, policies, after, now, usize::MAX);
        assert_eq!(by_due(&at_once, &schedule), whole, "at {now} after {after}");
        assert_eq!(
            end,
            now.max(after),
            "complete up to now, and never less than before"
        );
        let mut in_pieces = Vec::new();
        // So that no history takes for ever.
        let limit = *limit.max(&(whole.len() / 8));
        let mut left = *pieces;
        while after < now && left > 0 {
            let (piece, until) = plan(&timetable, policies, after, now, limit);
            assert!(
                after < until && until <= now,
                "it goes on, and never beyond now"
            );
            assert!(piece.len() <= limit.saturating_mul(schedule.tenants.len()));
            assert!(piece.iter().all(|one| after < one.due && one.due <= until));
            in_pieces.extend(piece);
            after = until;
            left -= 1;
        }
        // The same as at once, up to where a restart came between.
        assert_eq!(in_pieces, at_once[..in_pieces.len()]);
        if after == now {
            assert_eq!(in_pieces.len(), at_once.len());
        }
        catches_up_as_promised(history, &schedule, &in_pieces, now);
        all.extend(
            by_due(&in_pieces, &schedule)
                .into_iter()
                .map(|(due, _)| due),
        );
    }
    // Each due time once, in order, none left out and none invented.
    let every: Vec<Timestamp> = due_between(&schedule.trigger, &schedule.zone, start, after)
        .map(|due| due.at)
        .collect();
    assert_eq!(all, every);
}

fn catches_up_as_promised(
    history: &History,
    schedule: &Schedule,
    planned: &[Planned],
    now: Timestamp,
) {
    let tenants = schedule.tenants.len();
    let running: Vec<&Planned> = planned.iter().filter(|one| one.ends.is_none()).collect();
    let late = |one: &&&Planned| now.duration_since(one.due).as_secs_f64() > 60.0;
    let caught_up = running.iter().filter(late).count() / tenants;
    let most = match history.missed {
        Missed::Latest => 1,
        Missed::All => CATCH_UP,
        Missed::None => 0,
    };
    assert!(caught_up <= most && running.len() / tenants <= most.max(1));
    if history.is_paused(now) {
        assert_eq!(caught_up, 0, "nothing is caught up during a pause");
        // What was due just before the pause began is asked again when its turn comes, and ends as paused.
        let asked = prevented(schedule, &history.pauses(), now);
        assert!(matches!(asked, Some((Outcome::Paused, _))));
    }
    let within = SignedDuration::from_secs(history.within);
    for one in running {
        let wait = one.not_before.duration_since(one.due);
        let spread = SignedDuration::try_from(schedule.spread).unwrap();
        assert!(!wait.is_negative() && (wait < spread || wait.is_zero()));
        assert_eq!(one.start_by, one.not_before.max(now) + within);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(200), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn planning_in_pieces_with_restarts_agrees_with_the_naive_reading(history in history()) {
        check(&history);
    }
}
