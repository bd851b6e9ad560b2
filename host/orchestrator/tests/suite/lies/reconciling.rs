//! Reconciliation: what the provider has and the catalog has not, and the other way round; nothing is deleted.

use std::sync::Arc;

use jiff::ToSpan;
use strongroom_domain::{Evidence, TenantName};
use strongroom_ledger::SnapshotState::{Assumed, Damaged, Missing};
use strongroom_ledger::{CatalogChange, OpenMode, SnapshotRow};
use strongroom_orchestrator::roles::snapshots::reconcile::{Comparison, reconcile};
use strongroom_orchestrator::{CallContext, Clock};
use strongroom_sandbox::call::CallResult;
use strongroom_sandbox::role::Answer;
use strongroom_sandbox::role::snapshots::{Page, SnapshotState};
use uuid::Uuid;

use super::provider::{Asked, Provider, Shelf, listed, not_found, snapshot, trapped};
use super::{SCHEDULES, catalog};
use crate::simulated_host::SimulatedHost;

const OTHER: &str = "0190a000-0000-7000-8000-000000000000";

fn daily() -> &'static str {
    SCHEDULES
        .split("\n[[schedule]]\nname = \"drill\"")
        .next()
        .unwrap()
}

/// Three days of honest snapshots; then the lie begins.
async fn three_days(
    lie: impl Fn(&Asked, &mut Shelf, CallResult<Answer>) -> CallResult<Answer> + Send + Sync + 'static,
) -> (SimulatedHost, Arc<Provider>) {
    let provider = Provider::new(move |asked, shelf, honest| {
        let honest_days = "2026-11-22T20:00:00Z".parse().unwrap();
        if asked.now < honest_days {
            honest
        } else {
            lie(asked, shelf, honest)
        }
    });
    let host = SimulatedHost::served_by("2026-11-20T00:00Z", daily(), provider.clone());
    host.run("2026-11-22T20:00Z").await;
    assert_eq!(catalog(&host).await.len(), 3);
    (host, provider)
}

async fn compared(host: &SimulatedHost) -> Result<Comparison, String> {
    let ledger = host.ledger(OpenMode::Scratch).await;
    let context = CallContext::new(Arc::new(host.clock.clone()), ledger.clone());
    let prepared = host.prepared("daily");
    let tenant = TenantName::new("acme").unwrap();
    let found = reconcile(&context, &prepared, &tenant).await;
    ledger.close().await;
    found.map_err(|error| error.to_string())
}

async fn notices(host: &SimulatedHost) -> Vec<String> {
    let ledger = host.ledger(OpenMode::Reader).await;
    let notices = ledger.notices().await.unwrap();
    ledger.close().await;
    notices
        .into_iter()
        .map(|notice| format!("{}: {}", notice.name, notice.text))
        .collect()
}

fn counts(found: &Comparison) -> [u64; 6] {
    let (orphans, missing, differing) = (&found.orphans, &found.missing, &found.differing);
    [
        found.agreeing,
        orphans.count,
        missing.count,
        differing.count,
        found.foreign,
        found.under_way,
    ]
}

#[tokio::test]
async fn what_agrees_is_counted_and_leaves_no_notice() {
    let (host, _) = three_days(|_, _, honest| honest).await;
    assert_eq!(counts(&compared(&host).await.unwrap()), [3, 0, 0, 0, 0, 0]);
    assert_eq!(notices(&host).await, [""; 0]);
}

