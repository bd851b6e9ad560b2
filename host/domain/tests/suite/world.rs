//! Zones, triggers and chance for the tests.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use jiff::Timestamp;
use strongroom_domain::calendar::{Cron, DstGap, DstOverlap, Zone};
use strongroom_domain::schedule::Trigger;

/// The zones of the promise about time: every kind of change of the clocks there is.
pub(crate) const ZONES: [&str; 24] = [
    "UTC",
    "America/New_York",
    "America/Chicago",
    "America/St_Johns",
    "America/Santiago",
    "America/Havana",
    "America/Asuncion",
    "America/Sao_Paulo",
    "Europe/London",
    "Europe/Berlin",
    "Europe/Lisbon",
    "Africa/Cairo",
    "Africa/Casablanca",
    "Asia/Beirut",
    "Asia/Jerusalem",
    "Asia/Tehran",
    "Asia/Kolkata",
    "Australia/Sydney",
    "Australia/Lord_Howe",
    "Pacific/Auckland",
    "Pacific/Chatham",
    "Pacific/Apia",
    "Antarctica/Troll",
    "America/Nuuk",
];

pub(crate) fn zone(name: &str) -> Zone {
    Zone::parse(name).unwrap()
}

pub(crate) fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub(crate) fn cron(text: &str, gap: DstGap, overlap: DstOverlap) -> Trigger {
    Trigger::Cron {
        cron: Cron::parse(text).unwrap().into(),
        gap,
        overlap,
    }
}

/// The instants at which a zone's offset changes.
pub(crate) fn changes(zone: &Zone, from: &str, to: &str) -> Vec<i64> {
    let (tz, to) = (zone.time_zone(), at(to));
    let all = tz.following(at(from)).map(|change| change.timestamp());
    let moved = |at: &Timestamp| {
        tz.to_offset(*at) != tz.to_offset(*at - jiff::SignedDuration::from_secs(1))
    };
    all.take_while(|at| *at < to)
        .filter(moved)
        .map(Timestamp::as_second)
        .collect()
}

/// Chance that is the same in every run (SplitMix64).
pub(crate) struct Chance(pub(crate) u64);

impl Chance {
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % bound
    }

    /// A place in something of this length.
    pub(crate) fn index(&mut self, length: usize) -> usize {
        usize::try_from(self.below(u64::try_from(length).unwrap())).unwrap()
    }

    pub(crate) fn between(&mut self, low: i64, high: i64) -> i64 {
        low + i64::try_from(self.below(u64::try_from(high - low).unwrap())).unwrap()
    }

    /// A cron text of five fields with something in each.
    pub(crate) fn cron_text(&mut self) -> String {
        let minute = self.field(0, 59);
        let hour = self.field(0, 23);
        let (day, weekday) = match self.below(4) {
            0 => (self.field(1, 31), "*".to_owned()),
            1 => ("*".to_owned(), self.field(0, 7)),
            2 => (self.field(1, 31), self.field(0, 7)),
            _ => ("*".to_owned(), "*".to_owned()),
        };
        let month = if self.below(3) == 0 {
            self.field(1, 12)
        } else {
            "*".to_owned()
        };
        format!("{minute} {hour} {day} {month} {weekday}")
    }

    fn field(&mut self, min: i64, max: i64) -> String {
        let low = self.between(min, max);
        let high = self.between(low + 1, max + 1);
        match self.below(6) {
            0 => "*".to_owned(),
            1 => format!("*/{}", self.between(1, (max - min).min(15) + 1).min(6)),
            2 => format!("{low}-{high}"),
            3 => format!("{low},{high}"),
            4 if high - low > 2 => format!("{low}-{high}/2"),
            _ => format!("{low}"),
        }
    }
}

/// Whether the long form of the tests is asked for (`cargo xtask soak`).
pub(crate) fn soak() -> bool {
    std::env::var_os("STRONGROOM_SOAK").is_some()
}

/// How many cases a property is tried with: these few, or as many as are asked for.
pub(crate) fn cases(few: u32) -> u32 {
    let asked = std::env::var("PROPTEST_CASES").ok();
    asked.and_then(|text| text.parse().ok()).unwrap_or(few)
}

/// Runs a comparison for each zone, as many at a time as there are processors.
pub(crate) fn in_every_zone(compare: impl Fn(&Zone, &mut Chance) + Sync) {
    let next = AtomicUsize::new(0);
    let threads = thread::available_parallelism().map_or(2, usize::from);
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    let Some(name) = ZONES.get(number) else { break };
                    compare(&zone(name), &mut Chance(u64::try_from(number).unwrap()));
                    if soak() {
                        eprintln!("  {name:<24} {} of {}", number + 1, ZONES.len());
                    }
                }
            });
        }
    });
}
