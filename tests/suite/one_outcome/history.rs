//! What may happen to a host in some days, and which due times that makes.

use std::collections::BTreeMap;

use jiff::Timestamp;
use proptest::prelude::*;
use strongroom_config::{SourceFile, parse};
use strongroom_domain::calendar::due_between;
use strongroom_domain::schedule::Schedule;

/// Schedules that are edited.
pub(super) const SCHEDULES: usize = 3;
/// Two hours before clocks go forward in New York.
pub(super) const START: Timestamp = Timestamp::constant(1_772_946_000, 0);

const TRIGGERS: [(&str, &str); 6] = [
    ("every 7m", "UTC"),
    ("*/15 * * * *", "America/New_York"),
    ("every 1h", "-03:00"),
    ("30 2 * * *", "America/New_York"),
    ("0,20,50 * * * *", "Australia/Lord_Howe"),
    ("5 */3 * * *", "Asia/Kolkata"),
];
const TENANTS: [&[&str]; 3] = [&["acme"], &["acme", "globex"], &["globex", "initech"]];

/// A schedule as an operator may have written it.
#[derive(Debug, Clone)]
pub(super) struct Variant {
    trigger: usize,
    tenants: usize,
    overlap: &'static str,
    missed: &'static str,
    missed_within: u32,
    spread: &'static str,
}

impl Variant {
    /// One with the usual policies.
    pub(super) fn quick(trigger: usize) -> Self {
        Self {
            trigger,
            tenants: 1,
            overlap: "skip",
            missed: "latest",
            missed_within: 60,
            spread: "",
        }
    }

    pub(super) fn schedule(&self, index: usize) -> Schedule {
        let (when, zone) = TRIGGERS[self.trigger];
        let when = match when.strip_prefix("every ") {
            Some(every) => format!("every = \"{every}\""),
            None => format!("cron = \"{when}\""),
        };
        let Self {
            overlap,
            missed,
            missed_within,
            spread,
            ..
        } = self;
        let priority = ["high", "normal", "low"][index % 3];
        let text = format!(
            "[[schedule]]\nname = \"schedule-{index}\"\nplugin = \"replies\"\n{when}\ntimezone = \"{zone}\"\n\
             tenants = {:?}\noverlap = \"{overlap}\"\nmissed = \"{missed}\"\nmissed-within = \"{missed_within}m\"\n\
             priority = \"{priority}\"\ntimeout = \"90m\"\n{spread}\n",
            TENANTS[self.tenants]
        );
        let file = SourceFile {
            path: "schedules.toml".into(),
            folder: "/".into(),
            text,
        };
        let set = parse(vec![file], START)
            .unwrap_or_else(|problems| panic!("{}", problems.render(false)));
        Schedule::clone(&set.schedules[0].schedule)
    }
}

fn variant() -> impl Strategy<Value = Variant> {
    let policies = [
        ("skip", "latest"),
        ("queue", "latest"),
        ("replace", "latest"),
        ("allow", "latest"),
        ("queue", "all"),
        ("allow", "all"),
        ("skip", "none"),
        ("replace", "none"),
    ];
    let minutes = prop::sample::select(vec![1_u32, 30, 300, 3000]);
    let spread = prop::sample::select(vec!["", "", "spread = \"3m\""]);
    (
        0..TRIGGERS.len(),
        0..TENANTS.len(),
        prop::sample::select(policies.to_vec()),
        minutes,
        spread,
    )
        .prop_map(
            |(trigger, tenants, (overlap, missed), missed_within, spread)| Variant {
                trigger,
                tenants,
                overlap,
                missed,
                missed_within,
                spread,
            },
        )
}

/// Something that happens.
#[derive(Debug, Clone)]
pub(super) enum Step {
    /// Minutes pass.
    Pass(u64),
    /// The host is killed and started again later; meanwhile a file may be edited.
    Down {
        /// How long.
        minutes: u64,
        /// Which schedule, and what it becomes.
        edit: Option<(usize, Option<Variant>)>,
    },
    /// A file is edited while the host runs; `None`: the schedule is removed.
    Edit {
        /// Which.
        schedule: usize,
        /// What it becomes.
        to: Option<Variant>,
    },
    /// A person pauses a schedule.
    Pause(usize),
    /// A person ends a pause.
    Resume(usize),
}