#[tokio::test]
async fn orphans_are_told_and_stay_and_what_is_not_ours_is_counted() {
    let (host, provider) = three_days(|_, _, honest| honest).await;
    let now = host.clock.now();
    provider.shelf(|shelf| {
        // Ours by its labels, made by nobody the host knows.
        let orphan = snapshot(OTHER, "acme", now);
        shelf.insert(orphan.reference.clone(), orphan);
        // Somebody else's, by hand, and of another tenant.
        for (name, run, tenant) in [("by-hand", None, "acme"), ("theirs", Some(OTHER), "globex")] {
            let mut foreign = snapshot(OTHER, tenant, now);
            foreign.reference = name.to_owned();
            foreign.run_id = run.map(str::to_owned);
            shelf.insert(name.to_owned(), foreign);
        }
    });
    let found = compared(&host).await.unwrap();
    assert_eq!(counts(&found), [3, 1, 0, 0, 2, 0]);
    assert_eq!(found.orphans.first[0].reference, format!("snap-{OTHER}"));
    assert_eq!(
        (
            provider.asked("delete"),
            provider.shelf(|shelf| shelf.len())
        ),
        (0, 6)
    );
    let notices = notices(&host).await;
    assert!(notices[0].starts_with("reconcile:daily/acme: daily acme: the provider and the catalog do not agree: 1 orphan\n"), "{notices:?}");
}

#[tokio::test]
async fn what_is_missing_is_looked_for_once_more_and_no_longer_good() {
    let (host, provider) = three_days(|_, _, honest| honest).await;
    let taken = provider.shelf(|shelf| shelf.pop_first().unwrap());
    let found = compared(&host).await.unwrap();
    assert_eq!(counts(&found), [2, 0, 1, 0, 0, 0]);
    let stands = |rows: Vec<SnapshotRow>| {
        rows.into_iter()
            .find(|row| row.reference == taken.0)
            .unwrap()
            .state
    };
    assert_eq!(stands(catalog(&host).await), Missing);
    // Still missing: it is told again, and not marked again.
    assert_eq!(counts(&compared(&host).await.unwrap()), [2, 0, 1, 0, 0, 0]);
    provider.shelf(|shelf| shelf.insert(taken.0.clone(), taken.1.clone()));
    assert_eq!(counts(&compared(&host).await.unwrap()), [3, 0, 0, 0, 0, 0]);
    assert_eq!(stands(catalog(&host).await), Assumed);
    assert_eq!(notices(&host).await, [""; 0]);
}

#[tokio::test]
async fn what_the_list_hides_and_get_finds_is_not_missing() {
    let (host, _) = three_days(|asked, _, honest| match asked.call {
        "list" => listed(honest, Vec::clear),
        _ => honest,
    })
    .await;
    let found = compared(&host).await.unwrap();
    assert_eq!(counts(&found), [0, 0, 0, 3, 0, 0]);
    assert!(
        found.differing.first[0]
            .what
            .contains("the list does not show it")
    );
    assert!(catalog(&host).await.iter().all(|row| row.state == Assumed));
}

#[tokio::test]
async fn what_differs_is_read_back_before_it_counts_as_damaged() {
    let (host, provider) = three_days(|asked, _, honest| match asked.call {
        // The list alone is wrong about the third.
        "list" => listed(honest, |page| page[2].size = Some(1)),
        _ => honest,
    })
    .await;
    provider.shelf(|shelf| {
        let mut all: Vec<_> = shelf.values_mut().collect();
        all.sort_by_key(|one| one.taken_at);
        all[0].source = Some("disk-8".to_owned());
        all[1].state = SnapshotState::Failed;
    });
    let found = compared(&host).await.unwrap();
    assert_eq!(counts(&found), [0, 0, 0, 3, 0, 0]);
    let states: Vec<_> = catalog(&host)
        .await
        .into_iter()
        .map(|row| row.state)
        .collect();
    assert_eq!(states, [Damaged, Damaged, Assumed]);
}

