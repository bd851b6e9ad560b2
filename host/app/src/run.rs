//! A schedule run once by a person, and the daemon that runs all of them: the same engine, two ends.

use std::path::PathBuf;
use std::sync::Arc;

use serde::Serialize;
use strongroom_domain::retry::Failure;
use strongroom_domain::{Evidence, TenantName};
use strongroom_ledger::{OpenMode, Origin, Plan};
use strongroom_orchestrator::activation::Activation;
use strongroom_orchestrator::file_watch::{self, Glance};
use strongroom_orchestrator::{
    CallContext, Engine, EngineSettings, Observer, Prepared, Setup, SystemClock, Until, untimed,
};
use tokio::sync::{mpsc, watch};

use crate::metrics::keep;
use crate::occurrences::{Occurrence, read};
use crate::{
    Error, Installation,
    lookup::{self, by_id},
};

/// Turns true when the host, or whoever waits, shall stop.
pub type Stop = watch::Receiver<bool>;

/// Is done when it shall stop; never, if nobody can ask for it any more.
pub(crate) async fn stopped(mut stop: Stop) {
    if stop.wait_for(|stop| *stop).await.is_err() {
        std::future::pending::<()>().await;
    }
}

/// Runs a schedule now, one attempt for each tenant, without disturbing its timetable.
pub async fn once(
    at: &Installation,
    schedule: &str,
    tenant: Option<&str>,
    despite_pause: bool,
    person: &str,
    observer: Arc<dyn Observer>,
    stop: Stop,
) -> Result<Vec<Occurrence>, Error> {
    let (setup, prepared, tenants) = wanted(at, schedule, tenant).await?;
    let context = one_attempt(at, observer).await?;
    let (ledger, clock, schedule) = (&context.ledger, &context.clock, &prepared.schedule);
    if !despite_pause {
        lookup::refuse_paused(ledger.as_ref(), schedule, clock.now()).await?;
    }
    let setup = Arc::new(setup);
    let mut ended = Vec::new();
    for tenant in tenants {
        if *stop.borrow() {
            break;
        }
        let origin = Origin::Person(person.to_owned());
        let occurrence = untimed(schedule, &tenant, clock.now(), origin);
        let id = occurrence.id;
        let plan = Plan {
            occurrences: vec![occurrence],
            ..Plan::default()
        };
        ledger.plan(plan, clock.now()).await?;
        let settings = EngineSettings::default();
        let engine = Engine::new(context.clone(), setup.clone(), settings, stop.clone());
        engine.run(Until::Ended(id)).await?;
        ended.extend(read(ledger.as_ref(), by_id(id)).await?);
    }
    ledger.close().await;
    Ok(ended)
}

/// The schedule that shall run now, with everything around it, and its tenants.
async fn wanted(
    at: &Installation,
    schedule: &str,
    tenant: Option<&str>,
) -> Result<(Setup, Arc<Prepared>, Vec<TenantName>), Error> {
    let (_, _, setup) = at.setup().await?;
    let prepared = lookup::prepared(&setup, schedule)?;
    let tenants = lookup::tenants(&prepared.schedule, tenant)?;
    lookup::begins(&prepared.schedule)?;
    Ok((setup, prepared, tenants))
}

async fn one_attempt(at: &Installation, observer: Arc<dyn Observer>) -> Result<CallContext, Error> {
    let ledger = at.ledger(OpenMode::Visitor).await?;
    Ok(CallContext {
        retries: false,
        ..at.context(Arc::new(SystemClock), ledger, Some(observer))
    })
}

/// What a plugin would do for a tenant.
#[derive(Debug, Serialize)]
pub struct DryRun {
    /// For whom.
    pub tenant: TenantName,
    /// What it would do.
    pub would: Option<Evidence>,
    /// Why it would do nothing.
    pub failure: Option<Failure>,
}

/// Asks a schedule's plugin what it would do; changes and records nothing.
pub async fn dry_run(
    at: &Installation,
    schedule: &str,
    tenant: Option<&str>,
    observer: Arc<dyn Observer>,
) -> Result<Vec<DryRun>, Error> {
    let (_, prepared, tenants) = wanted(at, schedule, tenant).await?;
    let context = one_attempt(at, observer).await?;
    let mut answers = Vec::new();
    for tenant in tenants {
        let answer = strongroom_orchestrator::dry_run(&context, &prepared, &tenant).await;
        answers.push(DryRun {
            tenant,
            would: answer.as_ref().ok().cloned(),
            failure: answer.err(),
        });
    }
    Ok(answers)
}

/// Runs schedules until `stop` turns true; attempts that run, so many at once, may finish. Metrics are written into a
/// file every fifteen seconds, and `reload` says that the files are ready.
pub async fn serve(
    at: &Installation,
    concurrency: usize,
    metrics: Option<PathBuf>,
    observer: Arc<dyn Observer>,
    stop: Stop,
    reload: mpsc::Receiver<()>,
) -> Result<(), Error> {
    let ledger = at.ledger(OpenMode::Host).await?;
    let clock = Arc::new(SystemClock);
    let context = at.context(clock.clone(), ledger.clone(), Some(observer));
    at.schedules_exist()?;
    let sources = at.sources();
    let mut activation = Activation::new(at.sandbox()?, sources.clone(), context.clone()).await?;
    let glance = Glance::at(&sources, &[]);
    let (set, setup) = activation.look().await?;
    tracing::info!(schedules = set.schedules.len(), "serving");
    let settings = EngineSettings {
        concurrency,
        ..EngineSettings::default()
    };
    let setup = Arc::new(setup);
    let (sets, reloads) = watch::channel(setup.clone());
    let watching = file_watch::watch(activation, sources, set.files, glance, clock, reload, sets);
    let watching = tokio::spawn(watching);
    let metrics = metrics.map(|file| tokio::spawn(keep(ledger.clone(), file)));
    let engine = Engine::new(context, setup, settings, stop).reloading(reloads);
    engine.run(Until::Stopped).await?;
    watching.abort();
    metrics.inspect(tokio::task::JoinHandle::abort);
    ledger.close().await;
    tracing::info!("stopped; everything acknowledged is on disk");
    Ok(())
}
