//! Which due times become occurrences, and which of them end before they begin.
//!
//! One path for a restart, an outage, a pause that ended, an edit, a clock that was set and ordinary running: everything
//! after the watermark up to now is recorded, each due time with what is decided about it here.

use std::collections::VecDeque;
use std::time::Duration;

use jiff::Timestamp;

use crate::calendar::due_between;
use crate::pause::Pause;
use crate::schedule::{Missed, Schedule};
use crate::spread::shift;
use crate::timetable::Timetable;
use crate::{Outcome, TenantName};

/// A due time that is noticed later than this was missed: the loop wakes within milliseconds, so a minute means that
/// the host was down, asleep or far behind.
const LATE: Duration = Duration::from_secs(60);

/// The most missed due times of one schedule that `missed = "all"` runs after one outage: the latest ones.
pub const CATCH_UP: usize = 100;

/// An occurrence to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Planned {
    /// For whom.
    pub tenant: TenantName,
    /// The nominal time.
    pub due: Timestamp,
    /// When it may begin: the due time and the tenant's share of `spread`.
    pub not_before: Timestamp,
    /// When it is too late to begin: it then ends as `missed`.
    pub start_by: Timestamp,
    /// Set when it is not going to run, with the reason.
    pub ends: Option<(Outcome, String)>,
}

/// What a schedule says about due times that are not simply run.
#[derive(Debug, Clone, Copy)]
pub struct Policies<'a> {
    /// The schedule; `None`: it was removed or disabled, so that nothing of its old timetable runs any more.
    pub schedule: Option<&'a Schedule>,
    /// Its pauses, those that are over too.
    pub pauses: &'a [Pause],
}

/// The due times of a timetable after `after` and up to `now`, at most `limit` of them, and the time up to which they
/// are complete: the next `after`, which is never less than this one, even when the clock was set back.
#[must_use]
pub fn plan(
    timetable: &Timetable,
    policies: Policies<'_>,
    after: Timestamp,
    now: Timestamp,
    limit: usize,
) -> (Vec<Planned>, Timestamp) {
    // A clock that was set back must not make a due time come again.
    let complete = now.max(after);
    let mut dues = due_between(&timetable.trigger, &timetable.zone, after, now)
        .map(|due| due.at)
        .peekable();
    if dues.peek().is_none() {
        return (Vec::new(), complete);
    }
    let running = Running::of(timetable, policies, after, now);
    let mut planned = Vec::new();
    let mut until = complete;
    for _ in 0..limit {
        let Some(due) = dues.next() else { break };
        until = due;
        let ends = ends(policies, &running, due, now);
        for tenant in &timetable.tenants {
            planned.push(one(policies.schedule, tenant, due, ends.clone(), now));
        }
    }
    if dues.peek().is_none() {
        until = complete;
    }
    (planned, until)
}

fn ends(
    policies: Policies<'_>,
    running: &Running,
    due: Timestamp,
    now: Timestamp,
) -> Option<(Outcome, String)> {
    if let Some(paused) = paused(policies.pauses, due) {
        return Some(paused);
    }
    let missed = |why: String| (Outcome::Missed, why);
    let Some(schedule) = policies.schedule else {
        let why =
            "the host was not running then, and the schedule has been removed or disabled since";
        return Some(missed(why.to_owned()));
    };
    prevented(schedule, policies.pauses, due)
        .or_else(|| running.missed(schedule, due, now).map(missed))
}

fn one(
    schedule: Option<&Schedule>,
    tenant: &TenantName,
    due: Timestamp,
    ends: Option<(Outcome, String)>,
    now: Timestamp,
) -> Planned {
    let later = |at: Timestamp, by: Duration| at.checked_add(by).unwrap_or(Timestamp::MAX);
    let (wait, within) = schedule.map_or((Duration::ZERO, Duration::ZERO), |schedule| {
        let wait = shift(&schedule.name, tenant, schedule.spread);
        (wait, schedule.missed_within)
    });
    let not_before = later(due, wait);
    Planned {
        tenant: tenant.clone(),
        due,
        not_before,
        start_by: later(not_before.max(now), within),
        ends,
    }
}

