//! Every kind with all its fields: one that was released keeps them.

use serde_json::{Value, json};
use strongroom_domain::pause::Pause;
use strongroom_domain::retention::Hold;
use strongroom_domain::retry::FailureKind;
use strongroom_domain::{Outcome, PluginName, ScheduleName, TenantName};
use uuid::Uuid;

use super::*;
use crate::audit::AuditEntry;
use crate::catalog::ShelfAge;
use crate::controls::Notice;
use crate::plugins::{PluginRow, PluginState};
use crate::suite::samples::{at, snapshot};

const RUN: Uuid = Uuid::from_u128(7);

fn schedule(name: &str) -> ScheduleName {
    ScheduleName::new(name).unwrap()
}

fn check(entry: &AuditEntry, kind: &str, fields: Value) {
    assert_eq!(entry.kind(), kind);
    assert_eq!(Value::Object(entry.fields().clone()), fields, "{kind}");
}

/// Checks an entry about the snapshot 7: its own fields beside those that name the snapshot.
fn check_about(entry: &AuditEntry, kind: &str, own: Value) {
    let mut fields =
        json!({ "snapshot": RUN, "schedule": "daily", "tenant": "acme", "reference": "s-7" });
    let Value::Object(own) = own else {
        panic!("{kind}: an object")
    };
    fields.as_object_mut().unwrap().extend(own);
    check(entry, kind, fields);
}

#[test]
fn ends_and_plugin_files() {
    let (daily, acme) = (schedule("daily"), TenantName::new("acme").unwrap());
    let plugin = PluginRow {
        digest: "d1".into(),
        name: PluginName::new("p").unwrap(),
        version: "0.1.0".into(),
        size: 9,
        description_json: "{}".into(),
        first_seen: at(0),
        state: PluginState::Active,
        since: at(0),
        person: "host".into(),
        reason: String::new(),
    };
    let finer = at(0) + jiff::SignedDuration::from_nanos(1_999_999);
    check(
        &AuditEntry::occurrence_ended(RUN, &daily, &acme, finer, Outcome::TimedOut, "[]"),
        "occurrence-ended",
        json!({
            "occurrence": RUN, "schedule": "daily", "tenant": "acme", "due": "2027-01-15T08:00:00.001Z",
            "outcome": "timed-out",
            "evidence-sha256": "4f53cda18c2baa0c0354bb5f9a3ecbe5ed12ab4d8e11ba873c2f11161202b945",
        }),
    );
    check(
        &AuditEntry::plugin_registered(&plugin),
        "plugin-registered",
        json!({ "digest": "d1", "plugin": "p", "version": "0.1.0", "size": 9 }),
    );
    check(
        &AuditEntry::plugin_state("d1", "p", PluginState::Refused, "host", "wants `sql`"),
        "plugin-state",
        json!({
            "digest": "d1", "plugin": "p", "state": "refused", "person": "host", "reason": "wants `sql`",
        }),
    );
}

#[test]
fn controls() {
    let daily = schedule("daily");
    let pause = |until| Pause {
        from: at(0),
        until,
        person: "ana".into(),
        reason: "moving".into(),
    };
    let notice = Notice {
        name: "clock".into(),
        since: at(0),
        text: "x".repeat(2_001),
    };
    check(
        &AuditEntry::schedule_paused(&daily, &pause(None)),
        "schedule-paused",
        json!({ "schedule": "daily", "person": "ana", "reason": "moving", "until": null }),
    );
    check(
        &AuditEntry::schedule_paused(&daily, &pause(Some(at(60)))),
        "schedule-paused",
        json!({
            "schedule": "daily", "person": "ana", "reason": "moving", "until": "2027-01-15T08:01:00Z",
        }),
    );
    check(
        &AuditEntry::schedule_resumed(&daily, "ana", "moved"),
        "schedule-resumed",
        json!({ "schedule": "daily", "person": "ana", "reason": "moved" }),
    );
    check(
        &AuditEntry::cancel_requested(RUN, "ana", "a mistake"),
        "cancel-requested",
        json!({ "occurrence": RUN, "person": "ana", "reason": "a mistake" }),
    );
    check(
        &AuditEntry::notice_put(&notice),
        "notice-put",
        json!({ "name": "clock", "text": "x".repeat(2_000) }),
    );
    check(
        &AuditEntry::notice_taken("clock", "host", "set right"),
        "notice-taken",
        json!({ "name": "clock", "person": "host", "reason": "set right" }),
    );
}

