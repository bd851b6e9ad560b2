//! Rows and requests of the tests, counted in seconds from one start.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use strongroom_domain::schedule::{Limits, Overlap, Priority};
use strongroom_domain::{Evidence, Outcome, PluginName, ScheduleName, TenantName, occurrence_id};
use uuid::Uuid;

use crate::audit::AuditEntry;
use crate::catalog::{SnapshotRow, SnapshotState};
use crate::occurrences::{
    AttemptRecord, Claim, ClaimRequest, NewOccurrence, Next, OperationRow, Origin, Transition,
};

/// Seconds after a start.
pub(crate) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000).unwrap() + SignedDuration::from_secs(seconds)
}

/// Nothing is limited.
pub(crate) static NO_LIMITS: Limits = Limits {
    plugins: BTreeMap::new(),
    accounts: BTreeMap::new(),
};

pub(crate) fn request(now: i64) -> ClaimRequest<'static> {
    ClaimRequest {
        owner: Uuid::from_u128(1),
        now: at(now),
        lease_until: at(now + 60),
        limit: 1_000,
        only: None,
        limits: &NO_LIMITS,
    }
}

pub(crate) fn occurrence(schedule: &str, tenant: &str, due: i64) -> NewOccurrence {
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
        makes_up_for: None,
        priority: Priority::Normal,
        account: None,
        origin: Origin::Schedule,
        shadow_of: None,
        ends: None,
        overlap: Overlap::Skip,
    }
}

pub(crate) fn attempt(number: u32, ending: &str) -> AttemptRecord {
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

pub(crate) fn transition(claim: &Claim, next: Next) -> Transition {
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

pub(crate) fn succeeded() -> Next {
    let evidence = Evidence(vec![("snapshot".into(), "s-1".into())]);
    Next::End {
        outcome: Outcome::Succeeded,
        reason: String::new(),
        evidence,
    }
}

pub(crate) fn entry(what: &str) -> AuditEntry {
    AuditEntry::new("tested", json!({ "what": what }))
}

pub(crate) fn snapshot(id: u128, taken: i64) -> SnapshotRow {
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

pub(crate) fn operation() -> OperationRow {
    OperationRow {
        handle: vec![0, 255, 7],
        note: "half".into(),
        percent: Some(50),
        digest: "d1".into(),
    }
}

pub(crate) fn poll(seconds: i64) -> Next {
    Next::Poll {
        at: at(seconds),
        operation: operation(),
    }
}

pub(crate) fn retry(seconds: i64) -> Next {
    Next::Retry {
        at: at(seconds),
        reason: "again".into(),
    }
}

/// As [`occurrence`], with another overlap.
pub(crate) fn overlapping(overlap: Overlap, due: i64) -> NewOccurrence {
    NewOccurrence {
        overlap,
        ..occurrence("daily", "acme", due)
    }
}

/// A run now.
pub(crate) fn manual(overlap: Overlap, due: i64) -> NewOccurrence {
    NewOccurrence {
        origin: Origin::Person("ana".into()),
        ..overlapping(overlap, due)
    }
}

/// Makes up for a due time that passed, a thousand seconds before.
pub(crate) fn backfill(due: i64) -> NewOccurrence {
    NewOccurrence {
        origin: Origin::Backfill("ana".into()),
        makes_up_for: Some(at(due - 1_000)),
        ..overlapping(Overlap::Queue, due)
    }
}