/// Why nothing of a schedule begins at a moment: a pause or a blackout; `None`: it may.
///
/// It is asked of the due time when an occurrence is written, and of the present moment when its turn has come: it may
/// have waited (`spread`, a queue, a run that is caught up) until it fell into one.
#[must_use]
pub fn prevented(
    schedule: &Schedule,
    pauses: &[Pause],
    at: Timestamp,
) -> Option<(Outcome, String)> {
    if let Some(paused) = paused(pauses, at) {
        return Some(paused);
    }
    let name = schedule.blackout.covers(at, &schedule.zone)?;
    let reason = format!("nothing begins during the blackout `{name}`");
    Some((Outcome::SkippedBlackout, reason))
}

fn paused(pauses: &[Pause], at: Timestamp) -> Option<(Outcome, String)> {
    let pause = pauses.iter().find(|pause| pause.covers(at))?;
    Some((Outcome::Paused, pause.explain()))
}

/// Which due times up to now may still run.
struct Running {
    /// The latest ones that nothing prevents, at most as many as may run; all of them within `missed-within`.
    last: VecDeque<Timestamp>,
    /// Set: the schedule is paused at this moment, and nothing begins.
    paused: bool,
}

impl Running {
    fn of(timetable: &Timetable, policies: Policies<'_>, after: Timestamp, now: Timestamp) -> Self {
        let mut last = VecDeque::new();
        let Some(schedule) = policies.schedule else {
            return Self {
                last,
                paused: false,
            };
        };
        let most = if schedule.missed == Missed::All {
            CATCH_UP
        } else {
            1
        };
        let oldest = now
            .checked_sub(schedule.missed_within.max(LATE))
            .unwrap_or(Timestamp::MIN);
        // Not a moment too late: the oldest itself is still within.
        let from = oldest
            .checked_sub(Duration::from_nanos(1))
            .unwrap_or(oldest)
            .max(after);
        for due in due_between(&timetable.trigger, &timetable.zone, from, now) {
            if prevented(schedule, policies.pauses, due.at).is_none() {
                last.push_back(due.at);
                if last.len() > most {
                    last.pop_front();
                }
            }
        }
        let paused = policies.pauses.iter().any(|pause| pause.covers(now));
        Self { last, paused }
    }

