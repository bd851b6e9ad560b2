//! Copies of another schedule's snapshots, by the real engine: which one is copied, and where the copy may be.

use std::time::Duration;

use strongroom_domain::Outcome;
use strongroom_domain::retry::Failure;
use strongroom_ledger::{OccurrenceRow, OpenMode, SnapshotFilter, SnapshotRow};
use strongroom_sandbox::call::CallResult;

use crate::simulated_host::{SimulatedHost, at, done};

/// A daily snapshot at three, and at five a copy of it elsewhere.
const DAILY: &str = r#"
[[schedule]]
name = "daily"
plugin = "disks"
tenants = ["acme", "globex"]
cron = "0 3 * * *"

[[schedule]]
name = "elsewhere"
plugin = "disks"
tenants = ["acme"]
cron = "0 5 * * *"
off-site = { of = "daily", copy = true }
"#;

const SECOND: Duration = Duration::from_secs(1);

fn host(text: &str) -> SimulatedHost {
    SimulatedHost::new("2026-11-20T00:00Z", text, |_, _| (SECOND, done(&[])))
}

async fn snapshots(host: &SimulatedHost) -> Vec<SnapshotRow> {
    let ledger = host.ledger(OpenMode::Reader).await;
    let rows = ledger.snapshots(SnapshotFilter::default()).await.unwrap();
    ledger.close().await;
    rows
}

async fn last(host: &SimulatedHost, schedule: &str) -> OccurrenceRow {
    let mut rows = host.rows().await;
    rows.retain(|row| row.schedule.as_str() == schedule);
    rows.pop().unwrap()
}

#[tokio::test]
async fn p08_the_newest_good_snapshot_is_copied_and_the_copy_is_as_old_as_it() {
    let host = host(DAILY);
    host.keeps("daily", "here");
    host.keeps("elsewhere", "there");
    host.run("2026-11-21T06:00Z").await;
    let rows = snapshots(&host).await;
    let of = |schedule: &str| -> Vec<&SnapshotRow> {
        rows.iter()
            .filter(|row| row.schedule.as_str() == schedule && row.tenant.as_str() == "acme")
            .collect()
    };
    let (originals, copies) = (of("daily"), of("elsewhere"));
    assert_eq!((originals.len(), copies.len()), (2, 2));
    let called = host.called(&["copy"]);
    let copied: Vec<Option<&str>> = called.iter().map(|one| one.about.as_deref()).collect();
    let references: Vec<Option<&str>> = originals
        .iter()
        .map(|row| Some(row.reference.as_str()))
        .collect();
    assert_eq!(copied, references);
    for (copy, original) in copies.iter().zip(&originals) {
        assert_eq!(copy.taken_at, original.taken_at);
        let of = original.id.to_string();
        assert_eq!(copy.evidence.get("copy-of"), Some(of.as_str()));
        assert_eq!(copy.evidence.get("place"), Some("there"));
        assert_eq!(original.evidence.get("place"), Some("here"));
    }
    // Held for as long as the run might have taken, and no longer.
    let hold = &originals[1].holds[0];
    assert_eq!(hold.reason, "`elsewhere` copies it");
    assert_eq!(hold.until, Some(at("2026-11-21T07:00:00Z")));
}

#[tokio::test]
async fn p08_without_a_good_snapshot_to_copy_the_run_fails_and_says_so() {
    let host = SimulatedHost::new("2026-11-20T00:00Z", DAILY, |schedule, call| {
        let denied = CallResult::Failed(Failure::denied("no"));
        match (schedule, call) {
            ("daily", "create") => (SECOND, denied),
            _ => (SECOND, done(&[])),
        }
    });
    host.run("2026-11-20T06:00Z").await;
    let row = last(&host, "elsewhere").await;
    assert_eq!(row.outcome, Some(Outcome::Failed));
    assert_eq!(
        row.reason.as_deref(),
        Some("not-found: there is no good snapshot of `acme` by `daily` to copy")
    );
    assert!(host.called(&["copy"]).is_empty());
}

#[tokio::test]
async fn p08_a_copy_in_the_same_place_is_refused_and_never_counts() {
    let host = host(DAILY);
    host.keeps("daily", "eu-west-1");
    host.keeps("elsewhere", "eu-west-1");
    host.run("2026-11-20T06:00Z").await;
    let row = last(&host, "elsewhere").await;
    assert_eq!(row.outcome, Some(Outcome::Refused));
    let reason = row.reason.unwrap();
    assert!(
        reason.contains("is kept in `eu-west-1`, the same place as"),
        "{reason}"
    );
    let rows = snapshots(&host).await;
    assert!(rows.iter().all(|row| row.schedule.as_str() == "daily"));
}

#[tokio::test]
async fn p08_a_run_that_is_taken_up_again_copies_what_it_began_with() {
    use std::sync::atomic::{AtomicBool, Ordering};
    let text = DAILY
        .replace("\"0 3 * * *\"", "\"0 * * * *\"")
        .replace("\"0 5 * * *\"", "\"30 5 * * *\"");
    let failed = AtomicBool::new(false);
    let host = SimulatedHost::new("2026-11-20T00:00Z", &text, move |_, call| {
        let busy = CallResult::Failed(Failure::throttled("slowly", 3_600_000));
        if call == "copy" && !failed.swap(true, Ordering::SeqCst) {
            return (SECOND, busy);
        }
        (SECOND, done(&[]))
    });
    host.run("2026-11-20T07:30Z").await;
    let called = host.called(&["copy"]);
    assert_eq!(called.len(), 2, "{called:?}");
    // A newer one was taken in between.
    assert_eq!(called[0].about, called[1].about);
    assert_eq!(
        last(&host, "elsewhere").await.outcome,
        Some(Outcome::Succeeded)
    );
}

#[tokio::test]
async fn p05_a_snapshot_in_another_place_than_the_schedule_allows_is_no_success() {
    let text = DAILY.replace(
        "name = \"daily\"",
        "name = \"daily\"\nplace = [\"eu-west-1\", \"eu-west-2\"]",
    );
    for (place, reason) in [
        (Some("eu-west-2"), None),
        (
            Some("us-east-1"),
            Some("is kept in `us-east-1`, and only `eu-west-1`, `eu-west-2` is allowed"),
        ),
        (None, Some("the provider does not say where")),
    ] {
        let host = host(&text);
        if let Some(place) = place {
            host.keeps("daily", place);
        }
        host.run("2026-11-20T04:00Z").await;
        let row = last(&host, "daily").await;
        let Some(reason) = reason else {
            assert_eq!(row.outcome, Some(Outcome::Succeeded));
            continue;
        };
        assert_eq!(row.outcome, Some(Outcome::Failed));
        let said = row.reason.unwrap();
        assert!(
            said.starts_with("invalid: ") && said.contains(reason),
            "{said}"
        );
        assert!(snapshots(&host).await.is_empty());
    }
}
