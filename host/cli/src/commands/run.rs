//! `strongroom once` and `serve`: the same engine, two ends.

use std::sync::Arc;

use serde_json::json;
use strongroom_domain::{Outcome, TenantName};
use strongroom_ledger::{OccurrenceFilter, OccurrenceRow, OpenMode, Origin, Plan};
use strongroom_orchestrator::Prepared;
use strongroom_orchestrator::activation::Activation;
use strongroom_orchestrator::file_watch::{self, Glance};
use strongroom_orchestrator::{
    Clock, Engine, EngineSettings, SystemClock, Until, dry_run, untimed,
};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{mpsc, watch};

use crate::arguments::{Arguments, Once, Serve};
use crate::compose;
use crate::error::{CliError, EXIT_FAILED, EXIT_REFUSED};
use crate::print;
use crate::watch::Console;

pub(crate) async fn once(arguments: &Arguments, options: &Once) -> Result<u8, CliError> {
    let (_, _, setup) = compose::setup(arguments).await?;
    let prepared = compose::prepared(&setup, &options.schedule)?;
    let tenants = compose::tenants(&prepared.schedule, options.tenant.as_deref())?;
    compose::begins(&prepared.schedule)?;
    let ledger = compose::ledger(arguments, OpenMode::Visitor).await?;
    let clock = Arc::new(SystemClock);
    let observer = Arc::new(Console::new(arguments.json));
    let context = compose::context(arguments, clock.clone(), ledger.clone(), Some(observer));
    let context = strongroom_orchestrator::CallContext {
        retries: false,
        ..context
    };
    if options.dry_run {
        return dry(arguments, &context, &prepared, &tenants).await;
    }
    if !options.despite_pause {
        compose::refuse_paused(ledger.as_ref(), &prepared.schedule, clock.now()).await?;
    }
    let setup = Arc::new(setup);
    let mut ended = Vec::new();
    for tenant in tenants {
        let origin = Origin::Person(compose::person());
        let occurrence = untimed(&prepared.schedule, &tenant, clock.now(), origin);
        let id = occurrence.id;
        let plan = Plan {
            occurrences: vec![occurrence],
            watermarks: Vec::new(),
        };
        ledger.plan(plan, clock.now()).await?;
        let engine = Engine::new(
            context.clone(),
            Arc::clone(&setup),
            EngineSettings::default(),
            stop_signal()?,
        );
        engine.run(Until::Ended(id)).await?;
        let filter = OccurrenceFilter {
            id: Some(id),
            ..OccurrenceFilter::default()
        };
        ended.extend(ledger.occurrences(filter).await?);
    }
    ledger.close().await;
    report(arguments, &ended)
}

async fn dry(
    arguments: &Arguments,
    context: &strongroom_orchestrator::CallContext,
    prepared: &Prepared,
    tenants: &[TenantName],
) -> Result<u8, CliError> {
    let mut code = 0;
    let mut answers = Vec::new();
    for tenant in tenants {
        let answer = dry_run(context, prepared, tenant).await;
        if let Err(failure) = &answer {
            code = EXIT_FAILED;
            eprintln!(
                "{tenant}: {}: {}",
                failure.kind,
                print::plain(&failure.detail)
            );
        }
        if let (Ok(evidence), false) = (&answer, arguments.json) {
            print::line(&format!(
                "{tenant}: nothing was changed; the plugin would do this:"
            ));
            for (kind, value) in &evidence.0 {
                print::line(&format!(
                    "  {}: {}",
                    print::plain(kind),
                    print::plain(value)
                ));
            }
        }
        answers.push(json!({ "tenant": tenant, "would": answer.as_ref().ok(), "failure": answer.as_ref().err() }));
    }
    if arguments.json {
        print::json(&answers)?;
    }
    Ok(code)
}