    /// Why a due time that nothing prevented is not run.
    fn missed(&self, schedule: &Schedule, due: Timestamp, now: Timestamp) -> Option<String> {
        const DOWN: &str = "the host was not running then";
        const TOO_LONG_AGO: &str = "it is longer ago than `missed-within`";
        let late = Duration::try_from(now.duration_since(due)).unwrap_or_default();
        let caught_up = self.last.contains(&due);
        if caught_up && late <= LATE {
            return None;
        }
        let later = self.last.back().filter(|later| **later > due);
        Some(match (schedule.missed, later) {
            (_, None) if !caught_up => format!("{DOWN}, and {TOO_LONG_AGO}"),
            _ if self.paused => format!("{DOWN}, and the schedule is paused now"),
            (Missed::None, _) => format!("{DOWN}, and `missed = \"none\"`"),
            _ if caught_up => return None,
            (Missed::Latest, Some(later)) => format!("{DOWN}; the due time {later} took its place"),
            (Missed::All, Some(_)) if late <= schedule.missed_within => {
                format!("{DOWN}; only the latest {CATCH_UP} are caught up")
            }
            _ => format!("{DOWN}, and {TOO_LONG_AGO}"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::blackout::{Blackout, Period, Weekdays};
    use crate::calendar::{Every, Zone};
    use crate::grants::Grants;
    use crate::retry::RetryPolicy;
    use crate::schedule::{Overlap, Priority, Trigger, defaults};
    use crate::{PluginName, ScheduleName};

    fn hourly(missed: Missed) -> Schedule {
        Schedule {
            name: ScheduleName::new("hourly").unwrap(),
            plugin: PluginName::new("p").unwrap(),
            trigger: Trigger::Every(Every::parse("1h").unwrap()),
            zone: Zone::parse("UTC").unwrap(),
            tenants: vec![TenantName::new("acme").unwrap()],
            spread: Duration::ZERO,
            blackout: Blackout::default(),
            priority: Priority::Normal,
            account: None,
            overlap: Overlap::Skip,
            missed,
            missed_within: Duration::from_secs(12 * 3600),
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

    fn hour(hours: i64) -> Timestamp {
        Timestamp::from_second(hours * 3600).unwrap()
    }

    fn planned(
        schedule: &Schedule,
        pauses: &[Pause],
        after: Timestamp,
        now: Timestamp,
        limit: usize,
    ) -> (Vec<Planned>, Timestamp) {
        let policies = Policies {
            schedule: Some(schedule),
            pauses,
        };
        plan(
            &Timetable::of(schedule).unwrap(),
            policies,
            after,
            now,
            limit,
        )
    }

    fn outcomes(schedule: &Schedule, after: i64, now: Timestamp) -> Vec<bool> {
        planned(schedule, &[], hour(after), now, 100)
            .0
            .iter()
            .map(|planned| planned.ends.is_none())
            .collect()
    }

    fn words(
        schedule: &Schedule,
        pauses: &[Pause],
        after: i64,
        now: Timestamp,
    ) -> Vec<&'static str> {
        planned(schedule, pauses, hour(after), now, 100)
            .0
            .iter()
            .map(|planned| {
                planned
                    .ends
                    .as_ref()
                    .map_or("runs", |(outcome, _)| outcome.as_str())
            })
            .collect()
    }

    fn pause(from: i64, until: Option<i64>) -> Pause {
        Pause {
            from: hour(from),
            until: until.map(hour),
            person: "ana".into(),
            reason: "migration".into(),
        }
    }

    #[test]
    fn after_an_outage_only_the_latest_runs_and_every_due_time_is_recorded() {
        assert_eq!(
            outcomes(&hourly(Missed::Latest), 0, hour(4)),
            [false, false, false, true]
        );
    }

    #[test]
    fn nothing_missed_runs_where_none_is_wanted() {
        let now = hour(4).checked_add(Duration::from_secs(1800)).unwrap();
        assert_eq!(outcomes(&hourly(Missed::None), 0, now), [false; 4]);
        assert_eq!(
            outcomes(&hourly(Missed::Latest), 0, now),
            [false, false, false, true]
        );
    }

    #[test]
    fn what_is_too_old_is_missed() {
        let mut schedule = hourly(Missed::Latest);
        schedule.missed_within = Duration::from_secs(600);
        let now = hour(4).checked_add(Duration::from_secs(1800)).unwrap();
        assert_eq!(outcomes(&schedule, 0, now), [false; 4]);
    }

    #[test]
    fn a_long_outage_is_planned_in_pieces_without_a_hole() {
        let schedule = hourly(Missed::Latest);
        let (mut after, mut dues) = (hour(0), Vec::new());
        while after < hour(1000) {
            let (found, until) = planned(&schedule, &[], after, hour(1000), 64);
            dues.extend(
                found
                    .into_iter()
                    .map(|planned| (planned.due, planned.ends.is_none())),
            );
            after = until;
        }
        assert_eq!(dues.len(), 1000);
        assert_eq!(dues.iter().filter(|(_, runs)| *runs).count(), 1);
        assert_eq!(dues.last(), Some(&(hour(1000), true)));
    }

    #[test]
    fn all_runs_each_one_within_its_time_and_the_latest_hundred() {
        let mut schedule = hourly(Missed::All);
        let now = hour(4).checked_add(Duration::from_secs(1800)).unwrap();
        assert_eq!(outcomes(&schedule, 0, now), [true; 4]);
        schedule.missed_within = Duration::from_secs(2 * 3600);
        assert_eq!(outcomes(&schedule, 0, now), [false, false, true, true]);
        schedule.missed_within = Duration::from_secs(366 * 86_400);
        let found = planned(&schedule, &[], hour(0), hour(300), 1000).0;
        let runs: Vec<bool> = found.iter().map(|one| one.ends.is_none()).collect();
        assert_eq!(runs.iter().filter(|runs| **runs).count(), CATCH_UP);
        assert!(runs[200..].iter().all(|runs| *runs));
    }

    #[test]
    fn a_due_time_in_a_pause_is_paused_and_is_not_caught_up() {
        let schedule = hourly(Missed::Latest);
        let now = hour(4).checked_add(Duration::from_secs(1800)).unwrap();
        // Over by now: what was due before it may still run, what was due in it may not.
        assert_eq!(
            words(&schedule, &[pause(3, Some(5))], 0, now),
            ["missed", "missed", "paused", "paused"]
        );
        let over = [pause(3, Some(4))];
        assert_eq!(
            words(&schedule, &over, 0, now),
            ["missed", "missed", "paused", "runs"]
        );
        let over = [Pause {
            until: Some(now),
            ..pause(3, None)
        }];
        assert_eq!(
            words(&schedule, &over, 0, now),
            ["missed", "runs", "paused", "paused"]
        );
    }

    #[test]
    fn a_due_time_in_a_blackout_is_skipped_and_the_one_before_it_is_caught_up() {
        let mut schedule = hourly(Missed::Latest);
        let hours = |from: i8, to: i8| Period::Hours {
            weekdays: Weekdays::ALL,
            from: jiff::civil::time(from, 0, 0, 0),
            to: jiff::civil::time(to, 0, 0, 0),
            name: "nights".into(),
        };
        schedule.blackout.periods = vec![hours(3, 4)].into();
        assert_eq!(
            words(&schedule, &[], 0, hour(4)),
            ["missed", "missed", "skipped-blackout", "runs"]
        );
        // What is caught up begins now: when its turn comes, it is asked again.
        let now = hour(6).checked_add(Duration::from_secs(600)).unwrap();
        schedule.blackout.periods = vec![hours(4, 7)].into();
        assert_eq!(
            words(&schedule, &[], 2, now),
            [
                "runs",
                "skipped-blackout",
                "skipped-blackout",
                "skipped-blackout"
            ]
        );
        assert!(prevented(&schedule, &[], now).is_some());
    }

    #[test]
    fn each_tenant_begins_at_its_own_moment() {
        let mut schedule = hourly(Missed::Latest);
        schedule.tenants = (0..20)
            .map(|n| TenantName::new(&format!("t{n}")).unwrap())
            .collect();
        schedule.spread = Duration::from_secs(1800);
        let found = planned(&schedule, &[], hour(0), hour(1), 10).0;
        let moments: std::collections::BTreeSet<Timestamp> =
            found.iter().map(|one| one.not_before).collect();
        assert_eq!(moments.len(), 20);
        assert!(
            moments
                .iter()
                .all(|at| *at >= hour(1) && *at < hour(1).checked_add(schedule.spread).unwrap())
        );
        assert!(found.iter().all(|one| one.due == hour(1)));
    }

    #[test]
    fn nothing_of_a_removed_schedule_runs_but_all_is_recorded() {
        let schedule = hourly(Missed::Latest);
        let policies = Policies {
            schedule: None,
            pauses: &[],
        };
        let found = plan(
            &Timetable::of(&schedule).unwrap(),
            policies,
            hour(0),
            hour(4),
            100,
        )
        .0;
        assert_eq!(found.len(), 4);
        assert!(
            found
                .iter()
                .all(|one| matches!(one.ends, Some((Outcome::Missed, _))))
        );
    }

    #[test]
    fn a_timetable_is_kept_as_text() {
        let schedule = hourly(Missed::Latest);
        let timetable = Timetable::of(&schedule).unwrap();
        let read = Timetable::from_text(&timetable.to_text()).unwrap();
        assert_eq!(read.to_text(), timetable.to_text());
        let mut other = schedule.clone();
        other.timeout = Duration::from_secs(1);
        assert!(Timetable::is_same(&schedule, &other));
        other.tenants.push(TenantName::new("globex").unwrap());
        assert!(!Timetable::is_same(&schedule, &other));
        let mut disabled = schedule;
        disabled.enabled = false;
        assert!(Timetable::of(&disabled).is_none());
    }
}
