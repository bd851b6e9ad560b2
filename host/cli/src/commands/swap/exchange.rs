//! `strongroom swap cut-over` and `swap back`: the schedule files are edited, on record, and a running host takes them up.
//!
//! Owns: the order checked → recorded as intended → written → recorded as done.
//! Never: the text of the files (`strongroom_config::edit`).

use std::path::PathBuf;
use std::sync::Arc;

use serde_json::json;
use strongroom_config::edit::{self, Exchange, Leaves, NotExchanged};
use strongroom_domain::ScheduleName;
use strongroom_domain::swap::{Against, against};
use strongroom_ledger::{AuditEntry, Ledger, OpenMode, SwapDirection, SwapFacts, running_host};
use strongroom_orchestrator::{Clock, Setup, SystemClock};

use super::{Pair, days_ago, sides};
use crate::arguments::{Arguments, Back, CutOver};
use crate::compose;
use crate::error::{CliError, EXIT_REFUSED};
use crate::print;

/// What is asked for.
struct Wanted<'a> {
    /// Keeps the promise so far.
    from: &'a ScheduleName,
    /// Keeps it from now on.
    to: &'a ScheduleName,
    leaves: Leaves,
    direction: SwapDirection,
    reason: String,
    despite: Option<String>,
}

pub(super) async fn cut_over(arguments: &Arguments, options: &CutOver) -> Result<u8, CliError> {
    let reason = compose::reason(&options.reason)?;
    let despite = options
        .despite
        .as_deref()
        .map(compose::reason)
        .transpose()?;
    let (_, _, setup) = compose::setup(arguments).await?;
    let pair = Pair::of(&setup, &options.schedule, options.shadow.as_deref())?;
    let ledger = compose::ledger(arguments, OpenMode::Visitor).await?;
    let reasons = speaks_against(arguments, &setup, &pair, options.days, &ledger).await?;
    let refused: Vec<&Against> = reasons.iter().filter(|one| one.refuses).collect();
    if !refused.is_empty() && despite.is_none() {
        let message = format!(
            "`{}` cannot take the place of `{}` yet",
            pair.shadow, pair.primary
        );
        let error = CliError::new(EXIT_REFUSED, message);
        let error = refused
            .iter()
            .fold(error, |error, one| error.because(&one.why));
        return Err(error.hint(
            "let it rehearse first (`strongroom swap report`), or say why not with `--despite \"WHY\"`",
        ));
    }
    for one in &reasons {
        eprintln!("warning: {}", print::plain(&one.why));
    }
    let wanted = Wanted {
        from: &pair.primary,
        to: &pair.shadow,
        leaves: Leaves::Succeeded,
        direction: SwapDirection::CutOver,
        reason,
        despite,
    };
    let done = exchange(arguments, &wanted, ledger.as_ref()).await;
    ledger.close().await;
    tell(arguments, &wanted, &done?)
}

pub(super) async fn back(arguments: &Arguments, options: &Back) -> Result<u8, CliError> {
    let reason = compose::reason(&options.reason)?;
    let (_, _, setup) = compose::setup(arguments).await?;
    let prepared = compose::prepared(&setup, &options.schedule)?;
    let schedule = &prepared.schedule;
    let Some(successor) = schedule.successor() else {
        let message = format!("no schedule took the place of `{}`", schedule.name);
        return Err(CliError::not_found(message)
            .hint("name the one that has `succeeded-by`: `strongroom check` shows it"));
    };
    let ledger = compose::ledger(arguments, OpenMode::Visitor).await?;
    let wanted = Wanted {
        from: successor,
        to: &schedule.name,
        leaves: Leaves::Shadow,
        direction: SwapDirection::Back,
        reason,
        despite: None,
    };
    let done = exchange(arguments, &wanted, ledger.as_ref()).await;
    ledger.close().await;
    tell(arguments, &wanted, &done?)
}

async fn speaks_against(
    arguments: &Arguments,
    setup: &Setup,
    pair: &Pair,
    days: u32,
    ledger: &Arc<dyn Ledger>,
) -> Result<Vec<Against>, CliError> {
    let context = compose::context(arguments, Arc::new(SystemClock), ledger.clone(), None);
    let since = days_ago(SystemClock.now(), days);
    let found = sides(&context, setup, pair, since, false).await?;
    Ok(found.map_or_else(Vec::new, |(old, new)| against(&old, &new, days, since)))
}