#[test]
fn snapshots() {
    let row = snapshot(7, 0);
    let hold = Hold {
        name: "case".into(),
        reason: "case 7".into(),
        until: Some(at(60)),
    };
    let rules = ["older than 3 days".to_owned()];
    check_about(
        &AuditEntry::snapshot_held(&row, &hold, "ana"),
        "snapshot-held",
        json!({ "hold": "case", "reason": "case 7", "until": "2027-01-15T08:01:00Z", "by": "ana" }),
    );
    check_about(
        &AuditEntry::snapshot_released(&row, "case", "ana"),
        "snapshot-released",
        json!({ "hold": "case", "by": "ana" }),
    );
    check_about(
        &AuditEntry::verification_intended(&row, RUN),
        "verification-intended",
        json!({ "run": RUN }),
    );
    check_about(
        &AuditEntry::snapshot_verified(&row, "good"),
        "snapshot-verified",
        json!({ "verdict": "good" }),
    );
    check_about(
        &AuditEntry::snapshot_found_again(&row),
        "snapshot-found-again",
        json!({}),
    );
    check_about(
        &AuditEntry::snapshot_missing(&row, "not-found: no"),
        "snapshot-missing",
        json!({ "was": "assumed", "error": "not-found: no" }),
    );
    check_about(
        &AuditEntry::snapshot_differs(&row, "corrupt: no"),
        "snapshot-differs",
        json!({ "was": "assumed", "error": "corrupt: no" }),
    );
    check_about(
        &AuditEntry::snapshot_deletion_intended(&row, &rules),
        "snapshot-deletion-intended",
        json!({ "because": rules }),
    );
    check_about(
        &AuditEntry::snapshot_deleted(&row),
        "snapshot-deleted",
        json!({}),
    );
    check_about(
        &AuditEntry::snapshot_deletion_failed(&row, "no"),
        "snapshot-deletion-failed",
        json!({ "error": "no" }),
    );
}

#[test]
fn restores() {
    let row = snapshot(7, 0);
    let facts = RestoreFacts {
        whole: true,
        to: "/tmp/x",
        by: "ana",
        run: RUN,
    };
    check_about(
        &AuditEntry::restore_intended(&row, &facts),
        "restore-intended",
        json!({ "whole": true, "to": "/tmp/x", "by": "ana", "run": RUN }),
    );
    check_about(
        &AuditEntry::restore_done(&row, &facts),
        "restore-done",
        json!({ "whole": true, "to": "/tmp/x", "by": "ana", "run": RUN }),
    );
    check_about(
        &AuditEntry::restore_left(&row, &facts, None),
        "restore-left",
        json!({ "whole": true, "to": "/tmp/x", "by": "ana", "run": RUN, "goes_on": null }),
    );
    check_about(
        &AuditEntry::restore_failed(&row, &facts, FailureKind::Corrupt),
        "restore-failed",
        json!({ "whole": true, "to": "/tmp/x", "by": "ana", "run": RUN, "failure": "corrupt" }),
    );
}

#[test]
fn shelves() {
    let shelf = ShelfAge {
        schedule: schedule("daily"),
        tenant: TenantName::new("acme").unwrap(),
        age: strongroom_domain::age::Age {
            newest: None,
            since: at(0),
            most: std::time::Duration::from_secs(60),
        },
        alerted: None,
    };
    let counts = ReconcileCounts {
        agreeing: 1,
        orphans: 2,
        missing: 3,
        differing: 4,
        foreign: 5,
    };
    let age =
        json!({ "schedule": "daily", "tenant": "acme", "newest": null, "max_age_ms": 60_000 });
    check(
        &AuditEntry::shelf_reconciled(&shelf.schedule, &shelf.tenant, counts),
        "shelf-reconciled",
        json!({
            "schedule": "daily", "tenant": "acme", "agreeing": 1, "orphans": 2, "missing": 3, "differing": 4,
            "foreign": 5,
        }),
    );
    check(
        &AuditEntry::snapshots_too_old(&shelf),
        "snapshots-too-old",
        age.clone(),
    );
    check(
        &AuditEntry::snapshots_fresh_again(&shelf),
        "snapshots-fresh-again",
        age,
    );
}

#[test]
fn swaps() {
    let (from, to) = (schedule("daily"), schedule("daily-new"));
    let facts = SwapFacts {
        from: &from,
        to: &to,
        person: "ana",
        reason: "faster",
        despite: None,
        files: &["a.toml".to_owned()],
    };
    let fields = || {
        json!({
            "from": "daily", "to": "daily-new", "person": "ana", "reason": "faster", "despite": null,
            "files": ["a.toml"],
        })
    };
    for (direction, kind) in [
        (SwapDirection::CutOver, "swap-cut-over"),
        (SwapDirection::Back, "swap-back"),
    ] {
        let (intended, failed) = (format!("{kind}-intended"), format!("{kind}-failed"));
        check(
            &AuditEntry::swap_intended(direction, &facts),
            &intended,
            fields(),
        );
        check(&AuditEntry::swap_done(direction, &facts), kind, fields());
        check(
            &AuditEntry::swap_failed(direction, &facts),
            &failed,
            fields(),
        );
    }
}
