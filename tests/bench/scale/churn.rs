//! Edits while schedules fire: ten thousand are taken away and put back, and some that are due every second must not
//! wait for it. The real engine, clock and ledger.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use strongroom_domain::Evidence;
use strongroom_domain::calendar::Every;
use strongroom_domain::role::Role;
use strongroom_domain::schedule::{Limits, Schedule, Trigger};
use strongroom_ledger::OpenMode;
use strongroom_orchestrator::{
    CallContext, Engine, EngineSettings, Prepared, Replies, Served, Setup, SystemClock, Until,
};
use strongroom_sandbox::call::{Call, CallResult, Step};
use strongroom_sandbox::role::{Answer, Request};
use strongroom_tests::{holds_for, repository};
use tokio::sync::watch;

use super::{herd, short};
use crate::Size;
use crate::measure::now;
use crate::report::{Goal, Report, Row};

/// How many of them are due every second.
const FIRING: usize = 50;
/// What an edit may add to the second between two due times.
const PAUSE: f64 = 1.0;

/// When each reply was asked for.
#[derive(Default)]
struct Beats(Mutex<Vec<Instant>>);

#[async_trait]
impl Replies for Beats {
    async fn reply(
        &self,
        _: &CallContext,
        _: &Schedule,
        _: &Call,
        _: Request,
    ) -> CallResult<Answer> {
        self.0.lock().unwrap().push(now());
        CallResult::Answered(Answer::Step(Step::Done(Evidence::default())))
    }
}

impl Beats {
    /// The longest time without a reply since a moment, in seconds.
    fn longest(&self, since: Instant) -> f64 {
        let beats = self.0.lock().unwrap();
        let after = beats.iter().copied().filter(|beat| *beat >= since);
        let moments: Vec<Instant> = [since].into_iter().chain(after).chain([now()]).collect();
        let gaps = moments.windows(2).map(|two| two[1] - two[0]);
        gaps.max().unwrap_or_default().as_secs_f64()
    }
}

pub(crate) fn measure(size: Size, report: &mut Report) {
    let (sizes, edited, seconds): (&[usize], _, _) = match size {
        Size::Full => (&[20_000, 100_000], 10_000, 6),
        Size::Quick => (&[2_000], 1_000, 3),
    };
    for count in sizes {
        let found = edits(*count, edited.min(*count), seconds);
        let row = |figure: String, value| Row {
            figure,
            value,
            peer: "without edits".to_owned(),
            beside: found.without,
            unit: "s",
            goal: Goal::AtMost(1.0 + PAUSE),
        };
        let (edited, count) = (short(edited.min(*count)), short(*count));
        report.add(row(
            format!("longest pause, -{edited} of {count}"),
            found.removing,
        ));
        report.add(row(format!("  +{edited}"), found.adding));
    }
}

struct Pauses {
    without: f64,
    removing: f64,
    adding: f64,
}

fn edits(count: usize, edited: usize, seconds: u64) -> Pauses {
    let folder = tempfile::tempdir_in(repository().join("target")).unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let beats = Arc::new(Beats::default());
    let (whole, less) = (set(count, &beats), set(count - edited, &beats));
    let (sets, reloads) = watch::channel(whole.clone());
    let (end, stop) = watch::channel(false);
    let path = folder.path().to_owned();
    let running = std::thread::spawn(move || {
        runtime.block_on(async move {
            let ledger = strongroom_ledger::open(&path, OpenMode::Host)
                .await
                .unwrap();
            let context = CallContext::new(Arc::new(SystemClock), ledger.clone());
            let first = reloads.borrow().clone();
            let engine = Engine::new(context, first, EngineSettings::default(), stop);
            engine.reloading(reloads).run(Until::Stopped).await.unwrap();
            ledger.close().await;
        });
    });
    let ready = || beats.0.lock().unwrap().len() >= 2 * FIRING;
    strongroom_tests::eventually("the first beats", Duration::from_secs(120), || {
        ready().then_some(())
    });
    let watched = || {
        let since = now();
        assert!(holds_for(Duration::from_secs(seconds), || !running.is_finished()));
        beats.longest(since)
    };
    let without = watched();
    sets.send_replace(less);
    let removing = watched();
    sets.send_replace(whole);
    let adding = watched();
    end.send_replace(true);
    running.join().unwrap();
    Pauses {
        without,
        removing,
        adding,
    }
}

/// Some that are due every second, and many that are due at midnight.
fn set(count: usize, beats: &Arc<Beats>) -> Arc<Setup> {
    let prepared = (0..count).map(|number| {
        let every = if number < FIRING { "1s" } else { "1d" };
        let mut schedule = Schedule {
            trigger: Trigger::Every(Every::parse(every).unwrap()),
            ..herd::schedule(number)
        };
        schedule.tenants.truncate(1);
        schedule.tenants.shrink_to_fit();
        Prepared {
            schedule: Arc::new(schedule),
            served: Served::Replies(beats.clone()),
            role: Role::Task,
        }
    });
    Arc::new(Setup::new(prepared.collect(), Limits::default()))
}
