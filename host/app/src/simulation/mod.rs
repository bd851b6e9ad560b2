//! The whole engine on a simulated clock.
//!
//! Owns: who answers (nobody, a cassette, real plugins), where the ledger is, when the host is down.
//! Read next: `span`, `report`, `shelves`.

mod calendar;
mod passage;
mod report;
mod shelves;
mod span;

use std::path::Path;
use std::sync::{Arc, PoisonError};

use strongroom_config::ScheduleSet;
use strongroom_config::cassette::{self, Cassette};
use strongroom_ledger::{Ledger, OccurrenceFilter, OpenMode, SnapshotFilter};
use strongroom_orchestrator::replay::{Recorder, replay};
use strongroom_orchestrator::setup::{Setup, Unwanted};
use strongroom_orchestrator::{
    CallContext, Clock, Engine, EngineSettings, SimulatedClock, Until, prepare,
};

use crate::installation::scratch;
use crate::words::utc;
use crate::{Error, Installation, Kind, Stop, occurrences};

pub use calendar::{Mark, Month};
pub use passage::{SimulationEvent, Tell};
pub use report::{Message, SimulationReport, Summary, What};
pub use shelves::{Lowest, MonthEnd, Shelf};
pub use span::{Outage, Span};

use passage::{AgeTold, Passage};

/// Who answers for the plugins.
#[derive(Debug, Clone, Copy)]
pub enum Answers<'a> {
    /// Nobody: every run succeeds at once.
    Assumed,
    /// What is in this file.
    Cassette(&'a Path),
    /// The plugins themselves, on real files; what they answer may be written into a new file.
    Real(Option<&'a Path>),
}

/// Simulates a span; what happened, from the record alone. With `keep` the ledger is the installation's, and stays.
pub async fn simulate(
    at: &Installation,
    span: Span,
    answers: Answers<'_>,
    keep: bool,
    tell: Tell,
    stop: Stop,
) -> Result<SimulationReport, Error> {
    let set = at.set()?;
    // Removed when it is dropped, however the simulation ends.
    let purpose = "the simulation's ledger";
    let scratch = (!keep).then(|| scratch("simulation", purpose, ", or use `--keep`"));
    let scratch = scratch.transpose()?;
    let state = scratch.as_ref().map_or(&*at.state, |dir| dir.path());
    let setup = served(at, answers, keep, &set, state).await?;
    let recording = match answers {
        Answers::Real(Some(file)) => Some(Recording::begin(file)?),
        _ => None,
    };
    let mode = match keep {
        true => OpenMode::Host,
        false => OpenMode::Alone,
    };
    let ledger = strongroom_ledger::open(state, mode).await?;
    // Time does not go back: a kept ledger goes on where it ends.
    let known = ledger.watermarks().await?;
    let known = known.values().map(|watermark| watermark.until).max();
    let begins = known.map_or(span.before(), |known| known.max(span.before()));
    let clock = SimulatedClock::new(begins);
    let observer = Arc::new(Passage {
        tell,
        ages: Default::default(),
    });
    let shared = Arc::new(clock.clone());
    let context = at.context_in(state, shared, ledger.clone(), Some(observer.clone()));
    let recorder = recording.as_ref().map(|one| one.recorder.clone() as _);
    let context = CallContext {
        recorder,
        ..context
    };
    pass(&context, &clock, Arc::new(setup), &span, stop.clone()).await?;
    if let Some(recording) = recording {
        recording.write()?;
    }
    if *stop.borrow() {
        ledger.close().await;
        // Half a simulation would look like a whole one in which nothing more is due.
        let (now, end) = (utc(clock.now()), utc(span.to));
        let message = format!("the simulation was interrupted at {now}, before its end at {end}");
        return Err(
            Error::new(Kind::Failed, message).hint("simulate fewer months at a time with `--to`")
        );
    }
    let ages = &observer.ages;
    let ages = ages.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let report = recorded(ledger.as_ref(), &set, span, &ages).await;
    ledger.close().await;
    report
}

/// What is on record now.
async fn recorded(
    ledger: &dyn Ledger,
    set: &ScheduleSet,
    span: Span,
    ages: &[AgeTold],
) -> Result<SimulationReport, Error> {
    let filter = OccurrenceFilter {
        since: Some(span.from),
        until: Some(span.to),
        ..OccurrenceFilter::default()
    };
    let rows = occurrences::read(ledger, filter).await?;
    let every = SnapshotFilter {
        gone: true,
        ..SnapshotFilter::default()
    };
    let snapshots = ledger.snapshots(every).await?;
    Ok(SimulationReport::new(set, span, rows, &snapshots, ages))
}

/// Lets the time pass; the host is killed and started again as the outages say.
async fn pass(
    context: &CallContext,
    clock: &SimulatedClock,
    setup: Arc<Setup>,
    span: &Span,
    stop: Stop,
) -> Result<(), Error> {
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
    at: &Installation,
    answers: Answers<'_>,
    keep: bool,
    set: &ScheduleSet,
    state: &Path,
) -> Result<Setup, Error> {
    if let Answers::Real(_) = answers {
        let folder = at.folder(&at.sandbox_in(state)?).await?;
        let mut reserved = at.sources().reserved;
        reserved.extend(std::fs::canonicalize(state));
        return Ok(prepare(set, &folder, &reserved, Unwanted::Refuse)?);
    }
    if keep && at.has_ledger() {
        let state = at.state.display();
        let message =
            format!("{state} holds a ledger, and what is only assumed must not go into it");
        return Err(Error::usage(message)
            .hint("name an empty folder with `--state DIR`, or leave out `--keep`"));
    }
    let cassette = match answers {
        Answers::Cassette(file) => cassette::load(file, set)
            .map_err(|problems| Error::files("the cassette has problems", problems))?,
        _ => Cassette::default(),
    };
    Ok(replay(cassette, set))
}

/// A cassette in the making.
struct Recording<'a> {
    file: &'a Path,
    recorder: Arc<Recorder>,
}

impl<'a> Recording<'a> {
    /// Makes the file at once: what cannot be written is not worth a long simulation.
    fn begin(file: &'a Path) -> Result<Self, Error> {
        std::fs::File::create_new(file).map_err(|error| Self::fail(file, &error))?;
        Ok(Self {
            file,
            recorder: Arc::default(),
        })
    }

    fn write(self) -> Result<(), Error> {
        std::fs::write(self.file, self.recorder.cassette().to_string())
            .map_err(|error| Self::fail(self.file, &error))
    }

    fn fail(file: &Path, error: &std::io::Error) -> Error {
        Error::usage(format!("the cassette {} cannot be written", file.display()))
            .because(error)
            .hint("name a file that does not exist yet, in a folder that this user may write to")
    }
}
