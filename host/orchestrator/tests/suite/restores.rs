//! Restores: to a name at a provider or into a folder, never of a snapshot that goes meanwhile.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use strongroom_domain::Evidence;
use strongroom_domain::retry::Failure;
use strongroom_domain::role::Role;
use strongroom_domain::schedule::Schedule;
use strongroom_ledger::{
    CatalogChange, Ledger, OpenMode, SnapshotFilter, SnapshotRow, SnapshotState,
};
use strongroom_orchestrator::Waited;
use strongroom_orchestrator::roles::snapshots::restore::{RestoreTo, ShelfError, Wish, restore};
use strongroom_orchestrator::{CallContext, Clock, Prepared, Replies, Served, SimulatedClock};
use strongroom_sandbox::call::{Call, CallResult};
use strongroom_sandbox::role::snapshots::Action;
use strongroom_sandbox::role::{Answer, Request};

use crate::simulated_host::{SimulatedHost, at, done, goes_on};

const DAILY: &str = r#"
[[schedule]]
name = "daily"
plugin = "disks"
tenants = ["acme"]
cron = "0 3 * * *"
retention = { keep-last = 1 }
"#;

/// A provider whose restore takes as many polls as it says; it looks at the ledger meanwhile.
struct Provider {
    polls: Mutex<u32>,
    asked: Mutex<Vec<String>>,
    seen: Mutex<Vec<SnapshotRow>>,
}

#[async_trait]
impl Replies for Provider {
    async fn reply(
        &self,
        context: &CallContext,
        _: &Schedule,
        call: &Call,
        request: Request,
    ) -> CallResult<Answer> {
        let rows = context
            .ledger
            .snapshots(SnapshotFilter::default())
            .await
            .unwrap();
        *self.seen.lock().unwrap() = rows;
        match request {
            Request::Snapshots(Action::Restore { place, .. }) => {
                let run = format!("{place} {}", call.run_id);
                self.asked.lock().unwrap().push(run);
            }
            Request::Snapshots(Action::Poll { .. }) => {}
            other => panic!("{other:?}"),
        }
        let mut polls = self.polls.lock().unwrap();
        if *polls == 0 {
            return done(&[("volume", "acme-restored")]);
        }
        *polls -= 1;
        goes_on(Duration::from_secs(60))
    }

    fn offers(&self, feature: &str) -> bool {
        feature == "restore"
    }
}

struct Restoring {
    _host: SimulatedHost,
    ledger: Arc<dyn Ledger>,
    context: CallContext,
    prepared: Prepared,
    provider: Arc<Provider>,
    clock: SimulatedClock,
}

impl Restoring {
    /// One snapshot, and a provider that works for so many polls.
    async fn new(polls: u32) -> (Self, SnapshotRow) {
        let host = SimulatedHost::new("2026-11-20T00:00Z", DAILY, |_, _| {
            (Duration::ZERO, done(&[]))
        });
        host.run("2026-11-20T04:00Z").await;
        let provider = Arc::new(Provider {
            polls: Mutex::new(polls),
            asked: Mutex::default(),
            seen: Mutex::default(),
        });
        let prepared = host.prepared_with("daily", provider.clone());
        let ledger = host.ledger(OpenMode::Visitor).await;
        let clock = SimulatedClock::new(at("2026-11-20T05:00Z"));
        let context = CallContext::new(Arc::new(clock.clone()), ledger.clone());
        let row = ledger
            .snapshots(SnapshotFilter::default())
            .await
            .unwrap()
            .remove(0);
        let new = Self {
            _host: host,
            ledger,
            context,
            prepared,
            provider,
            clock,
        };
        (new, row)
    }

    async fn restore(
        &self,
        row: &SnapshotRow,
        stop: impl Future<Output = ()>,
    ) -> Result<Waited, ShelfError> {
        let wish = Wish {
            target: RestoreTo::Name("acme-restored".to_owned()),
            paths: Vec::new(),
            person: "ana".to_owned(),
        };
        restore(&self.context, &self.prepared, row, wish, stop).await
    }

