//! Drills on the real engine: which snapshot, over a restart, beside retention, and what a person sees.

use std::sync::Arc;

use strongroom_domain::Outcome;
use strongroom_ledger::OpenMode;
use strongroom_ledger::SnapshotState::{Assumed, Missing, Verified};

use super::provider::{Provider, goes_on, not_found, unavailable, verified};
use super::{SCHEDULES, catalog};
use crate::simulated_host::{SimulatedHost, at};

fn two_a_day() -> String {
    SCHEDULES.replace("0 3 * * *", "0 3,9 * * *")
}

#[tokio::test]
async fn p04_the_newest_good_snapshot_is_drilled_first_and_then_older_ones() {
    let provider = Provider::new(|_, _, honest| honest);
    let schedules = two_a_day().replace("0 12 * * *", "0 12,13,14 * * *");
    let host = SimulatedHost::served_by("2026-11-20T00:00Z", &schedules, provider);
    host.run("2026-11-20T12:30Z").await;
    let states = |rows: Vec<strongroom_ledger::SnapshotRow>| -> Vec<_> {
        rows.into_iter()
            .map(|row| (row.state, row.verified_at))
            .collect()
    };
    let noon = Some(at("2026-11-20T12:00:00Z"));
    assert_eq!(
        states(catalog(&host).await),
        [(Assumed, None), (Verified, noon)]
    );
    host.run("2026-11-20T13:30Z").await;
    let one = Some(at("2026-11-20T13:00:00Z"));
    assert_eq!(
        states(catalog(&host).await),
        [(Verified, one), (Verified, noon)]
    );
    // All of them were: the one of which it is the longest ago.
    host.run("2026-11-20T14:30Z").await;
    let two = Some(at("2026-11-20T14:00:00Z"));
    assert_eq!(
        states(catalog(&host).await),
        [(Verified, one), (Verified, two)]
    );
}

#[tokio::test]
async fn a_drill_that_takes_long_goes_on_after_a_restart_with_the_same_snapshot() {
    let provider = Provider::new(|asked, _, honest| match asked.call {
        "verify" => goes_on(45),
        "poll" if asked.nth == 1 => goes_on(45),
        "poll" => verified(),
        _ => honest,
    });
    let schedules = SCHEDULES.replace("0 3 * * *", "0 3 20 11 *\"\nmissed = \"none");
    let host = SimulatedHost::served_by("2026-11-20T00:00Z", &schedules, provider.clone());
    host.run("2026-11-20T12:10Z").await;
    let drill = host.rows().await.pop().unwrap();
    assert_eq!((drill.outcome, drill.operation.is_some()), (None, true));
    // Nothing deletes it meanwhile.
    assert_eq!(catalog(&host).await[0].holds.len(), 1);
    host.run("2026-11-20T23:00Z").await;
    let drill = host.rows().await.pop().unwrap();
    assert_eq!(
        drill.outcome,
        Some(Outcome::Succeeded),
        "{:?}",
        drill.reason
    );
    assert_eq!((provider.asked("verify"), provider.asked("poll")), (1, 2));
    let [row] = &catalog(&host).await[..] else {
        panic!("one snapshot");
    };
    assert_eq!((row.state, row.holds.len()), (Verified, 0));
    assert_eq!(
        drill.evidence.get("drilled"),
        Some(row.id.to_string().as_str())
    );
}

#[tokio::test]
async fn a_drill_without_a_snapshot_fails_and_says_so() {
    let provider = Provider::new(|_, _, honest| honest);
    let host = SimulatedHost::served_by("2026-11-20T04:00Z", SCHEDULES, provider.clone());
    host.run("2026-11-20T23:00Z").await;
    assert_eq!(host.record().await, ["drill acme 12:00 failed"]);
    let reason = host.rows().await.pop().unwrap().reason.unwrap();
    assert_eq!(
        reason,
        "not-found: `daily` has no good snapshot of acme to drill"
    );
    assert_eq!(provider.asked("verify"), 0);
}

#[tokio::test]
async fn a_drill_of_a_provider_that_is_away_is_tried_again_and_says_nothing_of_the_snapshot() {
    let provider = Provider::new(|asked, _, honest| match asked.call {
        "verify" if asked.nth < 3 => unavailable(),
        _ => honest,
    });
    let schedules = SCHEDULES.replace("attempts = 1", "attempts = 3, delay = \"5m\"");
    let host = SimulatedHost::served_by("2026-11-20T00:00Z", &schedules, provider.clone());
    host.run("2026-11-20T23:00Z").await;
    assert_eq!(
        host.record().await,
        ["daily acme 03:00 succeeded", "drill acme 12:00 succeeded"]
    );
    assert_eq!(provider.asked("verify"), 3);
    assert_eq!(catalog(&host).await[0].state, Verified);
}

#[tokio::test]
async fn a_snapshot_that_was_missing_and_is_there_again_is_assumed_until_the_next_drill() {
    let provider = Provider::new(|asked, _, honest| match asked.call {
        "get" if asked.nth == 2 => not_found("it"),
        _ => honest,
    });
    let daily = SCHEDULES.replace("0 3 * * *", "0 3 20 11 *");
    let host = SimulatedHost::served_by("2026-11-20T00:00Z", &daily, Arc::clone(&provider) as _);
    host.run("2026-11-20T13:00Z").await;
    assert_eq!(catalog(&host).await[0].state, Missing);
    // With nothing good to drill, the shelf is looked at first.
    host.run("2026-11-21T13:00Z").await;
    let record = host.record().await;
    assert_eq!(
        record.last().unwrap(),
        "drill acme 12:00 succeeded",
        "{record:?}"
    );
    assert_eq!(catalog(&host).await[0].state, Verified);
    let ledger = host.ledger(OpenMode::Reader).await;
    let head = ledger.audit_state().await.unwrap();
    ledger.close().await;
    assert!(head.size > 0);
}
