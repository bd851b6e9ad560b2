//! The catalog: what is on it and why, holds, and verification.

use std::ops::Deref;
use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::json;
use strongroom_domain::retention::{Hold, Verdict};
use strongroom_domain::{Evidence, json_time};
use strongroom_ledger::{AuditEntry, CatalogChange, OpenMode, SnapshotRow};
use strongroom_orchestrator::roles::snapshots::retention;
use strongroom_orchestrator::roles::snapshots::shelf::shelf;
use strongroom_orchestrator::roles::snapshots::verify as verification;
use strongroom_orchestrator::{Clock, Observer, SystemClock};
use uuid::Uuid;

use crate::words::short;
use crate::{Error, Installation, lookup};

pub use strongroom_ledger::SnapshotFilter;

/// A snapshot of the catalog as of a moment.
#[derive(Debug)]
pub struct Snapshot {
    row: SnapshotRow,
    now: Timestamp,
}

impl Snapshot {
    /// The names of the holds in force.
    pub fn held_by(&self) -> impl Iterator<Item = &str> {
        let holds = self.holds.iter().filter(|hold| hold.holds_at(self.now));
        holds.map(|hold| hold.name.as_str())
    }
}

impl Deref for Snapshot {
    type Target = SnapshotRow;

    fn deref(&self) -> &SnapshotRow {
        &self.row
    }
}

as_json!(Snapshot, |row| {
    let hold = |hold: &Hold| json!({ "name": hold.name, "reason": hold.reason, "until": hold.until.map(json_time::text) });
    json!({
        "id": row.id, "occurrence": row.occurrence, "schedule": row.schedule, "tenant": row.tenant,
        "plugin": row.plugin, "plugin_digest": row.plugin_digest, "reference": row.reference,
        "taken_at": json_time::text(row.taken_at), "recorded_at": json_time::text(row.recorded_at),
        "state": row.state.as_str(), "size": row.size, "files": row.files, "evidence": row.evidence,
        "holds": row.holds.iter().map(hold).collect::<Vec<_>>(), "shadow_of": row.shadow_of,
        "last_error": row.last_error, "verified_at": row.verified_at.map(json_time::text),
        "gone_at": row.gone_at.map(json_time::text),
    })
});

/// The snapshots that pass a filter, oldest first.
pub async fn list(at: &Installation, filter: SnapshotFilter) -> Result<Vec<Snapshot>, Error> {
    let rows = at.ledger(OpenMode::Reader).await?.snapshots(filter).await?;
    let now = SystemClock.now();
    Ok(rows.into_iter().map(|row| Snapshot { row, now }).collect())
}

/// The snapshot whose id begins like that.
pub async fn show(at: &Installation, id: &str) -> Result<Snapshot, Error> {
    let ledger = at.ledger(OpenMode::Reader).await?;
    Ok(Snapshot {
        row: lookup::snapshot(ledger.as_ref(), id).await?,
        now: SystemClock.now(),
    })
}

/// A snapshot, and why it is kept or would be dropped.
pub struct Explained {
    /// The snapshot.
    pub row: SnapshotRow,
    /// Whether it is kept, and every reason.
    pub verdict: Verdict,
}

as_json!(Explained, |one| {
    let (row, verdict) = (&one.row, &one.verdict);
    json!({
        "snapshot": row.id, "taken_at": json_time::text(row.taken_at), "schedule": row.schedule,
        "tenant": row.tenant, "keep": verdict.keep, "rules": verdict.rules,
    })
});

/// Says for each snapshot of a schedule or of all which rule keeps it, as of a moment or of now.
pub async fn explain(
    at: &Installation,
    schedule: Option<&str>,
    tenant: Option<&str>,
    moment: Option<Timestamp>,
) -> Result<Vec<Explained>, Error> {
    let (_, _, setup) = at.setup().await?;
    let chosen = match schedule {
        Some(name) => vec![lookup::prepared(&setup, name)?],
        None => setup.schedules.values().cloned().collect(),
    };
    let now = moment.unwrap_or_else(|| SystemClock.now());
    let ledger = at.ledger(OpenMode::Reader).await?;
    let mut told = Vec::new();
    for prepared in chosen {
        let tenants = prepared.schedule.tenants.iter();
        for name in tenants.filter(|name| tenant.is_none_or(|tenant| name.as_str() == tenant)) {
            let found = shelf(ledger.as_ref(), &setup, &prepared, name).await?;
            let verdicts = retention::explain(&prepared, &found, now);
            let own = found.own.into_iter().zip(verdicts);
            told.extend(own.map(|(row, verdict)| Explained { row, verdict }));
            told.extend(found.orphaned.into_iter().map(|(row, why)| {
                let rules = vec![why.to_string(), format!("hint: {}", why.hint())];
                let (id, keep) = (row.id, true);
                let verdict = Verdict { id, keep, rules };
                Explained { row, verdict }
            }));
        }
    }
    Ok(told)
}

/// Keeps a snapshot, whatever the rules say; its id.
pub async fn hold(at: &Installation, id: &str, hold: Hold, person: &str) -> Result<Uuid, Error> {
    if hold.until.is_some_and(|until| until <= SystemClock.now()) {
        return Err(
            Error::usage("the hold would already be over").hint("`--until` takes a time to come")
        );
    }
    let ledger = at.ledger(OpenMode::Visitor).await?;
    let row = lookup::snapshot(ledger.as_ref(), id).await?;
    let entry = AuditEntry::snapshot_held(&row, &hold, person);
    let held = CatalogChange::Hold { id: row.id, hold };
    ledger
        .change_catalog(vec![held], vec![entry], SystemClock.now())
        .await?;
    ledger.close().await;
    Ok(row.id)
}

/// Ends a hold of a snapshot; its id.
pub async fn release(at: &Installation, id: &str, name: &str, person: &str) -> Result<Uuid, Error> {
    let ledger = at.ledger(OpenMode::Visitor).await?;
    let row = lookup::snapshot(ledger.as_ref(), id).await?;
    if !row.holds.iter().any(|hold| hold.name == name) {
        let message = format!("snapshot {} is not held by `{name}`", short(row.id));
        return Err(Error::not_found(message));
    }
    let entry = AuditEntry::snapshot_released(&row, name, person);
    let released = CatalogChange::Release {
        id: row.id,
        name: name.to_owned(),
    };
    ledger
        .change_catalog(vec![released], vec![entry], SystemClock.now())
        .await?;
    ledger.close().await;
    Ok(row.id)
}

/// A snapshot that was found as it was recorded.
#[derive(Debug, Serialize)]
pub struct SnapshotVerified {
    /// The snapshot.
    pub snapshot: Uuid,
    /// Always `good`: a bad one is an error.
    pub verdict: &'static str,
    /// What was checked and how.
    pub evidence: Evidence,
}

/// Reads a whole snapshot, or lets the provider restore it, and compares it with what was recorded.
pub async fn verify(
    at: &Installation,
    id: &str,
    observer: Arc<dyn Observer>,
) -> Result<SnapshotVerified, Error> {
    let (_, _, setup) = at.setup().await?;
    let ledger = at.ledger(OpenMode::Visitor).await?;
    let row = lookup::snapshot(ledger.as_ref(), id).await?;
    let prepared = lookup::keeper(&setup, &row)?;
    let context = at.context(Arc::new(SystemClock), ledger.clone(), Some(observer));
    let evidence = verification::verify(&context, &prepared, &row).await?;
    ledger.close().await;
    Ok(SnapshotVerified {
        snapshot: row.id,
        verdict: "good",
        evidence,
    })
}
