//! What every engine of the ledger keeps: one suite, run on each engine.
//!
//! A new engine is a function that makes a place, and a line in `on_every_engine`.
//! Never: how an engine stores it; tests of that are the engine's own.

mod ages;
mod cancel;
mod catalog;
mod claims;
mod controls;
mod hosts;
mod invariants;
mod limits;
mod overlap;
mod planning;
mod plugins;
mod recording;
pub(crate) mod samples;
mod state;
mod turns;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use strongroom_domain::schedule::{Limits, Overlap, Priority};
use strongroom_domain::{Outcome, PluginName, ScheduleName, TenantName};
use tempfile::TempDir;
use uuid::Uuid;

use crate::audit::tests::exported_entries;
use crate::catalog::{SnapshotFilter, SnapshotRow, SnapshotState};
use crate::error::LedgerError;
use crate::ledger::Ledger;
use crate::occurrences::{
    AttemptRecord, AttemptRow, Claim, ClaimRequest, NewOccurrence, Next, OccurrenceFilter,
    OccurrenceRow, Origin, Plan, Renewal, Transition,
};
use crate::sqlite::OpenMode;
use samples::*;

/// Makes a test of each function for every engine.
macro_rules! on_every_engine {
    ($($test:ident),+ $(,)?) => {
        crate::suite::tests_on!(sqlite: $($test),+);
    };
}

macro_rules! tests_on {
    ($engine:ident: $($test:ident),+) => {
        mod $engine {
            $(
                #[tokio::test]
                async fn $test() {
                    super::$test(crate::suite::$engine).await;
                }
            )+
        }
    };
}

use {on_every_engine, tests_on};

/// An engine under test: makes the place of a new ledger.
type Engine = fn() -> Box<dyn Place>;

/// Where an engine keeps one ledger; gone when it is dropped.
#[async_trait(?Send)]
pub(crate) trait Place {
    /// Opens the ledger as another process would; as a host, makes it if there is none.
    async fn open(&self, mode: OpenMode) -> Result<Arc<dyn Ledger>, LedgerError>;
}

fn sqlite() -> Box<dyn Place> {
    Box::new(tempfile::tempdir().unwrap())
}

#[async_trait(?Send)]
impl Place for TempDir {
    async fn open(&self, mode: OpenMode) -> Result<Arc<dyn Ledger>, LedgerError> {
        crate::open(self.path(), mode).await
    }
}

/// A host's ledger and its place.
pub(crate) struct Fixture<P = Box<dyn Place>, L: ?Sized = dyn Ledger> {
    pub(crate) place: P,
    pub(crate) ledger: Arc<L>,
}

impl Fixture {
    async fn new(engine: Engine) -> Self {
        Self::opened(engine, OpenMode::Host).await
    }

    async fn opened(engine: Engine, mode: OpenMode) -> Self {
        let place = engine();
        let ledger = place.open(mode).await.unwrap();
        Self { place, ledger }
    }

    /// The same ledger, opened once more.
    async fn join(&self, mode: OpenMode) -> Arc<dyn Ledger> {
        self.place.open(mode).await.unwrap()
    }
}

impl<P, L: Ledger + ?Sized> Fixture<P, L> {
    pub(crate) async fn plan(
        &self,
        occurrences: Vec<NewOccurrence>,
        now: i64,
    ) -> crate::PlanReport {
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
    pub(crate) async fn claim(&self, now: i64) -> Vec<Claim> {
        self.ledger.claim(request(now)).await.unwrap().claims
    }

    pub(crate) async fn claim_one(&self, now: i64) -> Claim {
        let mut claims = self.claim(now).await;
        assert_eq!(claims.len(), 1);
        claims.remove(0)
    }

    pub(crate) async fn record(&self, claim: &Claim, next: Next, now: i64) -> bool {
        self.record_all(vec![transition(claim, next)], now).await[0]
    }

    pub(crate) async fn record_all(&self, transitions: Vec<Transition>, now: i64) -> Vec<bool> {
        let report = self.ledger.record(transitions, at(now)).await;
        report.unwrap().written
    }

    pub(crate) async fn renew(&self, claims: &[(Uuid, i64)], until: i64) -> Vec<Renewal> {
        self.ledger.renew(claims, at(until)).await.unwrap()
    }

    pub(crate) async fn next_wake(&self) -> Option<Timestamp> {
        self.ledger.next_wake(None, None).await.unwrap()
    }

    pub(crate) async fn attempts(&self, occurrence: Uuid) -> Vec<AttemptRow> {
        self.ledger.attempts(occurrence).await.unwrap()
    }

    pub(crate) async fn occurrences(&self, filter: OccurrenceFilter) -> Vec<OccurrenceRow> {
        self.ledger.occurrences(filter).await.unwrap()
    }

    pub(crate) async fn snapshots(&self, filter: SnapshotFilter) -> Vec<SnapshotRow> {
        self.ledger.snapshots(filter).await.unwrap()
    }

    /// A snapshot that is in the catalog.
    pub(crate) async fn snapshot(&self, id: Uuid) -> SnapshotRow {
        self.ledger.snapshot(id).await.unwrap().unwrap()
    }

    pub(crate) async fn row(&self, id: Uuid) -> OccurrenceRow {
        let filter = OccurrenceFilter {
            id: Some(id),
            ..OccurrenceFilter::default()
        };
        self.occurrences(filter).await.remove(0)
    }

    pub(crate) async fn size(&self) -> u64 {
        self.ledger.audit_state().await.unwrap().size
    }

    /// The audit log's entries as text, from an export that verifies.
    pub(crate) async fn entries(&self) -> Vec<String> {
        let export = tempfile::tempdir().unwrap();
        let report = self.ledger.export_audit(export.path()).await.unwrap();
        crate::verify_export(export.path(), &report.verifier, None).unwrap();
        exported_entries(export.path(), report.size)
    }

    /// Gives the ledger up as a crash would: nothing is closed.
    pub(crate) fn crash(self) -> P {
        self.place
    }

    pub(crate) async fn outcome(&self, new: &NewOccurrence) -> (Option<Outcome>, Option<String>) {
        let row = self.row(new.id).await;
        (row.outcome, row.reason)
    }

    /// Dues of what is claimed now, in seconds.
    pub(crate) async fn dues(&self, now: i64) -> Vec<i64> {
        let claims = self.claim(now).await;
        let start = at(0).as_second();
        claims
            .iter()
            .map(|claim| claim.due.as_second() - start)
            .collect()
    }
}