fn report(arguments: &Arguments, ended: &[OccurrenceRow]) -> Result<u8, CliError> {
    if arguments.json {
        print::json(
            &ended
                .iter()
                .map(super::occurrences::value)
                .collect::<Vec<_>>(),
        )?;
    } else {
        for row in ended {
            let outcome = row.outcome.map_or("not finished", Outcome::as_str);
            let reason = row.reason.as_deref().filter(|reason| !reason.is_empty());
            let reason = reason
                .map(|reason| format!(": {}", print::plain(reason)))
                .unwrap_or_default();
            print::line(&format!(
                "{} {} {}: {outcome}{reason}",
                print::short(row.id),
                row.schedule,
                row.tenant
            ));
            for (kind, value) in &row.evidence.0 {
                print::line(&format!(
                    "  {}: {}",
                    print::plain(kind),
                    print::plain(value)
                ));
            }
        }
    }
    let worst = ended.iter().map(|row| match row.outcome {
        Some(Outcome::Succeeded) => 0,
        Some(Outcome::Refused | Outcome::Blocked) => EXIT_REFUSED,
        _ => EXIT_FAILED,
    });
    Ok(worst.max().unwrap_or(EXIT_FAILED))
}

pub(crate) async fn serve(arguments: &Arguments, options: &Serve) -> Result<u8, CliError> {
    let stop = stop_signal()?;
    let reload = reload_signal()?;
    let ledger = compose::ledger(arguments, OpenMode::Host).await?;
    let observer = Arc::new(Console::new(arguments.json));
    let clock = Arc::new(SystemClock);
    let context = compose::context(arguments, clock.clone(), ledger.clone(), Some(observer));
    compose::schedules_exist(arguments)?;
    let sources = compose::sources(arguments);
    let sandbox = compose::sandbox(arguments)?;
    let mut activation = Activation::new(sandbox, sources.clone(), context.clone()).await?;
    let glance = Glance::at(&sources, &[]);
    let (set, setup) = activation.look().await?;
    tracing::info!(schedules = set.schedules.len(), "serving");
    let settings = EngineSettings {
        concurrency: options.concurrency as usize,
        ..EngineSettings::default()
    };
    let setup = Arc::new(setup);
    let (sets, reloads) = watch::channel(setup.clone());
    let others = set.files;
    let watching = file_watch::watch(activation, sources, others, glance, clock, reload, sets);
    let watching = tokio::spawn(watching);
    let metrics = options.metrics.clone();
    let metrics = metrics.map(|file| tokio::spawn(super::metrics::keep(ledger.clone(), file)));
    let engine = Engine::new(context, setup, settings, stop).reloading(reloads);
    engine.run(Until::Stopped).await?;
    watching.abort();
    metrics.inspect(tokio::task::JoinHandle::abort);
    ledger.close().await;
    tracing::info!("stopped; everything acknowledged is on disk");
    Ok(0)
}

/// Receives when a person says that the files are ready (SIGHUP).
fn reload_signal() -> Result<mpsc::Receiver<()>, CliError> {
    let mut hangup = signal(SignalKind::hangup())
        .map_err(|error| CliError::bug("signals cannot be received", &error))?;
    let (sender, receiver) = mpsc::channel(1);
    tokio::spawn(
        async move { while hangup.recv().await.is_some() && sender.send(()).await.is_ok() {} },
    );
    Ok(receiver)
}

/// Turns true on SIGTERM or Ctrl-C.
pub(super) fn stop_signal() -> Result<watch::Receiver<bool>, CliError> {
    let fail = |error: std::io::Error| CliError::bug("signals cannot be received", &error);
    let mut terminate = signal(SignalKind::terminate()).map_err(fail)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(fail)?;
    let (sender, receiver) = watch::channel(false);
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::info!("stopping: running attempts may finish");
        // Nobody listens any more when the engine has ended by itself.
        let _ended = sender.send(true).is_err();
        sender.closed().await;
    });
    Ok(receiver)
}
