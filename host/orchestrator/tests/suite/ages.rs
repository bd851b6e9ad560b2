//! The newest good snapshot may not become too old: told once, also over a restart, and seen without a host.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;
use strongroom_domain::retry::Failure;
use strongroom_domain::{ScheduleName, TenantName};
use strongroom_ledger::{OccurrenceRow, OpenMode, ShelfAge};
use strongroom_orchestrator::{Clock, Observer};
use strongroom_sandbox::call::CallResult;
use strongroom_sandbox::capability::progress::Report;

use crate::simulated_host::{SimulatedHost, at, done};

const DAILY: &str = r#"
[[schedule]]
name = "daily"
plugin = "disks"
tenants = ["acme"]
cron = "0 3 * * *"
max-age = "36h"
"#;

/// What was told, each with its time.
#[derive(Default)]
struct Told(Mutex<Vec<String>>);

impl Observer for Told {
    fn progress(&self, _: &ScheduleName, _: &TenantName, _: &Report) {}
    fn started(&self, _: &ScheduleName, _: &TenantName, _: Timestamp, _: u32) {}
    fn alert(&self, _: &OccurrenceRow) {}
    fn age(&self, shelf: &ShelfAge, too_old: bool, now: Timestamp) {
        let word = if too_old { "too old" } else { "fresh" };
        let line = format!("{} {} {word}", now.strftime("%d %H:%M"), shelf.schedule);
        self.0.lock().unwrap().push(line);
    }
    fn goes_on(&self, _: &ScheduleName, _: &TenantName, _: &str, _: Option<u8>) {}
    fn ended(&self, _: &ScheduleName, _: &TenantName, _: Timestamp, _: &str) {}
}

/// Creations fail from one moment up to another.
fn failing(from: &str, to: &str) -> (SimulatedHost, Arc<Told>) {
    let (from, to) = (at(from), at(to));
    let clock: Arc<Mutex<Option<strongroom_orchestrator::SimulatedClock>>> = Arc::default();
    let seen = clock.clone();
    let mut host = SimulatedHost::new("2026-11-20T00:00Z", DAILY, move |_, call| {
        let now = seen.lock().unwrap().as_ref().map(|clock| clock.now());
        if call == "create" && now.is_some_and(|now| from <= now && now < to) {
            let detail = "no".to_owned();
            return (Duration::ZERO, CallResult::Failed(Failure::denied(detail)));
        }
        (Duration::ZERO, done(&[]))
    });
    *clock.lock().unwrap() = Some(host.clock.clone());
    let told = Arc::new(Told::default());
    host.observer = told.clone();
    (host, told)
}

#[tokio::test]
async fn p08_somebody_is_told_once_for_each_time_it_becomes_too_old_also_over_a_restart() {
    let (host, told) = failing("2026-11-22T00:00Z", "2026-11-25T00:00Z");
    // The last good one is of the 21st at three: too old from the 22nd at 15:00 on.
    host.run("2026-11-22T14:00Z").await;
    assert_eq!(*told.0.lock().unwrap(), [""; 0]);
    host.run("2026-11-23T12:00Z").await;
    assert_eq!(*told.0.lock().unwrap(), ["22 15:00 daily too old"]);
    // Another host on the same record.
    host.run("2026-11-24T12:00Z").await;
    assert_eq!(told.0.lock().unwrap().len(), 1);
    host.run("2026-11-25T12:00Z").await;
    assert_eq!(told.0.lock().unwrap()[1..], ["25 03:00 daily fresh"]);
}

#[tokio::test]
async fn p08_a_schedule_that_never_made_one_counts_from_when_it_was_first_seen() {
    let (mut host, told) = failing("2026-11-20T00:00Z", "2026-11-30T00:00Z");
    host.run("2026-11-21T11:00Z").await;
    assert_eq!(*told.0.lock().unwrap(), [""; 0]);
    host.run("2026-11-22T00:00Z").await;
    assert_eq!(*told.0.lock().unwrap(), ["21 12:00 daily too old"]);
    // What is no longer asked is no longer told of, and the first moment stays known.
    host.edit(&DAILY.replace("max-age = \"36h\"", ""));
    host.run("2026-11-22T12:00Z").await;
    let ledger = host.ledger(OpenMode::Reader).await;
    assert_eq!(ledger.ages().await.unwrap(), []);
    ledger.close().await;
    host.edit(DAILY);
    host.run("2026-11-23T00:00Z").await;
    let ledger = host.ledger(OpenMode::Reader).await;
    let ages = ledger.ages().await.unwrap();
    ledger.close().await;
    assert_eq!(ages[0].age.since, at("2026-11-20T00:00Z"));
    assert_eq!(told.0.lock().unwrap().len(), 1);
}
