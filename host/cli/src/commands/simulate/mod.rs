//! `strongroom simulate`: the whole engine on a simulated clock.
//!
//! Owns: who answers (nobody, a cassette, real plugins), where the ledger is, when the host is down.
//! Never: what is shown of it. Read next: `span`, `report`, `shelves`, `show`.

mod calendar;
mod passage;
mod report;
mod shelves;
mod show;
mod span;

use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;
use strongroom_config::ScheduleSet;
use strongroom_config::cassette::{self, Cassette};
use strongroom_ledger::{Ledger, OccurrenceFilter, OpenMode, SnapshotFilter};
use strongroom_orchestrator::replay::{Recorder, replay};
use strongroom_orchestrator::setup::{Setup, Unwanted};
use strongroom_orchestrator::{
    CallContext, Clock, Engine, EngineSettings, SimulatedClock, Until, prepare,
};
use tokio::sync::watch;

use crate::arguments::{Arguments, Simulate};
use crate::compose;
use crate::error::{CliError, EXIT_FAILED};
use passage::{AgeTold, Passage};
use report::Report;
use span::Span;

pub(crate) async fn run(arguments: &Arguments, options: &Simulate) -> Result<u8, CliError> {
    let span = Span::read(options)?;
    let stop = super::run::stop_signal()?;
    let set = compose::schedules(arguments)?;
    // Removed when it is dropped, however the simulation ends.
    let scratch = match options.keep {
        true => None,
        false => Some(scratch()?),
    };
    let state = scratch.as_ref().map_or(&*arguments.state, |dir| dir.path());
    let setup = served(arguments, options, &set, state).await?;
    let recording = options
        .record
        .as_deref()
        .map(Recording::begin)
        .transpose()?;
    let mode = match options.keep {
        true => OpenMode::Host,
        false => OpenMode::Alone,
    };
    let ledger = strongroom_ledger::open(state, mode).await?;
    // Time does not go back: a kept ledger goes on where it ends.
    let known = ledger.watermarks().await?;
    let known = known.values().map(|watermark| watermark.until).max();
    let begins = known.map_or(span.before(), |known| known.max(span.before()));
    let clock = SimulatedClock::new(begins);
    let observer = Arc::new(Passage::new(&span, arguments.json));
    let shared = Arc::new(clock.clone());
    let context = compose::context(arguments, shared, ledger.clone(), Some(observer.clone()));
    let context = CallContext {
        own_databases: vec![
            state.join("ledger.sqlite"),
            arguments.state.join("ledger.sqlite"),
        ],
        recorder: recording
            .as_ref()
            .map(|recording| recording.recorder.clone() as _),
        ..context
    };
    pass(&context, &clock, Arc::new(setup), &span, stop.clone()).await?;
    observer.done();
    if let Some(recording) = recording {
        recording.write()?;
    }
    if *stop.borrow() {
        ledger.close().await;
        return Err(interrupted(clock.now(), &span));
    }
    let ages = observer.ages();
    let code = tell(arguments, options, &set, &span, ledger.as_ref(), &ages).await?;
    ledger.close().await;
    Ok(code)
}

/// Half a simulation would look like a whole one in which nothing more is due.
fn interrupted(now: Timestamp, span: &Span) -> CliError {
    let (now, end) = (crate::print::utc(now), crate::print::utc(span.to));
    let message = format!("the simulation was interrupted at {now}, before its end at {end}");
    CliError::new(EXIT_FAILED, message).hint("simulate fewer months at a time with `--to`")
}

/// Shows what is on record now.
async fn tell(
    arguments: &Arguments,
    options: &Simulate,
    set: &ScheduleSet,
    span: &Span,
    ledger: &dyn Ledger,
    ages: &[AgeTold],
) -> Result<u8, CliError> {
    let filter = OccurrenceFilter {
        since: Some(span.from),
        until: Some(span.to),
        ..OccurrenceFilter::default()
    };
    let rows = ledger.occurrences(filter).await?;
    let every = SnapshotFilter {
        gone: true,
        ..SnapshotFilter::default()
    };
    let snapshots = ledger.snapshots(every).await?;
    let report = Report::new(set, span, &rows, &snapshots, ages);
    if arguments.json {
        crate::print::json(&report.value(&rows))?;
    } else {
        show::show(&report, &rows, options.all);
    }
    let all = report.all_succeeded();
    Ok(if all { 0 } else { EXIT_FAILED })
}

/// Lets the time pass; the host is killed and started again as the outages say.
async fn pass(
    context: &CallContext,
    clock: &SimulatedClock,
    setup: Arc<Setup>,
    span: &Span,
    stop: watch::Receiver<bool>,
) -> Result<(), CliError> {
    let host = || {
        let settings = EngineSettings::default();
        Engine::new(context.clone(), setup.clone(), settings, stop.clone())
    };
    let last = Until::Time(span.last());
    for outage in &span.outages {
        let engine = host();
        // Whoever waits to kill the host counts as one more that works.
        let work = clock.work();
        tokio::select! {
            biased;
            () = clock.sleep_until(outage.from) => {}
            ended = engine.run(last.clone()) => return Ok(ended?),
        }
        drop(work);
        tracing::info!(from = %outage.from, until = %outage.until, "the host is down");
        clock.sleep_until(outage.until).await;
    }
    Ok(host().run(last).await?)
}

/// Every schedule with what answers its calls.
async fn served(
    arguments: &Arguments,
    options: &Simulate,
    set: &ScheduleSet,
    state: &Path,
) -> Result<Setup, CliError> {
    if options.real {
        let sandbox = compose::sandbox_in(state)?;
        let folder = compose::plugins(arguments, &sandbox).await?;
        let mut reserved = compose::sources(arguments).reserved;
        reserved.extend(std::fs::canonicalize(state));
        return Ok(prepare(set, &folder, &reserved, Unwanted::Refuse)?);
    }
    if options.keep && arguments.state.join("ledger.sqlite").exists() {
        let state = arguments.state.display();
        let message =
            format!("{state} holds a ledger, and what is only assumed must not go into it");
        return Err(CliError::usage(message)
            .hint("name an empty folder with `--state DIR`, or leave out `--keep`"));
    }
    let cassette = match &options.cassette {
        None => Cassette::default(),
        Some(file) => cassette::load(file, set)
            .map_err(|problems| CliError::files("the cassette has problems", problems))?,
    };
    Ok(replay(cassette, set))
}

fn scratch() -> Result<tempfile::TempDir, CliError> {
    tempfile::Builder::new()
        .prefix("strongroom-simulation-")
        .tempdir()
        .map_err(|error| {
            CliError::usage("no temporary folder can be made for the simulation's ledger")
                .because(error)
                .hint("name a folder with the variable TMPDIR, or use `--keep`")
        })
}

/// A cassette in the making.
struct Recording<'a> {
    file: &'a Path,
    recorder: Arc<Recorder>,
}

impl<'a> Recording<'a> {
    /// Makes the file at once: what cannot be written is not worth a long simulation.
    fn begin(file: &'a Path) -> Result<Self, CliError> {
        std::fs::File::create_new(file).map_err(|error| Self::fail(file, &error))?;
        Ok(Self {
            file,
            recorder: Arc::default(),
        })
    }

    fn write(self) -> Result<(), CliError> {
        std::fs::write(self.file, self.recorder.cassette().to_string())
            .map_err(|error| Self::fail(self.file, &error))
    }

    fn fail(file: &Path, error: &std::io::Error) -> CliError {
        CliError::usage(format!("the cassette {} cannot be written", file.display()))
            .because(error)
            .hint("name a file that does not exist yet, in a folder that this user may write to")
    }
}