    async fn row(&self) -> SnapshotRow {
        self.ledger
            .snapshots(SnapshotFilter::default())
            .await
            .unwrap()
            .remove(0)
    }
}

#[tokio::test]
async fn p04_a_restore_to_a_name_waits_for_the_provider_and_holds_its_snapshot() {
    let (restoring, row) = Restoring::new(3).await;
    let waited = restoring
        .restore(&row, std::future::pending())
        .await
        .unwrap();
    let Waited::Done(Evidence(facts)) = waited else {
        panic!("{waited:?}");
    };
    assert_eq!(facts, [("volume".to_owned(), "acme-restored".to_owned())]);
    let asked = restoring.provider.asked.lock().unwrap().clone();
    assert_eq!(asked.len(), 1);
    // A run of its own: a provider that knows runs must not hand out an earlier restore.
    assert!(asked[0].starts_with("acme-restored ") && !asked[0].contains(&row.id.to_string()));
    let meanwhile = restoring.provider.seen.lock().unwrap()[0].clone();
    let hold = &meanwhile.holds[0];
    assert_eq!(hold.reason, "ana restores it to acme-restored");
    assert_eq!(hold.until, Some(at("2026-11-21T05:00Z")));
    assert_eq!(restoring.row().await.holds, []);
    assert!(restoring.clock.now() >= at("2026-11-20T05:03Z"));
}

#[tokio::test]
async fn p04_a_person_who_stops_waiting_is_told_what_goes_on_and_the_snapshot_stays_held() {
    let (restoring, row) = Restoring::new(100).await;
    let clock = restoring.clock.clone();
    // Who waits to stop it counts as one more that works.
    let _work = clock.work();
    let stop = async move { clock.sleep_until(at("2026-11-20T05:05:30Z")).await };
    let waited = restoring.restore(&row, stop).await.unwrap();
    assert!(
        matches!(&waited, Waited::Left(Some(note)) if note == "at the provider"),
        "{waited:?}"
    );
    assert_eq!(restoring.row().await.holds.len(), 1);
}

#[tokio::test]
async fn s7_what_is_held_is_not_deleted_and_what_is_being_deleted_is_not_restored() {
    let (restoring, row) = Restoring::new(100).await;
    let clock = restoring.clock.clone();
    // Who waits to stop it counts as one more that works.
    let _work = clock.work();
    let stop = async move { clock.sleep_until(at("2026-11-20T05:01:30Z")).await };
    let _ = restoring.restore(&row, stop).await.unwrap();
    let deleting = |at| CatalogChange::State {
        id: row.id,
        state: SnapshotState::Deleting,
        error: None,
        at,
    };
    let now = restoring.clock.now();
    let refused = restoring
        .ledger
        .change_catalog(vec![deleting(now)], Vec::new(), now);
    let refused = refused.await.unwrap_err().to_string();
    assert!(refused.contains("is held by `restore-"), "{refused}");
    // When its time is up, it counts no more.
    let later = at("2026-11-22T00:00Z");
    let done = restoring
        .ledger
        .change_catalog(vec![deleting(later)], Vec::new(), later);
    done.await.unwrap();
    let error = restoring
        .restore(&row, std::future::pending())
        .await
        .unwrap_err();
    assert!(matches!(error, ShelfError::Gone(_)), "{error}");
}

#[tokio::test]
async fn p04_a_restore_that_fails_releases_its_snapshot() {
    struct Fails;
    #[async_trait]
    impl Replies for Fails {
        async fn reply(
            &self,
            _: &CallContext,
            _: &Schedule,
            _: &Call,
            _: Request,
        ) -> CallResult<Answer> {
            CallResult::Failed(Failure::quota("full"))
        }

        fn offers(&self, _: &str) -> bool {
            true
        }
    }
    let (mut restoring, row) = Restoring::new(0).await;
    restoring.prepared.served = Served::Replies(Arc::new(Fails));
    assert_eq!(restoring.prepared.role, Role::Snapshots);
    let error = restoring
        .restore(&row, std::future::pending())
        .await
        .unwrap_err();
    assert_eq!(error.to_string(), "quota: full");
    assert_eq!(restoring.row().await.holds, []);
}
