//! Metrics for Prometheus, counted from the record and nothing else: what is not on record is not counted.
//!
//! The file is replaced whole. A dead host writes no new one: alert on the age of the file or of
//! `strongroom_written_timestamp_seconds`, which is the dead man's switch.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use serde_json::{Value, json};
use strongroom_domain::Outcome;
use strongroom_ledger::{Ledger, LedgerError, OpenMode, Tally};
use strongroom_orchestrator::{Clock, SystemClock};

use crate::arguments::Arguments;
use crate::compose;
use crate::error::CliError;
use crate::print;

/// How often the file is written.
const EVERY: Duration = Duration::from_secs(15);

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Ended {
    schedule: String,
    tenant: String,
    outcome: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Pair {
    schedule: String,
    tenant: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Named {
    name: String,
}

pub(crate) async fn run(arguments: &Arguments) -> Result<u8, CliError> {
    let ledger = compose::ledger(arguments, OpenMode::Reader).await?;
    let now = SystemClock.now();
    if arguments.json {
        let value = value(ledger.as_ref(), now).await?;
        ledger.close().await;
        print::json(&value)?;
        return Ok(0);
    }
    let text = text(ledger.as_ref(), now).await?;
    ledger.close().await;
    print::line(text.trim_end());
    Ok(0)
}

/// The same figures for programs.
async fn value(ledger: &dyn Ledger, now: Timestamp) -> Result<Value, LedgerError> {
    let (mut ended, mut unfinished, mut success) = (Vec::new(), Vec::new(), Vec::new());
    let mut rehearsed = Vec::new();
    for tally in ledger.tally().await? {
        let (schedule, tenant, count) = (&tally.schedule, &tally.tenant, tally.count);
        let Some(outcome) = tally.outcome else {
            if !tally.shadow {
                unfinished.push(json!({ "schedule": schedule, "tenant": tenant, "count": count }));
            }
            continue;
        };
        let counted = json!({
            "schedule": schedule, "tenant": tenant, "outcome": outcome, "count": count,
        });
        if tally.shadow {
            rehearsed.push(counted);
            continue;
        }
        if let (Outcome::Succeeded, Some(at)) = (outcome, tally.last_ended) {
            success.push(json!({ "schedule": schedule, "tenant": tenant, "at": at }));
        }
        ended.push(counted);
    }
    let notices = ledger.notices().await?;
    let notices: Vec<String> = notices.into_iter().map(|notice| notice.name).collect();
    Ok(json!({
        "occurrences": ended, "unfinished": unfinished, "last_success": success, "notices": notices, "written": now,
        "shadow_occurrences": rehearsed,
    }))
}

/// What ended and what goes on, counted.
#[derive(Default)]
struct Counts {
    ended: Family<Ended, Gauge>,
    rehearsed: Family<Ended, Gauge>,
    unfinished: Family<Pair, Gauge>,
    success: Family<Pair, Gauge>,
}

impl Counts {
    fn register(&self, registry: &mut Registry) {
        for (name, help, family) in [
            (
                "occurrences",
                "Ended occurrences on record by outcome",
                &self.ended,
            ),
            (
                "shadow_occurrences",
                "Ended occurrences of shadows by outcome: they are counted nowhere else",
                &self.rehearsed,
            ),
        ] {
            registry.register(name, help, family.clone());
        }
        for (name, help, family) in [
            (
                "unfinished",
                "Occurrences that have not ended",
                &self.unfinished,
            ),
            (
                "last_success_timestamp_seconds",
                "When a run last succeeded",
                &self.success,
            ),
        ] {
            registry.register(name, help, family.clone());
        }
    }

    fn add(&self, tally: &Tally) {
        let (schedule, tenant) = (tally.schedule.to_string(), tally.tenant.to_string());
        let count = i64::try_from(tally.count).unwrap_or(i64::MAX);
        let pair = || Pair {
            schedule: schedule.clone(),
            tenant: tenant.clone(),
        };
        let Some(outcome) = tally.outcome else {
            if !tally.shadow {
                self.unfinished.get_or_create(&pair()).set(count);
            }
            return;
        };
        if let (Outcome::Succeeded, false, Some(at)) = (outcome, tally.shadow, tally.last_ended) {
            self.success.get_or_create(&pair()).set(at.as_second());
        }
        let family = if tally.shadow {
            &self.rehearsed
        } else {
            &self.ended
        };
        let ended = Ended {
            schedule,
            tenant,
            outcome: outcome.to_string(),
        };
        family.get_or_create(&ended).set(count);
    }
}

/// Everything in the text format of OpenMetrics.
async fn text(ledger: &dyn Ledger, now: Timestamp) -> Result<String, LedgerError> {
    let counts = Counts::default();
    let notices = Family::<Named, Gauge>::default();
    let written: Gauge = Gauge::default();
    let mut registry = Registry::with_prefix("strongroom");
    counts.register(&mut registry);
    registry.register("notice", "1 for each standing notice", notices.clone());
    registry.register(
        "written_timestamp_seconds",
        "When these figures were counted",
        written.clone(),
    );
    for tally in ledger.tally().await? {
        counts.add(&tally);
    }
    ages(&mut registry, ledger, now).await?;
    for notice in ledger.notices().await? {
        notices.get_or_create(&Named { name: notice.name }).set(1);
    }
    written.set(now.as_second());
    let mut text = String::new();
    // Writing into a string does not fail.
    let _always = encode(&mut text, &registry).is_ok();
    Ok(text)
}

/// How old the newest good snapshots are of which that is asked.
async fn ages(
    registry: &mut Registry,
    ledger: &dyn Ledger,
    now: Timestamp,
) -> Result<(), LedgerError> {
    let (age, most) = (
        Family::<Pair, Gauge>::default(),
        Family::<Pair, Gauge>::default(),
    );
    registry.register(
        "newest_snapshot_age_seconds",
        "How old the newest good snapshot is; without one, since when the schedule is known",
        age.clone(),
    );
    registry.register(
        "newest_snapshot_max_age_seconds",
        "How old it may become",
        most.clone(),
    );
    let seconds = |length: Duration| i64::try_from(length.as_secs()).unwrap_or(i64::MAX);
    for shelf in ledger.ages().await? {
        let pair = Pair {
            schedule: shelf.schedule.to_string(),
            tenant: shelf.tenant.to_string(),
        };
        age.get_or_create(&pair).set(seconds(shelf.age.at(now)));
        most.get_or_create(&pair).set(seconds(shelf.age.most));
    }
    Ok(())
}

/// Writes the file again and again.
pub(crate) async fn keep(ledger: Arc<dyn Ledger>, file: PathBuf) {
    let clock = SystemClock;
    loop {
        match text(ledger.as_ref(), clock.now()).await {
            Ok(text) => {
                if let Err(error) = replace(&file, &text) {
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
