//! Every kind with all its fields, compared with `kinds.txt`: one that was released keeps them.

use jiff::{SignedDuration, Timestamp};
use strongroom_domain::age::Age;
use strongroom_domain::pause::Pause;
use strongroom_domain::retention::Hold;
use strongroom_domain::retry::FailureKind;
use strongroom_domain::{Outcome, PluginName, ScheduleName, TenantName};
use uuid::Uuid;

use super::*;
use crate::audit::{AuditEntry, encode};
use crate::catalog::ShelfAge;
use crate::controls::Notice;
use crate::plugins::{PluginRow, PluginState};
use crate::suite::samples::{at, snapshot};

const RUN: Uuid = Uuid::from_u128(7);

fn schedule(name: &str) -> ScheduleName {
    ScheduleName::new(name).unwrap()
}

fn occurrences_and_controls() -> Vec<AuditEntry> {
    let (daily, acme) = (schedule("daily"), TenantName::new("acme").unwrap());
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
    let put = AuditEntry::notice_put(&notice);
    assert_eq!(put.fields()["text"].as_str().unwrap().len(), 2_000);
    let short = Notice {
        text: "it was set back".into(),
        ..notice
    };
    let finer = at(0) + SignedDuration::from_nanos(1_999_999);
    vec![
        AuditEntry::occurrence_ended(RUN, &daily, &acme, finer, Outcome::TimedOut, "[]"),
        AuditEntry::cancel_requested(RUN, "ana", "a mistake"),
        AuditEntry::schedule_paused(&daily, &pause(None)),
        AuditEntry::schedule_paused(&daily, &pause(Some(at(60)))),
        AuditEntry::schedule_resumed(&daily, "ana", "moved"),
        AuditEntry::notice_put(&short),
        AuditEntry::notice_taken("clock", "host", "set right"),
    ]
}

fn plugins() -> Vec<AuditEntry> {
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
    vec![
        AuditEntry::plugin_registered(&plugin),
        AuditEntry::plugin_state("d1", "p", PluginState::Refused, "host", "wants `sql`"),
    ]
}

fn snapshots() -> Vec<AuditEntry> {
    let row = snapshot(7, 0);
    let hold = Hold {
        name: "case".into(),
        reason: "case 7".into(),
        until: Some(at(60)),
    };
    let facts = RestoreFacts {
        whole: true,
        to: "/restored",
        by: "ana",
        run: RUN,
    };
    vec![
        AuditEntry::snapshot_held(&row, &hold, "ana"),
        AuditEntry::snapshot_released(&row, "case", "ana"),
        AuditEntry::verification_intended(&row, RUN),
        AuditEntry::snapshot_verified(&row, "good"),
        AuditEntry::snapshot_found_again(&row),
        AuditEntry::snapshot_missing(&row, "not-found: no"),
        AuditEntry::snapshot_differs(&row, "corrupt: no"),
        AuditEntry::snapshot_deletion_intended(&row, &["older than 3 days".to_owned()]),
        AuditEntry::snapshot_deleted(&row),
        AuditEntry::snapshot_deletion_failed(&row, "no"),
        AuditEntry::restore_intended(&row, &facts),
        AuditEntry::restore_done(&row, &facts),
        AuditEntry::restore_left(&row, &facts, None),
        AuditEntry::restore_failed(&row, &facts, FailureKind::Corrupt),
    ]
}

fn shelves_and_swaps() -> Vec<AuditEntry> {
    let (from, to) = (schedule("daily"), schedule("daily-new"));
    let shelf = ShelfAge {
        schedule: from.clone(),
        tenant: TenantName::new("acme").unwrap(),
        age: Age {
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
    let mut entries = vec![
        AuditEntry::shelf_reconciled(&shelf.schedule, &shelf.tenant, counts),
        AuditEntry::snapshots_too_old(&shelf),
        AuditEntry::snapshots_fresh_again(&shelf),
    ];
    let facts = SwapFacts {
        from: &from,
        to: &to,
        person: "ana",
        reason: "faster",
        despite: None,
        files: &["a.toml".to_owned()],
    };
    for direction in [SwapDirection::CutOver, SwapDirection::Back] {
        entries.extend([
            AuditEntry::swap_intended(direction, &facts),
            AuditEntry::swap_done(direction, &facts),
            AuditEntry::swap_failed(direction, &facts),
        ]);
    }
    entries
}

#[test]
fn every_kind_has_its_fields() {
    let subjects = [
        occurrences_and_controls(),
        plugins(),
        snapshots(),
        shelves_and_swaps(),
    ];
    let lines: Vec<String> = subjects
        .iter()
        .flatten()
        .map(|entry| {
            let text = encode(entry, 0, Timestamp::UNIX_EPOCH).unwrap();
            let fields = text.split_once(r#","kind":"#).unwrap().0;
            let fields = fields.strip_prefix(r#"{"fields":"#).unwrap();
            format!("{} {fields}", entry.kind())
        })
        .collect();
    let expected: Vec<&str> = include_str!("kinds.txt").lines().collect();
    assert_eq!(lines, expected);
}
