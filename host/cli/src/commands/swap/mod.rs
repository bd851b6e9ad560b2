//! `strongroom swap`: a provider rehearsed, compared, made primary, and left again.
//!
//! Owns: which two schedules are meant. Read next: `report`, `exchange`.

mod exchange;
mod report;

use jiff::{SignedDuration, Timestamp};
use strongroom_domain::ScheduleName;
use strongroom_domain::swap::Side;
use strongroom_ledger::LedgerError;
use strongroom_orchestrator::roles::snapshots::comparison::side;
use strongroom_orchestrator::{CallContext, Setup};

use crate::arguments::{Arguments, Swap};
use crate::compose;
use crate::error::CliError;

pub(crate) async fn run(arguments: &Arguments, command: &Swap) -> Result<u8, CliError> {
    match command {
        Swap::Report(options) => report::run(arguments, options).await,
        Swap::CutOver(options) => exchange::cut_over(arguments, options).await,
        Swap::Back(options) => exchange::back(arguments, options).await,
    }
}

/// A schedule and its shadow.
struct Pair {
    primary: ScheduleName,
    shadow: ScheduleName,
}

impl Pair {
    /// Of a schedule, or of the shadow itself.
    fn of(setup: &Setup, typed: &str, shadow: Option<&str>) -> Result<Self, CliError> {
        let prepared = compose::prepared(setup, typed)?;
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
            return Err(CliError::not_found(message).hint(hint));
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
                return Err(CliError::usage(message).hint(hint));
            }
        };
        let Some(chosen) = chosen.cloned() else {
            let message = match shadow {
                Some(typed) => format!("`{typed}` is no shadow of `{primary}`"),
                None => format!("`{primary}` has no shadow"),
            };
            let hint =
                format!("add an entry with the other plugin and `shadow-of = \"{primary}\"`");
            return Err(CliError::not_found(message).hint(hint));
        };
        Ok(Self {
            primary,
            shadow: chosen,
        })
    }
}

/// What the two did in so many days; the shadow comes second.
async fn sides(
    context: &CallContext,
    setup: &Setup,
    pair: &Pair,
    since: Timestamp,
    ask: bool,
) -> Result<Option<(Side, Side)>, LedgerError> {
    let (Some(primary), Some(shadow)) = (
        setup.schedules.get(&pair.primary),
        setup.schedules.get(&pair.shadow),
    ) else {
        return Ok(None);
    };
    let old = side(context, setup, primary, since, ask).await?;
    let new = side(context, setup, shadow, since, ask).await?;
    Ok(Some((old, new)))
}

/// So many days ago.
fn days_ago(now: Timestamp, days: u32) -> Timestamp {
    let back = SignedDuration::from_hours(24 * i64::from(days));
    now.checked_sub(back).unwrap_or(Timestamp::MIN)
}