/// Writes the files; either all of them are new afterwards or none.
async fn exchange(
    arguments: &Arguments,
    wanted: &Wanted<'_>,
    ledger: &dyn Ledger,
) -> Result<Exchange, CliError> {
    let now = SystemClock.now();
    let found = edit::exchange(
        &arguments.schedules,
        wanted.from,
        wanted.to,
        wanted.leaves,
        now,
    );
    let found = found.map_err(explain)?;
    let (person, files) = (compose::person(), files(&found));
    let facts = SwapFacts {
        from: wanted.from,
        to: wanted.to,
        person: &person,
        reason: &wanted.reason,
        despite: wanted.despite.as_deref(),
        files: &files,
    };
    let intended = AuditEntry::swap_intended(wanted.direction, &facts);
    ledger.append_audit(intended, now).await?;
    let mut written: Vec<PathBuf> = Vec::new();
    for (path, text) in &found.files {
        if let Err(error) = edit::write(path, text) {
            undo(&found, &written);
            let failed = AuditEntry::swap_failed(wanted.direction, &facts);
            ledger.append_audit(failed, now).await?;
            let message = format!("{} cannot be written; nothing is changed", path.display());
            return Err(CliError::usage(message).because(error));
        }
        written.push(path.clone());
    }
    let done = AuditEntry::swap_done(wanted.direction, &facts);
    ledger.append_audit(done, SystemClock.now()).await?;
    Ok(found)
}

/// Puts the texts back that were there.
fn undo(found: &Exchange, written: &[PathBuf]) {
    for (path, text) in found
        .before
        .iter()
        .filter(|(path, _)| written.contains(path))
    {
        if let Err(error) = edit::write(path, text) {
            eprintln!(
                "error: {} could not be put back as it was: {error}",
                path.display()
            );
        }
    }
}

fn explain(why: NotExchanged) -> CliError {
    match why {
        NotExchanged::Before(problems) => problems.into(),
        NotExchanged::After(problems) => {
            CliError::files("the schedule files would have problems", problems)
                .hint("nothing was written")
        }
        NotExchanged::Braces(name) => {
            CliError::usage(format!("`{name}` is not written as `[[schedule]]`"))
                .hint("write it so: its lines are moved one by one")
        }
        NotExchanged::Different(why) => {
            CliError::usage(format!("the edit would change more than it should: {why}"))
                .hint("nothing was written; edit the files by hand")
        }
    }
}

fn files(found: &Exchange) -> Vec<String> {
    let files = found.files.iter();
    files.map(|(path, _)| path.display().to_string()).collect()
}

fn tell(arguments: &Arguments, wanted: &Wanted<'_>, found: &Exchange) -> Result<u8, CliError> {
    let runs = running_host(&arguments.state).is_some();
    if !found.warnings.is_empty() && !arguments.json {
        let color = std::io::IsTerminal::is_terminal(&std::io::stderr());
        eprintln!("{}", found.warnings.render(color).trim_end());
    }
    let value = json!({
        "primary": wanted.to, "was": wanted.from, "files": files(found), "followed": found.followed,
        "host_runs": runs, "warnings": found.warnings,
    });
    print::answer(arguments, &value, || {
        let (from, to) = (wanted.from, wanted.to);
        let rest = match wanted.leaves {
            Leaves::Succeeded => {
                format!("`{from}` makes nothing new, and its shelf runs out by its own rules")
            }
            Leaves::Shadow => format!("`{from}` rehearses beside it"),
        };
        let mut text = format!("`{to}` keeps the promise from now on; {rest}.");
        for name in &found.followed {
            text.push_str(&format!("\n`{name}` named `{from}` and names `{to}` now."));
        }
        for file in files(found) {
            text.push_str(&format!("\nwritten: {file}"));
        }
        text.push_str(if runs {
            "\nThe host that runs takes it up by itself."
        } else {
            "\nNo host runs; the next one begins with it."
        });
        text
    })
}
