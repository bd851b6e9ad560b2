//! Metrics for Prometheus, counted from the record and nothing else: what is not on record is not counted.
//!
//! The file is replaced whole. A dead host writes no new one: alert on the age of the file or of
//! `strongroom_written_timestamp_seconds`, which is the dead man's switch.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use serde_json::json;
use strongroom_domain::{Outcome, ScheduleName, TenantName, json_time};
use strongroom_ledger::{Ledger, OpenMode, ShelfAge, Tally};
use strongroom_orchestrator::{Clock, SystemClock};

use crate::{Error, Installation};

/// How often the file is written.
const EVERY: Duration = Duration::from_secs(15);

type Labels = Vec<(&'static str, String)>;
type Gauges = Family<Labels, Gauge>;

/// The figures at one moment.
#[derive(Debug)]
pub struct Metrics {
    written: Timestamp,
    tallies: Vec<Tally>,
    shelves: Vec<ShelfAge>,
    notices: Vec<String>,
}

/// Counts what is on record now.
pub async fn count(at: &Installation) -> Result<Metrics, Error> {
    let ledger = at.ledger(OpenMode::Reader).await?;
    let metrics = Metrics::at(ledger.as_ref(), SystemClock.now()).await?;
    ledger.close().await;
    Ok(metrics)
}

as_json!(Metrics, |metrics| {
    let (mut ended, mut unfinished, mut success) = (Vec::new(), Vec::new(), Vec::new());
    let mut rehearsed = Vec::new();
    for tally in &metrics.tallies {
        let (schedule, tenant, count) = (&tally.schedule, &tally.tenant, tally.count);
        let Some(outcome) = tally.outcome else {
            if !tally.shadow {
                unfinished.push(json!({ "schedule": schedule, "tenant": tenant, "count": count }));
            }
            continue;
        };
        let counted =
            json!({ "schedule": schedule, "tenant": tenant, "outcome": outcome, "count": count });
        if tally.shadow {
            rehearsed.push(counted);
            continue;
        }
        if let (Outcome::Succeeded, Some(at)) = (outcome, tally.last_ended.map(json_time::text)) {
            success.push(json!({ "schedule": schedule, "tenant": tenant, "at": at }));
        }
        ended.push(counted);
    }
    json!({
        "occurrences": ended, "unfinished": unfinished, "last_success": success, "notices": metrics.notices,
        "written": json_time::text(metrics.written), "shadow_occurrences": rehearsed,
    })
});

impl Metrics {
    async fn at(ledger: &dyn Ledger, now: Timestamp) -> Result<Self, Error> {
        let notices = ledger.notices().await?;
        Ok(Self {
            written: now,
            tallies: ledger.tally().await?,
            shelves: ledger.ages().await?,
            notices: notices.into_iter().map(|notice| notice.name).collect(),
        })
    }

    /// Everything in the text format of OpenMetrics.
    #[must_use]
    pub fn text(&self) -> String {
        let mut registry = Registry::with_prefix("strongroom");
        self.counts(&mut registry);
        let notices = family(&mut registry, "notice", "1 for each standing notice");
        for name in &self.notices {
            notices.get_or_create(&vec![("name", name.clone())]).set(1);
        }
        let written: Gauge = Gauge::default();
        written.set(self.written.as_second());
        let help = "When these figures were counted";
        registry.register("written_timestamp_seconds", help, written);
        self.ages(&mut registry);
        let mut text = String::new();
        // Writing into a string does not fail.
        let _always = encode(&mut text, &registry).is_ok();
        text
    }

    /// What ended and what goes on, counted.
    fn counts(&self, registry: &mut Registry) {
        let mut family = |name, help| family(registry, name, help);
        let ended = family("occurrences", "Ended occurrences on record by outcome");
        let rehearsed = family(
            "shadow_occurrences",
            "Ended occurrences of shadows by outcome: they are counted nowhere else",
        );
        let unfinished = family("unfinished", "Occurrences that have not ended");
        let help = "When a run last succeeded";
        let success = family("last_success_timestamp_seconds", help);
        for tally in &self.tallies {
            let mut labels = pair(&tally.schedule, &tally.tenant);
            let count = i64::try_from(tally.count).unwrap_or(i64::MAX);
            let Some(outcome) = tally.outcome else {
                if !tally.shadow {
                    unfinished.get_or_create(&labels).set(count);
                }
                continue;
            };
            let last = tally.last_ended.filter(|_| !tally.shadow);
            if let (Outcome::Succeeded, Some(at)) = (outcome, last) {
                success.get_or_create(&labels).set(at.as_second());
            }
            labels.push(("outcome", outcome.to_string()));
            let family = if tally.shadow { &rehearsed } else { &ended };
            family.get_or_create(&labels).set(count);
        }
    }

    /// How old the newest good snapshots are of which that is asked.
    fn ages(&self, registry: &mut Registry) {
        let age = family(
            registry,
            "newest_snapshot_age_seconds",
            "How old the newest good snapshot is; without one, since when the schedule is known",
        );
        let help = "How old it may become";
        let most = family(registry, "newest_snapshot_max_age_seconds", help);
        let seconds = |length: Duration| i64::try_from(length.as_secs()).unwrap_or(i64::MAX);
        for shelf in &self.shelves {
            let pair = pair(&shelf.schedule, &shelf.tenant);
            age.get_or_create(&pair)
                .set(seconds(shelf.age.at(self.written)));
            most.get_or_create(&pair).set(seconds(shelf.age.most));
        }
    }
}

fn family(registry: &mut Registry, name: &str, help: &str) -> Gauges {
    let family = Gauges::default();
    registry.register(name, help, family.clone());
    family
}

fn pair(schedule: &ScheduleName, tenant: &TenantName) -> Labels {
    vec![
        ("schedule", schedule.to_string()),
        ("tenant", tenant.to_string()),
    ]
}

/// Writes the file again and again.
pub(crate) async fn keep(ledger: Arc<dyn Ledger>, file: PathBuf) {
    let clock = SystemClock;
    loop {
        match Metrics::at(ledger.as_ref(), clock.now()).await {
            Ok(metrics) => {
                if let Err(error) = replace(&file, &metrics.text()) {
                    tracing::error!(file = %file.display(), %error, "the metrics could not be written");
                }
            }
            Err(error) => tracing::error!(%error, "the metrics could not be counted"),
        }
        clock
            .sleep_until(clock.now().checked_add(EVERY).unwrap_or(Timestamp::MAX))
            .await;
    }
}

fn replace(file: &Path, text: &str) -> std::io::Result<()> {
    let mut unfinished = file.as_os_str().to_owned();
    unfinished.push(".unfinished");
    std::fs::write(&unfinished, text)?;
    std::fs::rename(&unfinished, file)
}
