//! Cut-over and return: the schedule files are edited, on record, and a running host takes them up.
//!
//! Owns: the order checked → recorded as intended → written → recorded as done.
//! Never: the text of the files (`strongroom_config::edit`).

use std::path::PathBuf;

use serde::Serialize;
use strongroom_config::Diagnostics;
use strongroom_config::edit::{self, Exchange, Leaves, NotExchanged};
use strongroom_domain::ScheduleName;
use strongroom_domain::swap::Against;
use strongroom_ledger::{AuditEntry, Ledger, OpenMode, SwapDirection, SwapFacts, running_host};
use strongroom_orchestrator::{Clock, SystemClock};

use super::{Pair, compare};
use crate::control::{Act, reason};
use crate::{Error, Installation, Kind, lookup};

/// A swap that is done.
#[derive(Debug, Serialize)]
pub struct Swapped {
    /// Keeps the promise from now on.
    pub primary: ScheduleName,
    /// Kept it so far.
    pub was: ScheduleName,
    /// Whether it rehearses now; else it makes nothing new, and its shelf runs out.
    #[serde(skip)]
    pub was_rehearses: bool,
    /// The files written.
    pub files: Vec<String>,
    /// Schedules that named the old one and name the new one now.
    pub followed: Vec<ScheduleName>,
    /// Whether a host runs, which takes it up by itself.
    pub host_runs: bool,
    /// What is allowed but probably not meant, in the new files.
    pub warnings: Diagnostics,
    /// What spoke against it and did not prevent it.
    #[serde(skip)]
    pub against: Vec<Against>,
}

/// What is asked for.
struct Wanted<'a> {
    /// Keeps the promise so far.
    from: &'a ScheduleName,
    /// Keeps it from now on.
    to: &'a ScheduleName,
    leaves: Leaves,
    direction: SwapDirection,
    act: Act,
    despite: Option<String>,
}

/// Makes the shadow keep the promise; the schedule so far makes nothing new, and its shelf runs out. The shadow must have
/// succeeded within so many days for each tenant, or `despite` says why not.
pub async fn cut_over(
    at: &Installation,
    schedule: &str,
    shadow: Option<&str>,
    days: u32,
    despite: Option<&str>,
    act: Act,
) -> Result<Swapped, Error> {
    let despite = despite.map(reason).transpose()?;
    let (_, _, setup) = at.setup().await?;
    let pair = Pair::of(&setup, schedule, shadow)?;
    let ledger = at.ledger(OpenMode::Visitor).await?;
    let report = compare(at, &setup, &pair, days, &ledger, false).await?;
    let against = report.map_or_else(Vec::new, |report| report.against);
    let refused = || against.iter().filter(|one| one.refuses);
    if refused().next().is_some() && despite.is_none() {
        let (shadow, primary) = (&pair.shadow, &pair.primary);
        let message = format!("`{shadow}` cannot take the place of `{primary}` yet");
        let error = refused().fold(Error::new(Kind::Refused, message), |error, one| {
            error.because(&one.why)
        });
        return Err(error.hint(
            "let it rehearse first (`strongroom swap report`), or say why not with `--despite \"WHY\"`",
        ));
    }
    let wanted = Wanted {
        from: &pair.primary,
        to: &pair.shadow,
        leaves: Leaves::Succeeded,
        direction: SwapDirection::CutOver,
        act,
        despite,
    };
    let done = exchange(at, &wanted, ledger.as_ref()).await;
    ledger.close().await;
    Ok(Swapped { against, ..done? })
}

/// Makes a schedule keep its promise again; the one that took its place becomes its shadow.
pub async fn back(at: &Installation, schedule: &str, act: Act) -> Result<Swapped, Error> {
    let (_, _, setup) = at.setup().await?;
    let prepared = lookup::prepared(&setup, schedule)?;
    let schedule = &prepared.schedule;
    let Some(successor) = schedule.successor() else {
        let message = format!("no schedule took the place of `{}`", schedule.name);
        return Err(Error::not_found(message)
            .hint("name the one that has `succeeded-by`: `strongroom check` shows it"));
    };
    let ledger = at.ledger(OpenMode::Visitor).await?;
    let wanted = Wanted {
        from: successor,
        to: &schedule.name,
        leaves: Leaves::Shadow,
        direction: SwapDirection::Back,
        act,
        despite: None,
    };
    let done = exchange(at, &wanted, ledger.as_ref()).await;
    ledger.close().await;
    done
}

/// Writes the files; either all of them are new afterwards or none.
async fn exchange(
    at: &Installation,
    wanted: &Wanted<'_>,
    ledger: &dyn Ledger,
) -> Result<Swapped, Error> {
    let now = SystemClock.now();
    let found = edit::exchange(&at.schedules, wanted.from, wanted.to, wanted.leaves, now);
    let found = found.map_err(explain)?;
    let files = files(&found);
    let facts = SwapFacts {
        from: wanted.from,
        to: wanted.to,
        person: &wanted.act.person,
        reason: &wanted.act.reason,
        despite: wanted.despite.as_deref(),
        files: &files,
    };
    let intended = AuditEntry::swap_intended(wanted.direction, &facts);
    ledger.append_audit(intended, now).await?;
    for (index, (path, text)) in found.files.iter().enumerate() {
        if let Err(error) = edit::write(path, text) {
            let message = format!("{} cannot be written; nothing is changed", path.display());
            let error = undo(&found, index, Error::usage(message).because(error));
            let failed = AuditEntry::swap_failed(wanted.direction, &facts);
            ledger.append_audit(failed, now).await?;
            return Err(error);
        }
    }
    let done = AuditEntry::swap_done(wanted.direction, &facts);
    ledger.append_audit(done, SystemClock.now()).await?;
    Ok(Swapped {
        primary: wanted.to.clone(),
        was: wanted.from.clone(),
        was_rehearses: wanted.leaves == Leaves::Shadow,
        files,
        followed: found.followed,
        host_runs: running_host(&at.state).is_some(),
        warnings: found.warnings,
        against: Vec::new(),
    })
}

/// Puts the texts of the first `count` files back that were there.
fn undo(found: &Exchange, count: usize, mut why: Error) -> Error {
    let written = |path: &PathBuf| found.files.iter().take(count).any(|(one, _)| one == path);
    for (path, text) in found.before.iter().filter(|(path, _)| written(path)) {
        if let Err(error) = edit::write(path, text) {
            let path = path.display();
            why = why.because(format!("{path} could not be put back as it was: {error}"));
        }
    }
    why
}

fn explain(why: NotExchanged) -> Error {
    match why {
        NotExchanged::Before(problems) => problems.into(),
        NotExchanged::After(problems) => {
            Error::files("the schedule files would have problems", problems)
                .hint("nothing was written")
        }
        NotExchanged::Braces(name) => {
            Error::usage(format!("`{name}` is not written as `[[schedule]]`"))
                .hint("write it so: its lines are moved one by one")
        }
        NotExchanged::Different(why) => {
            Error::usage(format!("the edit would change more than it should: {why}"))
                .hint("nothing was written; edit the files by hand")
        }
    }
}

fn files(found: &Exchange) -> Vec<String> {
    let files = found.files.iter();
    files.map(|(path, _)| path.display().to_string()).collect()
}