/// Some dozens of things over a few days.
pub(super) fn histories() -> impl Strategy<Value = Vec<Step>> {
    let edit = || (0..SCHEDULES, prop::option::weighted(0.85, variant()));
    let step = prop_oneof![
        6 => (1_u64..400).prop_map(Step::Pass),
        2 => (1_u64..900, prop::option::of(edit())).prop_map(|(minutes, edit)| Step::Down { minutes, edit }),
        3 => edit().prop_map(|(schedule, to)| Step::Edit { schedule, to }),
        1 => (0..SCHEDULES).prop_map(Step::Pause),
        1 => (0..SCHEDULES).prop_map(Step::Resume),
    ];
    let first = (variant(), variant()).prop_map(|(one, two)| {
        vec![
            Step::Edit {
                schedule: 0,
                to: Some(one),
            },
            Step::Edit {
                schedule: 1,
                to: Some(two),
            },
        ]
    });
    (first, prop::collection::vec(step, 4..20)).prop_map(|(mut first, rest)| {
        first.extend(rest);
        first
    })
}

/// Which timetables were in force when: from the words of the documentation, and nothing of the engine's.
#[derive(Default)]
pub(super) struct Expected {
    in_force: BTreeMap<usize, (Variant, Timestamp)>,
    dues: BTreeMap<(String, String, Timestamp), bool>,
    paused: BTreeMap<usize, Timestamp>,
    pauses: Vec<(usize, Timestamp, Timestamp)>,
}

impl Expected {
    /// From now on a schedule is what the file says; up to now it was what it was.
    pub(super) fn edited(&mut self, schedule: usize, to: Option<&Variant>, now: Timestamp) {
        self.settle(schedule, now);
        match to {
            Some(variant) => self.in_force.insert(schedule, (variant.clone(), now)),
            None => self.in_force.remove(&schedule),
        };
    }

    fn settle(&mut self, schedule: usize, now: Timestamp) {
        let Some((variant, since)) = self.in_force.get_mut(&schedule) else {
            return;
        };
        let meant = variant.schedule(schedule);
        for due in due_between(&meant.trigger, &meant.zone, *since, now) {
            for tenant in &meant.tenants {
                let key = (meant.name.to_string(), tenant.to_string(), due.at);
                assert!(self.dues.insert(key, false).is_none());
            }
        }
        *since = now;
    }

    /// A schedule is paused; false: it was already.
    pub(super) fn pause(&mut self, schedule: usize, now: Timestamp) -> bool {
        let new = !self.paused.contains_key(&schedule);
        self.paused.entry(schedule).or_insert(now);
        new
    }

    /// A pause ends; false: there was none.
    pub(super) fn resume(&mut self, schedule: usize, now: Timestamp) -> bool {
        match self.paused.remove(&schedule) {
            Some(from) => {
                self.pauses.push((schedule, from, now));
                true
            }
            None => false,
        }
    }

    /// Every due time up to the end, and whether it lies in a pause.
    pub(super) fn finish(mut self, end: Timestamp) -> BTreeMap<(String, String, Timestamp), bool> {
        for schedule in 0..SCHEDULES {
            self.settle(schedule, end);
            self.resume(schedule, Timestamp::MAX);
        }
        for ((name, _, due), paused) in &mut self.dues {
            let schedule = name
                .strip_prefix("schedule-")
                .unwrap()
                .parse::<usize>()
                .unwrap();
            // At the very moment at which it begins, either may come first.
            let lies_in = |(of, from, until): &(usize, Timestamp, Timestamp)| {
                *of == schedule && from < due && due < until
            };
            *paused = self.pauses.iter().any(lies_in);
        }
        self.dues
    }
}