#[tokio::test]
async fn a_run_under_way_is_no_orphan() {
    let (host, provider) = three_days(|_, _, honest| honest).await;
    let ledger = host.ledger(OpenMode::Scratch).await;
    let prepared = host.prepared("daily");
    let tenant = TenantName::new("acme").unwrap();
    let due = host.clock.now();
    let origin = strongroom_ledger::Origin::Person("ana".to_owned());
    let run = strongroom_orchestrator::untimed(&prepared.schedule, &tenant, due, origin);
    let id = run.id.to_string();
    let plan = strongroom_ledger::Plan {
        occurrences: vec![run],
        watermarks: Vec::new(),
    };
    ledger.plan(plan, due).await.unwrap();
    ledger.close().await;
    provider.shelf(|shelf| {
        let mut making = snapshot(&id, "acme", due);
        making.state = SnapshotState::Creating;
        shelf.insert(making.reference.clone(), making);
    });
    assert_eq!(counts(&compared(&host).await.unwrap()), [3, 0, 0, 0, 0, 1]);
}

#[tokio::test]
async fn pages_that_are_empty_or_repeated_change_nothing() {
    let (host, _) = three_days(|asked, shelf, honest| {
        if asked.call != "list" {
            return honest;
        }
        let all: Vec<_> = shelf.values().cloned().collect();
        // Nothing, then everything, then nothing, then everything again.
        let page = if asked.nth % 2 == 0 { all } else { Vec::new() };
        let next = (asked.nth % 4 != 0).then(|| format!("page {}", asked.nth));
        CallResult::Answered(Answer::Page(Page {
            snapshots: page,
            next,
        }))
    })
    .await;
    assert_eq!(counts(&compared(&host).await.unwrap()), [3, 0, 0, 0, 0, 0]);
}

#[tokio::test]
async fn a_list_that_never_ends_or_cannot_be_had_says_nothing_of_the_catalog() {
    type Lie = fn(&Asked, &mut Shelf, CallResult<Answer>) -> CallResult<Answer>;
    let lies: [Lie; 3] = [
        |asked, _, honest| match asked.call {
            "list" => CallResult::Answered(Answer::Page(Page {
                snapshots: Vec::new(),
                next: Some("again".to_owned()),
            })),
            _ => honest,
        },
        |asked, _, honest| match asked.call {
            "list" => trapped(),
            _ => honest,
        },
        |asked, _, honest| match asked.call {
            "list" => not_found("the project"),
            _ => honest,
        },
    ];
    for lie in lies {
        let (host, _) = three_days(lie).await;
        assert!(compared(&host).await.is_err());
        assert!(catalog(&host).await.iter().all(|row| row.state == Assumed));
        assert_eq!(notices(&host).await, [""; 0]);
    }
}

#[tokio::test]
async fn ten_thousand_snapshots_are_compared_page_by_page() {
    let (host, provider) = three_days(|_, _, honest| honest).await;
    let first = catalog(&host).await.remove(0);
    let mut rows = Vec::new();
    for number in 0..10_000_u128 {
        let id = Uuid::from_u128(number + 1);
        let taken_at = first
            .taken_at
            .checked_add(i64::try_from(number).unwrap().seconds())
            .unwrap();
        let made = snapshot(&id.to_string(), "acme", taken_at);
        rows.push(CatalogChange::Added(Box::new(SnapshotRow {
            id,
            occurrence: id,
            reference: made.reference.clone(),
            taken_at,
            recorded_at: taken_at,
            evidence: Evidence::default(),
            ..first.clone()
        })));
        // One in a thousand is gone.
        if number % 1000 != 7 {
            provider.shelf(|shelf| shelf.insert(made.reference.clone(), made));
        }
    }
    let ledger = host.ledger(OpenMode::Scratch).await;
    ledger
        .change_catalog(rows, Vec::new(), host.clock.now())
        .await
        .unwrap();
    ledger.close().await;
    host.clock
        .sleep_until(host.clock.now().checked_add(24.hours()).unwrap())
        .await;
    let found = compared(&host).await.unwrap();
    assert_eq!(counts(&found), [9_993, 0, 10, 0, 0, 0]);
    assert_eq!(provider.asked("list"), 10);
    // Only what was not listed is asked after: three were read back when they were made.
    assert_eq!(provider.asked("get"), 3 + 10);
}
