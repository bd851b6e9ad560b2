//! What needs attention, from the record alone.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use strongroom_domain::pause::Pause;
use strongroom_domain::{Outcome, ScheduleName, json_time};
use strongroom_ledger::{Notice, OccurrenceFilter, OpenMode, ShelfAge, running_host};
use strongroom_orchestrator::{Clock, SystemClock};

use crate::occurrences::{Occurrence, read};
use crate::staleness;
use crate::{Error, Installation};

/// How far back outcomes are told.
const BACK: SignedDuration = SignedDuration::from_hours(24);

/// What needs attention, what goes on, and what ended in the last 24 hours.
#[derive(Debug)]
pub struct Status {
    /// As of when.
    pub now: Timestamp,
    /// The host that runs, by its process if that is known; `None`: none runs.
    pub host: Option<Option<u32>>,
    /// Standing notices.
    pub notices: Vec<Notice>,
    /// Shelves whose newest good snapshot is too old.
    pub too_old: Vec<ShelfAge>,
    /// Pauses in force.
    pub paused: Vec<(ScheduleName, Pause)>,
    /// Everything that has not ended.
    pub unfinished: Vec<Occurrence>,
    /// How often each outcome was.
    pub ended: BTreeMap<Outcome, usize>,
    /// What did not end well.
    pub alerts: Vec<Occurrence>,
    /// How often each outcome of a shadow was: no promise was kept or broken.
    pub rehearsed: BTreeMap<Outcome, usize>,
    /// What did not end well of shadows.
    pub shadow_alerts: Vec<Occurrence>,
}

as_json!(Status, |status| {
    let notices = status.notices.iter().map(
        |one| json!({ "name": one.name, "since": json_time::text(one.since), "text": one.text }),
    );
    let too_old = status.too_old.iter();
    let too_old = too_old.map(|shelf| staleness::value(shelf, status.now));
    let paused = status.paused.iter();
    let paused = paused.map(|(name, pause)| json!({ "schedule": name, "pause": pause }));
    json!({
        "host": status.host.map(|pid| json!({ "pid": pid })), "notices": notices.collect::<Vec<_>>(),
        "too_old": too_old.collect::<Vec<_>>(), "paused": paused.collect::<Vec<_>>(),
        "unfinished": status.unfinished, "ended_last_24h": status.ended, "alerts_last_24h": status.alerts,
        "shadows_last_24h": status.rehearsed, "shadow_alerts_last_24h": status.shadow_alerts,
    })
});

/// Looks at the record as it is now.
pub async fn status(at: &Installation) -> Result<Status, Error> {
    let now = SystemClock.now();
    let ledger = at.ledger(OpenMode::Reader).await?;
    let lately = OccurrenceFilter {
        since: Some(now.checked_sub(BACK).unwrap_or(now)),
        ..OccurrenceFilter::default()
    };
    let unfinished = OccurrenceFilter {
        unfinished: true,
        ..OccurrenceFilter::default()
    };
    let rows = read(ledger.as_ref(), lately).await?;
    let (shadows, rows): (Vec<_>, Vec<_>) =
        rows.into_iter().partition(|row| row.shadow_of.is_some());
    // Asked of the record and the time: nobody needs to have told.
    let mut too_old = ledger.ages().await?;
    too_old.retain(|shelf| shelf.age.is_too_old(now));
    let pauses = ledger.pauses(now).await?;
    Ok(Status {
        now,
        host: running_host(&at.state),
        notices: ledger.notices().await?,
        too_old,
        paused: pauses
            .into_iter()
            .flat_map(|(name, list)| list.into_iter().map(move |pause| (name.clone(), pause)))
            .filter(|(_, pause)| pause.covers(now))
            .collect(),
        unfinished: read(ledger.as_ref(), unfinished).await?,
        ended: counted(&rows),
        alerts: alerting(rows),
        rehearsed: counted(&shadows),
        shadow_alerts: alerting(shadows),
    })
}

fn counted(rows: &[Occurrence]) -> BTreeMap<Outcome, usize> {
    let mut ended = BTreeMap::new();
    for outcome in rows.iter().filter_map(|row| row.outcome) {
        *ended.entry(outcome).or_default() += 1;
    }
    ended
}

fn alerting(rows: Vec<Occurrence>) -> Vec<Occurrence> {
    let alerts = |row: &Occurrence| row.outcome.is_some_and(Outcome::alerts);
    rows.into_iter().filter(alerts).collect()
}
