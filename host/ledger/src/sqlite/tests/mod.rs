//! What every engine keeps, shown on SQLite.

mod ages;
mod catalog;
mod claims;
mod elsewhere;
mod limits;
mod opening;
mod overlap;
mod planning;
mod promises;
mod recording;
mod standing;
mod state;
mod stops;
mod turns;
mod upgrade;

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use strongroom_domain::schedule::Limits;
use strongroom_domain::schedule::{Overlap, Priority};
use strongroom_domain::{Evidence, Outcome, PluginName, ScheduleName, TenantName, occurrence_id};
use tempfile::TempDir;
use uuid::Uuid;

use super::{OpenMode, SqliteLedger};
use crate::audit::AuditEntry;
use crate::ledger::Ledger;
use crate::occurrence::{
    AttemptRecord, Claim, ClaimRequest, NewOccurrence, Next, OccurrenceFilter, OccurrenceRow,
    OperationRow, Origin, Plan, Transition,
};
use crate::snapshot::{SnapshotRow, SnapshotState};

struct Fixture {
    folder: TempDir,
    ledger: SqliteLedger,
}

impl Fixture {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let ledger = SqliteLedger::open(folder.path(), OpenMode::Host)
            .await
            .unwrap();
        Self { folder, ledger }
    }

    async fn plan(&self, occurrences: Vec<NewOccurrence>, now: i64) -> crate::PlanReport {
        self.ledger
            .plan(
                Plan {
                    occurrences,
                    watermarks: Vec::new(),
                },
                at(now),
            )
            .await
            .unwrap()
    }

    /// Claims everything claimable, with a lease of a minute.
    async fn claim(&self, now: i64) -> Vec<Claim> {
        self.ledger.claim(request(now)).await.unwrap().claims
    }

    async fn claim_one(&self, now: i64) -> Claim {
        let mut claims = self.claim(now).await;
        assert_eq!(claims.len(), 1);
        claims.remove(0)
    }

    async fn record(&self, claim: &Claim, next: Next, now: i64) -> bool {
        self.ledger
            .record(vec![transition(claim, next)], at(now))
            .await
            .unwrap()
            .written[0]
    }

    async fn row(&self, id: Uuid) -> OccurrenceRow {
        let filter = OccurrenceFilter {
            id: Some(id),
            ..OccurrenceFilter::default()
        };
        self.ledger.occurrences(filter).await.unwrap().remove(0)
    }

    async fn size(&self) -> u64 {
        self.ledger.audit_state().await.unwrap().size
    }

    /// Gives the ledger up as a crash would: nothing is closed.
    fn crash(self) -> TempDir {
        self.folder
    }
}

/// Seconds after a start.
fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000).unwrap() + SignedDuration::from_secs(seconds)
}

/// Nothing is limited.
static NO_LIMITS: Limits = Limits {
    plugins: BTreeMap::new(),
    accounts: BTreeMap::new(),
};

fn request(now: i64) -> ClaimRequest<'static> {
    ClaimRequest {
        host: Uuid::from_u128(1),
        now: at(now),
        lease_until: at(now + 60),
        limit: 1_000,
        only: None,
        limits: &NO_LIMITS,
    }
}

fn occurrence(schedule: &str, tenant: &str, due: i64) -> NewOccurrence {
    let (schedule, tenant) = (
        ScheduleName::new(schedule).unwrap(),
        TenantName::new(tenant).unwrap(),
    );
    NewOccurrence {
        id: occurrence_id(&schedule, &tenant, at(due)),
        schedule,
        tenant,
        plugin: PluginName::new("local-snapshot").unwrap(),
        due: at(due),
        not_before: at(due),
        start_by: at(due + 3_600),
        timeout: Duration::from_secs(3_600),
        covers: None,
        priority: Priority::Normal,
        account: None,
        origin: Origin::Schedule,
        shadow_of: None,
        ends: None,
        overlap: Overlap::Skip,
    }
}

fn attempt(number: u32, ending: &str) -> AttemptRecord {
    AttemptRecord {
        number,
        started_at: at(1),
        ended_at: at(2),
        digest: "d1".into(),
        ending: ending.into(),
        failure: None,
        detail: String::new(),
    }
}

fn transition(claim: &Claim, next: Next) -> Transition {
    Transition {
        occurrence: claim.id,
        fence: claim.fence,
        attempt: Some(attempt(claim.attempt, "done")),
        next,
        catalog: Vec::new(),
        audit: Vec::new(),
        follow: Vec::new(),
    }
}

fn succeeded() -> Next {
    let evidence = Evidence(vec![("snapshot".into(), "s-1".into())]);
    Next::End {
        outcome: Outcome::Succeeded,
        reason: String::new(),
        evidence,
    }
}

fn entry(kind: &str) -> AuditEntry {
    let serde_json::Value::Object(fields) = json!({ "what": kind }) else {
        panic!("an object")
    };
    AuditEntry {
        kind: kind.into(),
        fields,
    }
}

fn snapshot(id: u128, taken: i64) -> SnapshotRow {
    SnapshotRow {
        id: Uuid::from_u128(id),
        occurrence: Uuid::from_u128(id),
        schedule: ScheduleName::new("daily").unwrap(),
        tenant: TenantName::new("acme").unwrap(),
        plugin: PluginName::new("local-snapshot").unwrap(),
        plugin_digest: "d1".into(),
        reference: format!("s-{id}"),
        taken_at: at(taken),
        recorded_at: at(taken + 1),
        state: SnapshotState::Assumed,
        size: Some(1 << 40),
        files: None,
        evidence: Evidence(vec![("bytes".into(), "1099511627776".into())]),
        holds: Vec::new(),
        last_error: None,
        verified_at: None,
        gone_at: None,
        shadow_of: None,
    }
}

fn operation() -> OperationRow {
    OperationRow {
        handle: vec![0, 255, 7],
        note: "half".into(),
        percent: Some(50),
        digest: "d1".into(),
    }
}

fn poll(seconds: i64) -> Next {
    Next::Poll {
        at: at(seconds),
        operation: operation(),
    }
}

fn retry(seconds: i64) -> Next {
    Next::Retry {
        at: at(seconds),
        reason: "again".into(),
    }
}

/// As [`occurrence`], with another overlap.
fn overlapping(overlap: Overlap, due: i64) -> NewOccurrence {
    NewOccurrence {
        overlap,
        ..occurrence("daily", "acme", due)
    }
}

/// A run now.
fn wished(overlap: Overlap, due: i64) -> NewOccurrence {
    NewOccurrence {
        origin: Origin::Person("ana".into()),
        ..overlapping(overlap, due)
    }
}

/// Makes up for a due time that passed, a thousand seconds before.
fn backfill(due: i64) -> NewOccurrence {
    NewOccurrence {
        origin: Origin::Backfill("ana".into()),
        covers: Some(at(due - 1_000)),
        ..overlapping(Overlap::Queue, due)
    }
}

impl Fixture {
    async fn outcome(&self, new: &NewOccurrence) -> (Option<Outcome>, Option<String>) {
        let row = self.row(new.id).await;
        (row.outcome, row.reason)
    }

    /// Dues of what is claimed now, in seconds.
    async fn dues(&self, now: i64) -> Vec<i64> {
        let claims = self.claim(now).await;
        let start = at(0).as_second();
        claims
            .iter()
            .map(|claim| claim.due.as_second() - start)
            .collect()
    }
}
