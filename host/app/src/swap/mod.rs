//! A provider rehearsed, compared, made primary, and left again.
//!
//! Owns: which two schedules are meant, and their comparison. Read next: `exchange`.

mod exchange;

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use strongroom_domain::swap::{Against, Side, against};
use strongroom_domain::{ScheduleName, json_time};
use strongroom_ledger::{Ledger, OpenMode};
use strongroom_orchestrator::roles::snapshots::comparison::side;
use strongroom_orchestrator::{Clock, Setup, SystemClock};

use crate::{Error, Installation, lookup};

pub use exchange::{Swapped, back, cut_over};

/// A schedule and its shadow, side by side.
#[derive(Debug, Serialize)]
pub struct SwapReport {
    /// Since when they are compared.
    #[serde(with = "json_time")]
    pub since: Timestamp,
    /// How many days that is.
    pub days: u32,
    /// The schedule.
    pub primary: Side,
    /// Its shadow.
    pub shadow: Side,
    /// Whether nothing speaks against a cut-over.
    pub advised: bool,
    /// What speaks against it.
    pub against: Vec<Against>,
}

/// Compares a schedule with its shadow; with `ask` also what their providers list.
pub async fn report(
    at: &Installation,
    schedule: &str,
    shadow: Option<&str>,
    days: u32,
    ask: bool,
) -> Result<SwapReport, Error> {
    let (_, _, setup) = at.setup().await?;
    let pair = Pair::of(&setup, schedule, shadow)?;
    let ledger = at.ledger(OpenMode::Reader).await?;
    let report = compare(at, &setup, &pair, days, &ledger, ask).await?;
    ledger.close().await;
    report.ok_or_else(|| Error::not_found("the two schedules are not there"))
}

/// What the two did in so many days.
async fn compare(
    at: &Installation,
    setup: &Setup,
    pair: &Pair,
    days: u32,
    ledger: &Arc<dyn Ledger>,
    ask: bool,
) -> Result<Option<SwapReport>, Error> {
    let context = at.context(Arc::new(SystemClock), ledger.clone(), None);
    let back = SignedDuration::from_hours(24 * i64::from(days));
    let since = SystemClock.now().checked_sub(back);
    let since = since.unwrap_or(Timestamp::MIN);
    let schedules = &setup.schedules;
    let (Some(primary), Some(shadow)) = (schedules.get(&pair.primary), schedules.get(&pair.shadow))
    else {
        return Ok(None);
    };
    let primary = side(&context, setup, primary, since, ask).await?;
    let shadow = side(&context, setup, shadow, since, ask).await?;
    let against = against(&primary, &shadow, days, since);
    Ok(Some(SwapReport {
        since,
        days,
        primary,
        shadow,
        advised: against.is_empty(),
        against,
    }))
}

struct Pair {
    primary: ScheduleName,
    shadow: ScheduleName,
}

impl Pair {
    /// Of a schedule, or of the shadow itself.
    fn of(setup: &Setup, typed: &str, shadow: Option<&str>) -> Result<Self, Error> {
        let prepared = lookup::prepared(setup, typed)?;
        if let (Some(primary), None) = (prepared.schedule.shadows(), shadow) {
            return Ok(Self {
                primary: primary.clone(),
                shadow: prepared.schedule.name.clone(),
            });
        }
        let primary = prepared.schedule.name.clone();
        if let Some(successor) = prepared.schedule.successor() {
            let message = format!("`{successor}` took the place of `{primary}` already");
            let hint = format!("`strongroom swap back {primary} --reason WHY` returns");
            return Err(Error::not_found(message).hint(hint));
        }
        let shadows: Vec<&ScheduleName> = setup
            .schedules
            .values()
            .filter(|one| one.schedule.shadows() == Some(&primary))
            .map(|one| &one.schedule.name)
            .collect();
        let chosen = match (shadow, shadows.as_slice()) {
            (Some(typed), all) => all.iter().find(|name| name.as_str() == typed).copied(),
            (None, [only]) => Some(*only),
            (None, []) => None,
            (None, all) => {
                let names: Vec<&str> = all.iter().map(|name| name.as_str()).collect();
                let message = format!("`{primary}` has several shadows");
                let hint = format!("name one with `--shadow`: {}", names.join(", "));
                return Err(Error::usage(message).hint(hint));
            }
        };
        let Some(chosen) = chosen.cloned() else {
            let message = match shadow {
                Some(typed) => format!("`{typed}` is no shadow of `{primary}`"),
                None => format!("`{primary}` has no shadow"),
            };
            let hint =
                format!("add an entry with the other plugin and `shadow-of = \"{primary}\"`");
            return Err(Error::not_found(message).hint(hint));
        };
        Ok(Self {
            primary,
            shadow: chosen,
        })
    }
}
