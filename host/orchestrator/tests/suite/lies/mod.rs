//! Lies that a provider may tell. None of them ever ends in "verified", and what becomes of each is in a table.

mod at_the_drill;
mod at_the_making;
mod drills;
mod provider;
mod reconciling;

use std::sync::Arc;

use strongroom_domain::Outcome;
use strongroom_ledger::{OpenMode, SnapshotFilter, SnapshotRow, SnapshotState};
use strongroom_orchestrator::Clock as _;
use strongroom_sandbox::call::CallResult;
use strongroom_sandbox::role::Answer;

use crate::simulated_host::{SimulatedHost, at};
use provider::{Asked, Provider, Shelf, goes_on};

/// A day: a snapshot at three, its drill at noon.
pub(super) const SCHEDULES: &str = r#"
[[schedule]]
name = "daily"
plugin = "liar"
cron = "0 3 * * *"
tenants = ["acme"]
retry = { attempts = 2, delay = "1m" }

[[schedule]]
name = "drill"
drill-of = "daily"
cron = "0 12 * * *"
tenants = ["acme"]
retry = { attempts = 1 }
"#;

/// What becomes of a lie.
pub(super) struct Expected {
    pub(super) made: Outcome,
    pub(super) drilled: Outcome,
    /// How the snapshot stands at the end of the day; `None`: there is none in the catalog.
    pub(super) stands: Option<SnapshotState>,
}

/// A lie with what is expected of it.
pub(super) struct Row {
    pub(super) name: &'static str,
    pub(super) expected: Expected,
    lie: fn(&Asked, &mut Shelf, CallResult<Answer>) -> CallResult<Answer>,
}

pub(super) async fn catalog(host: &SimulatedHost) -> Vec<SnapshotRow> {
    let ledger = host.ledger(OpenMode::Reader).await;
    let filter = SnapshotFilter {
        gone: true,
        ..SnapshotFilter::default()
    };
    let rows = ledger.snapshots(filter).await.unwrap();
    ledger.close().await;
    rows
}

/// Plays the day of each lie; every difference from the table is told at once.
pub(super) async fn play(rows: Vec<Row>) {
    let mut wrong = Vec::new();
    for row in rows {
        let provider = Provider::new(row.lie);
        let host = SimulatedHost::served_by("2026-11-20T00:00Z", SCHEDULES, provider);
        host.run("2026-11-20T23:00Z").await;
        let ended = host.rows().await;
        let outcome = |name: &str| {
            let found = ended.iter().find(|one| one.schedule.as_str() == name);
            let found = found.unwrap();
            (found.outcome.unwrap(), found.reason.clone())
        };
        let (made, drilled) = (outcome("daily"), outcome("drill"));
        let catalog = catalog(&host).await;
        let stands = catalog.first().map(|one| one.state);
        let expected = &row.expected;
        if (made.0, drilled.0, stands) != (expected.made, expected.drilled, expected.stands) {
            wrong.push(format!(
                "{}: made {made:?}, drilled {drilled:?}, stands {stands:?}",
                row.name
            ));
        }
        if catalog
            .iter()
            .any(|one| one.state == SnapshotState::Verified)
        {
            wrong.push(format!("{}: it is verified", row.name));
        }
        if made.0 != Outcome::Succeeded && !catalog.is_empty() {
            wrong.push(format!("{}: in the catalog without a success", row.name));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The table would find nothing if nobody could pass it.
#[tokio::test]
async fn an_honest_provider_is_believed() {
    let provider = Provider::new(|_, _, honest| honest);
    let host = SimulatedHost::served_by("2026-11-20T00:00Z", SCHEDULES, Arc::clone(&provider) as _);
    host.run("2026-11-20T23:00Z").await;
    assert_eq!(
        host.record().await,
        ["daily acme 03:00 succeeded", "drill acme 12:00 succeeded"]
    );
    let [row] = &catalog(&host).await[..] else {
        panic!("one snapshot");
    };
    assert_eq!(row.state, SnapshotState::Verified);
    assert!(row.holds.is_empty(), "{:?}", row.holds);
    // What later looks are compared with is kept.
    assert_eq!(row.evidence.get("source"), Some("disk-7"));
    assert_eq!(row.evidence.get("place"), Some("here"));
    let drill = host.rows().await.pop().unwrap();
    let id = row.id.to_string();
    for (kind, value) in [
        ("drilled", id.as_str()),
        ("checked", "restored"),
        ("agreeing", "1"),
        ("orphans", "0"),
        ("missing", "0"),
        ("differing", "0"),
        ("foreign", "0"),
    ] {
        assert_eq!(drill.evidence.get(kind), Some(value), "{kind}");
    }
}

/// The host was down when the deadline passed: what the provider made meanwhile is found all the same.
#[tokio::test]
async fn a_deadline_that_passed_while_the_host_was_down_does_not_hide_what_was_made() {
    let provider = Provider::new(|asked, _, honest| match asked.call {
        "create" => goes_on(30),
        _ => honest,
    });
    let daily = SCHEDULES.split("\n[[schedule]]\nname = \"drill\"").next();
    let schedules = daily.unwrap().to_owned() + "timeout = \"1h\"\n";
    let host =
        SimulatedHost::served_by("2026-11-20T00:00Z", &schedules, Arc::clone(&provider) as _);
    host.run("2026-11-20T03:10Z").await;
    assert_eq!(host.record().await, ["daily acme 03:00 unfinished"]);
    host.clock.sleep_until(at("2026-11-20T06:00Z")).await;
    host.run("2026-11-20T07:00Z").await;
    assert_eq!(host.record().await, ["daily acme 03:00 succeeded"]);
    assert_eq!(provider.asked("poll"), 0, "its time is over");
    let catalog = catalog(&host).await;
    assert_eq!(catalog.len(), 1);
    assert_eq!(catalog[0].state, SnapshotState::Assumed);
}
