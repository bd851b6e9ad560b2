//! What the schedules of a set have alike, kept once: memory for a million, and what costs time is worked out once.
//!
//! Owns: cron texts, zones, names of tenants and plugins, configurations, grants, retentions and blackouts that are equal,
//! and how far apart the due times of a trigger lie.
//! Never: what a value means.
//! Read next: `resolved`.

use std::collections::{HashMap, HashSet};
use std::hash::Hash;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use strongroom_domain::blackout::Period;
use strongroom_domain::calendar::{
    Cron, CronError, DstGap, DstOverlap, Zone, ZoneError, due_between,
};
use strongroom_domain::grants::Grants;
use strongroom_domain::retention::Retention;
use strongroom_domain::schedule::{SnapshotSettings, Trigger};
use strongroom_domain::{PluginName, TenantName};

/// Due times looked at for the distances between them: a quarter of a year of daily runs.
const DUE_TIMES: usize = 90;
/// The due times of this year stand for all: what is warned of must not change with the day it is looked at.
const FROM: Timestamp = Timestamp::constant(1_767_225_600, 0);
/// How far the due times are looked for.
const AHEAD_HOURS: i64 = 20 * 366 * 24;

/// The distances between some due times of a trigger.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Distances {
    /// The shortest; `None`: there are no two.
    pub(crate) shortest: Option<Duration>,
    /// The two with the longest distance.
    pub(crate) longest: Option<(Timestamp, Timestamp)>,
}

/// The texts that make a trigger's due times.
type Rhythm = (String, Option<(DstGap, DstOverlap)>, String);
/// Rules that are kept, with the longest distances they were compared with, and whether these are too long.
type Compared = HashMap<(Timestamp, Timestamp, String), Option<Duration>>;

/// What is kept once.
#[derive(Default)]
pub(crate) struct Interner {
    crons: HashMap<String, Arc<Cron>>,
    zones: HashMap<String, Zone>,
    tenants: HashSet<TenantName>,
    plugins: HashSet<PluginName>,
    texts: HashSet<Arc<str>>,
    grants: HashSet<Arc<Grants>>,
    snapshots: HashSet<Arc<SnapshotSettings>>,
    blackouts: HashSet<Arc<[Period]>>,
    retentions: HashMap<Arc<Retention>, Compared>,
    distances: HashMap<Rhythm, Distances>,
}

impl Interner {
    pub(crate) fn cron(&mut self, text: &str) -> Result<Arc<Cron>, CronError> {
        if let Some(cron) = self.crons.get(text) {
            return Ok(Arc::clone(cron));
        }
        let cron = Arc::new(Cron::parse(text)?);
        self.crons.insert(text.to_owned(), Arc::clone(&cron));
        Ok(cron)
    }

    pub(crate) fn zone(&mut self, text: &str) -> Result<Zone, ZoneError> {
        if let Some(zone) = self.zones.get(text) {
            return Ok(zone.clone());
        }
        let zone = Zone::parse(text)?;
        self.zones.insert(text.to_owned(), zone.clone());
        Ok(zone)
    }

    pub(crate) fn tenant(&mut self, name: TenantName) -> TenantName {
        once(&mut self.tenants, name)
    }

    pub(crate) fn plugin(&mut self, name: PluginName) -> PluginName {
        once(&mut self.plugins, name)
    }

    /// A text: a plugin's configuration.
    pub(crate) fn text(&mut self, text: &str) -> Arc<str> {
        if let Some(known) = self.texts.get(text) {
            return Arc::clone(known);
        }
        once(&mut self.texts, text.into())
    }

    pub(crate) fn grants(&mut self, grants: Grants) -> Arc<Grants> {
        if let Some(known) = self.grants.get(&grants) {
            return Arc::clone(known);
        }
        once(&mut self.grants, Arc::new(grants))
    }

    pub(crate) fn snapshots(&mut self, settings: SnapshotSettings) -> Arc<SnapshotSettings> {
        if let Some(known) = self.snapshots.get(&settings) {
            return Arc::clone(known);
        }
        once(&mut self.snapshots, Arc::new(settings))
    }

    pub(crate) fn blackout(&mut self, periods: Vec<Period>) -> Arc<[Period]> {
        if periods.is_empty() {
            return Arc::default();
        }
        if let Some(known) = self.blackouts.get(periods.as_slice()) {
            return Arc::clone(known);
        }
        once(&mut self.blackouts, periods.into())
    }

    pub(crate) fn retention(&mut self, retention: Retention) -> Arc<Retention> {
        if let Some((known, _)) = self.retentions.get_key_value(&retention) {
            return Arc::clone(known);
        }
        let new = Arc::new(retention);
        self.retentions.insert(Arc::clone(&new), Compared::new());
        new
    }

    /// What `look` finds about a retention and the two due times that lie furthest apart in a zone.
    pub(crate) fn compared(
        &mut self,
        retention: &Retention,
        (one, next): (Timestamp, Timestamp),
        zone: &Zone,
        look: impl FnOnce() -> Option<Duration>,
    ) -> Option<Duration> {
        match self.retentions.get_mut(retention) {
            Some(known) => *known
                .entry((one, next, zone.as_str().to_owned()))
                .or_insert_with(look),
            None => look(),
        }
    }

    /// How far apart the first due times from a fixed day on are.
    pub(crate) fn distances(&mut self, trigger: &Trigger, zone: &Zone) -> Distances {
        let rhythm = match trigger {
            Trigger::Cron { cron, gap, overlap } => {
                (cron.as_str().to_owned(), Some((*gap, *overlap)))
            }
            Trigger::Every(every) => (every.as_str().to_owned(), None),
            Trigger::At(_) | Trigger::Event(_) | Trigger::After(_) => return Distances::default(),
        };
        *self
            .distances
            .entry((rhythm.0, rhythm.1, zone.as_str().to_owned()))
            .or_insert_with(|| distances(trigger, zone))
    }
}

/// The one that is equal and was there first.
fn once<T: Clone + Eq + Hash>(known: &mut HashSet<T>, new: T) -> T {
    if let Some(first) = known.get(&new) {
        return first.clone();
    }
    known.insert(new.clone());
    new
}

fn distances(trigger: &Trigger, zone: &Zone) -> Distances {
    let until = FROM
        .checked_add(SignedDuration::from_hours(AHEAD_HOURS))
        .unwrap_or(FROM);
    let dues: Vec<Timestamp> = due_between(trigger, zone, FROM, until)
        .take(DUE_TIMES)
        .map(|due| due.at)
        .collect();
    let pairs = || dues.iter().copied().zip(dues.iter().copied().skip(1));
    Distances {
        shortest: pairs()
            .filter_map(|(one, next)| next.duration_since(one).try_into().ok())
            .min(),
        longest: pairs().max_by_key(|(one, next)| next.duration_since(*one)),
    }
}
