//! `strongroom once` and `serve`.

use std::sync::Arc;

use strongroom_app::occurrences::Occurrence;
use strongroom_app::run;
use strongroom_domain::Outcome;

use super::*;
use crate::arguments::{Once, Serve};
use crate::signals;
use crate::watch::Console;

pub(super) async fn once(at: &Installation, json: bool, options: &Once) -> Result<u8, Error> {
    let (schedule, tenant) = (options.schedule.as_str(), options.tenant.as_deref());
    let console = Arc::new(Console::new(json));
    if options.dry_run {
        let runs = run::dry_run(at, schedule, tenant, console).await?;
        print::result(json, &runs, || ())?;
        return Ok(dry(&runs, json));
    }
    let (despite_pause, person) = (options.despite_pause, person());
    let stop = signals::stop()?;
    let ended = run::once(at, schedule, tenant, despite_pause, &person, console, stop).await?;
    print::result(json, &ended, || ended.iter().for_each(say))?;
    let worst = ended.iter().map(|row| match row.outcome {
        Some(Outcome::Succeeded) => 0,
        Some(Outcome::Refused | Outcome::Blocked) => EXIT_REFUSED,
        _ => EXIT_FAILED,
    });
    Ok(worst.max().unwrap_or(EXIT_FAILED))
}

fn dry(runs: &[run::DryRun], json: bool) -> u8 {
    let mut code = 0;
    for run in runs {
        let tenant = &run.tenant;
        if let Some(failure) = &run.failure {
            code = EXIT_FAILED;
            eprintln!("{tenant}: {}: {}", failure.kind, plain(&failure.detail));
        }
        if let (Some(evidence), false) = (&run.would, json) {
            out!("{tenant}: nothing was changed; the plugin would do this:");
            print::evidence(evidence);
        }
    }
    code
}

fn say(row: &Occurrence) {
    let (id, schedule, tenant) = (short(row.id), &row.schedule, &row.tenant);
    let outcome = row.outcome.map_or("not finished", Outcome::as_str);
    let reason = row.reason.as_deref().filter(|reason| !reason.is_empty());
    let reason = reason.map(|reason| format!(": {}", plain(reason)));
    out!(
        "{id} {schedule} {tenant}: {outcome}{}",
        reason.unwrap_or_default()
    );
    print::evidence(&row.evidence);
}

pub(super) async fn serve(at: &Installation, json: bool, options: &Serve) -> Result<u8, Error> {
    let (stop, reload) = (signals::stop()?, signals::reload()?);
    let (concurrency, metrics) = (options.concurrency as usize, options.metrics.clone());
    let console = Arc::new(Console::new(json));
    run::serve(at, concurrency, metrics, console, stop, reload).await?;
    Ok(0)
}
