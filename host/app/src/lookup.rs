//! What was named, found or refused: a schedule, its tenants, a snapshot, an occurrence, a reason.

use std::sync::Arc;

use jiff::Timestamp;
use strongroom_config::ScheduleSet;
use strongroom_domain::schedule::Schedule;
use strongroom_domain::{ScheduleName, TenantName};
use strongroom_ledger::{Ledger, OccurrenceFilter, OccurrenceRow, SnapshotFilter, SnapshotRow};
use strongroom_orchestrator::{Prepared, Setup};
use uuid::Uuid;

use crate::words::short;
use crate::{Error, Kind};

/// The schedules of a set.
pub(crate) fn schedules(set: &ScheduleSet) -> impl Iterator<Item = &Schedule> {
    set.schedules
        .iter()
        .map(|located| located.schedule.as_ref())
}

/// The schedule of that name in the files.
pub(crate) fn schedule<'a>(set: &'a ScheduleSet, name: &str) -> Result<&'a Schedule, Error> {
    let found = set.get(name).map(|located| located.schedule.as_ref());
    found.ok_or_else(|| unknown(name, schedules(set).map(|one| &one.name)))
}

/// The schedule of that name with what serves it.
pub(crate) fn prepared(setup: &Setup, name: &str) -> Result<Arc<Prepared>, Error> {
    let found = ScheduleName::new(name)
        .ok()
        .and_then(|name| setup.schedules.get(&name).cloned());
    found.ok_or_else(|| unknown(name, setup.schedules.keys()))
}

fn unknown<'a>(name: &str, known: impl Iterator<Item = &'a ScheduleName>) -> Error {
    let known: Vec<&str> = known.map(ScheduleName::as_str).collect();
    Error::not_found(format!("there is no schedule `{name}`"))
        .hint(format!("there are: {}", known.join(", ")))
}

/// The entry whose plugin made a snapshot.
pub(crate) fn keeper(setup: &Setup, row: &SnapshotRow) -> Result<Arc<Prepared>, Error> {
    let keeper = setup.keeper(&row.schedule, &row.plugin);
    keeper.cloned().map_err(|orphaned| {
        Error::not_found(format!("snapshot {} was {orphaned}", short(row.id))).hint(orphaned.hint())
    })
}

/// Refuses a schedule that makes nothing new.
pub(crate) fn begins(schedule: &Schedule) -> Result<(), Error> {
    let Some(successor) = schedule.successor() else {
        return Ok(());
    };
    let name = &schedule.name;
    let message = format!("`{name}` makes nothing new: `{successor}` took its place");
    Err(Error::new(Kind::Refused, message).hint(format!(
        "run `{successor}` instead, or return with `strongroom swap back {name} --reason WHY`"
    )))
}

/// All tenants of a schedule, or the one that was named.
pub(crate) fn tenants(schedule: &Schedule, only: Option<&str>) -> Result<Vec<TenantName>, Error> {
    let tenants = &schedule.tenants;
    let Some(only) = only else {
        return Ok(tenants.clone());
    };
    if let Some(found) = tenants.iter().find(|tenant| tenant.as_str() == only) {
        return Ok(vec![found.clone()]);
    }
    let known: Vec<&str> = tenants.iter().map(TenantName::as_str).collect();
    let message = format!("schedule `{}` has no tenant `{only}`", schedule.name);
    Err(Error::not_found(message).hint(format!("it has: {}", known.join(", "))))
}

/// A paused schedule begins nothing, unless a person insists.
pub(crate) async fn refuse_paused(
    ledger: &dyn Ledger,
    schedule: &Schedule,
    now: Timestamp,
) -> Result<(), Error> {
    let pauses = ledger.pauses(now).await?;
    let mut pauses = pauses.get(&schedule.name).into_iter().flatten();
    let Some(pause) = pauses.find(|pause| pause.covers(now)) else {
        return Ok(());
    };
    let message = format!("`{}` is {}", schedule.name, pause.explain());
    Err(Error::new(Kind::Refused, message)
        .hint("`strongroom resume` ends the pause; `--despite-pause` begins it all the same"))
}

/// The one snapshot whose id begins like that.
pub(crate) async fn snapshot(ledger: &dyn Ledger, typed: &str) -> Result<SnapshotRow, Error> {
    let filter = SnapshotFilter {
        gone: true,
        ..SnapshotFilter::default()
    };
    let rows = ledger.snapshots(filter).await?;
    let hint = "`strongroom snapshots list --all` shows them all";
    only(rows, |row| row.id, typed, "snapshot", hint)
}

/// The one unfinished occurrence whose id begins like that.
pub(crate) async fn unfinished(ledger: &dyn Ledger, typed: &str) -> Result<OccurrenceRow, Error> {
    let filter = OccurrenceFilter {
        unfinished: true,
        ..OccurrenceFilter::default()
    };
    let rows = ledger.occurrences(filter).await?;
    let hint = "`strongroom occurrences --unfinished` shows them";
    only(rows, |row| row.id, typed, "unfinished occurrence", hint)
}

fn only<T>(
    rows: Vec<T>,
    id: impl Fn(&T) -> Uuid,
    typed: &str,
    what: &str,
    hint: &str,
) -> Result<T, Error> {
    let begin = typed.to_ascii_lowercase();
    let begins = |row: &T| id(row).to_string().starts_with(&begin);
    let mut matching = rows.into_iter().filter(begins);
    match (matching.next(), matching.next()) {
        (Some(row), None) => Ok(row),
        (Some(_), Some(_)) => Err(
            Error::usage(format!("several {what}s begin with `{typed}`"))
                .hint("type more of the id"),
        ),
        (None, _) => Err(Error::not_found(format!("there is no {what} `{typed}`")).hint(hint)),
    }
}

/// One occurrence by its id.
pub(crate) fn by_id(id: Uuid) -> OccurrenceFilter {
    OccurrenceFilter {
        id: Some(id),
        ..OccurrenceFilter::default()
    }
}
