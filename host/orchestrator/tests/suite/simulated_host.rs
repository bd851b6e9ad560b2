//! A host: the real engine and ledger on a simulated clock, schedules from the text of a file, and replies that a test
//! writes in place of plugins.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use strongroom_config::{ScheduleSet, SourceFile, parse};
use strongroom_domain::Evidence;
use strongroom_domain::retry::Failure;
use strongroom_domain::role::Role;
use strongroom_domain::schedule::Schedule;
use strongroom_ledger::{Ledger, OccurrenceFilter, OccurrenceRow, OpenMode};
use strongroom_orchestrator::{
    CallContext, Clock, Engine, EngineSettings, NoObserver, Observer, Prepared, Replies, Served,
    Setup, SimulatedClock, Until,
};
use strongroom_sandbox::call::{Call, CallResult, Operation, Step};
use strongroom_sandbox::role::snapshots::{Action, Get, Page, SnapshotInfo, SnapshotState};
use strongroom_sandbox::role::{Answer, Request, task};
use tokio::sync::watch;

/// A call that was answered.
#[derive(Debug, Clone)]
pub(super) struct Called {
    pub(super) schedule: String,
    pub(super) plugin: String,
    pub(super) call: &'static str,
    /// The reference it was about.
    pub(super) about: Option<String>,
    pub(super) from: Timestamp,
    pub(super) to: Timestamp,
}

/// What a test wants answered: how long it takes, and what comes then.
type Script = dyn Fn(&str, &'static str) -> (Duration, CallResult<Answer>) + Send + Sync;

struct Scripted {
    script: Box<Script>,
    called: Mutex<Vec<Called>>,
    /// Where snapshots are, by schedule, if the provider tells.
    places: Mutex<BTreeMap<String, String>>,
    deleted: Mutex<BTreeSet<String>>,
}

#[async_trait]
impl Replies for Scripted {
    async fn reply(
        &self,
        context: &CallContext,
        schedule: &Schedule,
        call: &Call,
        request: Request,
    ) -> CallResult<Answer> {
        let plugin = schedule.plugin.to_string();
        let schedule = schedule.name.to_string();
        let word = word(&request);
        let about = match &request {
            Request::Snapshots(Action::Copy { reference } | Action::Delete { reference }) => {
                Some(reference.clone())
            }
            _ => None,
        };
        let from = context.clock.now();
        let (takes, ending) = (self.script)(&schedule, word);
        context
            .clock
            .sleep_until(from.checked_add(takes).unwrap())
            .await;
        self.called.lock().unwrap().push(Called {
            schedule: schedule.clone(),
            plugin,
            call: word,
            about,
            from,
            to: context.clock.now(),
        });
        match request {
            Request::Snapshots(Action::Create | Action::Copy { .. })
                if matches!(ending, CallResult::Failed(_)) =>
            {
                ending
            }
            Request::Snapshots(Action::Create | Action::Copy { .. }) => {
                done(&[("snapshot", &call.run_id.to_string())])
            }
            Request::Snapshots(Action::Delete { reference }) => {
                if !matches!(ending, CallResult::Failed(_)) {
                    self.deleted.lock().unwrap().insert(reference);
                }
                ending
            }
            Request::Get(Get { reference })
                if self.deleted.lock().unwrap().contains(&reference) =>
            {
                CallResult::Failed(Failure::not_found(reference))
            }
            Request::List(_) => CallResult::Answered(Answer::Page(Page {
                snapshots: Vec::new(),
                next: None,
            })),
            Request::Get(Get { reference }) => {
                CallResult::Answered(Answer::Snapshot(SnapshotInfo {
                    tenant: call.tenant.to_string(),
                    run_id: Some(reference.clone()),
                    taken_at: call.due,
                    state: SnapshotState::Ready,
                    size: None,
                    source: None,
                    place: self.places.lock().unwrap().get(&schedule).cloned(),
                    labels: Vec::new(),
                    reference,
                }))
            }
            _ => ending,
        }
    }
}

fn word(request: &Request) -> &'static str {
    match request {
        Request::Task(task::Action::Run) => "run",
        Request::Snapshots(Action::Create) => "create",
        Request::Snapshots(Action::Copy { .. }) => "copy",
        Request::Task(task::Action::Poll { .. }) | Request::Snapshots(Action::Poll { .. }) => {
            "poll"
        }
        Request::Snapshots(Action::Delete { .. }) => "delete",
        Request::Get(_) => "get",
        _ => "other",
    }
}

pub(super) fn done(evidence: &[(&str, &str)]) -> CallResult<Answer> {
    let pairs = evidence
        .iter()
        .map(|(kind, value)| ((*kind).to_owned(), (*value).to_owned()));
    CallResult::Answered(Answer::Step(Step::Done(Evidence(pairs.collect()))))
}

pub(super) fn goes_on(poll_after: Duration) -> CallResult<Answer> {
    CallResult::Answered(Answer::Step(Step::Running(Operation {
        handle: vec![7],
        poll_after,
        percent: None,
        note: "at the provider".to_owned(),
    })))
}

pub(super) fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn set(folder: &tempfile::TempDir, schedules: &str, now: Timestamp) -> ScheduleSet {
    let file = SourceFile {
        path: "schedules.toml".into(),
        folder: folder.path().to_owned(),
        text: schedules.to_owned(),
    };
    parse(vec![file], now).unwrap_or_else(|problems| panic!("{}", problems.render(false)))
}

pub(super) struct SimulatedHost {
    folder: tempfile::TempDir,
    pub(super) clock: SimulatedClock,
    scripted: Arc<Scripted>,
    replies: Arc<dyn Replies>,
    set: ScheduleSet,
    pub(super) concurrency: usize,
    pub(super) observer: Arc<dyn Observer>,
}

impl SimulatedHost {
    /// Schedules whose plugin is `task` have that role, all others make snapshots.
    pub(super) fn new(
        from: &str,
        schedules: &str,
        script: impl Fn(&str, &'static str) -> (Duration, CallResult<Answer>) + Send + Sync + 'static,
    ) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let set = set(&folder, schedules, at(from));
        let scripted = Scripted {
            script: Box::new(script),
            called: Mutex::default(),
            places: Mutex::default(),
            deleted: Mutex::default(),
        };
        let scripted = Arc::new(scripted);
        Self {
            folder,
            clock: SimulatedClock::new(at(from)),
            replies: scripted.clone(),
            scripted,
            set,
            concurrency: 64,
            observer: Arc::new(NoObserver),
        }
    }

    /// The provider says from now on that snapshots of this schedule are there.
    pub(super) fn keeps(&self, schedule: &str, place: &str) {
        let mut places = self.scripted.places.lock().unwrap();
        places.insert(schedule.to_owned(), place.to_owned());
    }

    /// The same with somebody else who answers.
    pub(super) fn served_by(from: &str, schedules: &str, replies: Arc<dyn Replies>) -> Self {
        let host = Self::new(from, schedules, |_, _| (Duration::ZERO, done(&[])));
        Self { replies, ..host }
    }

    /// Other schedules, for the next run.
    pub(super) fn edit(&mut self, schedules: &str) {
        self.set = set(&self.folder, schedules, self.clock.now());
    }

    pub(super) async fn ledger(&self, mode: OpenMode) -> Arc<dyn Ledger> {
        strongroom_ledger::open(self.folder.path(), mode)
            .await
            .unwrap()
    }

    fn setup(&self) -> Setup {
        let prepared = self.set.schedules.iter().map(|located| Prepared {
            role: if located.schedule.plugin.as_str() == "task" {
                Role::Task
            } else {
                Role::Snapshots
            },
            schedule: Clone::clone(&located.schedule),
            served: Served::Replies(self.replies.clone()),
        });
        Setup::new(prepared.collect(), self.set.limits.clone())
    }

    /// A schedule with what answers for it.
    pub(super) fn prepared(&self, name: &str) -> Prepared {
        self.prepared_with(name, self.replies.clone())
    }

    /// A schedule that is answered by somebody else.
    pub(super) fn prepared_with(&self, name: &str, served: Arc<dyn Replies>) -> Prepared {
        let located = self.set.get(name).unwrap();
        Prepared {
            role: Role::Snapshots,
            schedule: Clone::clone(&located.schedule),
            served: Served::Replies(served),
        }
    }

    /// Runs the host until then, while `meanwhile` happens; what is due by then ends.
    pub(super) async fn run_while(&self, until: &str, meanwhile: impl Future<Output = ()>) {
        let ledger = self.ledger(OpenMode::Scratch).await;
        let context = CallContext {
            observer: self.observer.clone(),
            ..CallContext::new(Arc::new(self.clock.clone()), ledger.clone())
        };
        let (_go_on, stop) = watch::channel(false);
        let settings = EngineSettings {
            concurrency: self.concurrency,
            ..EngineSettings::default()
        };
        let engine = Engine::new(context, Arc::new(self.setup()), settings, stop);
        let work = self.clock.work();
        let engine = async {
            engine.run(Until::Time(at(until))).await.unwrap();
            drop(work);
        };
        // Afterwards nobody but the engine works: time goes on until it has ended.
        let meanwhile = async {
            meanwhile.await;
            self.clock.sleep_until(Timestamp::MAX).await;
        };
        tokio::select! {
            () = engine => {}
            () = meanwhile => unreachable!("nobody waits for the end of time"),
        }
        ledger.close().await;
    }

    pub(super) async fn run(&self, until: &str) {
        let end = self.clock.clone();
        self.run_while(until, async move { end.sleep_until(at(until)).await })
            .await;
    }

    /// What was called, in the order in which it began.
    pub(super) fn called(&self, calls: &[&str]) -> Vec<Called> {
        let mut called = self.scripted.called.lock().unwrap().clone();
        called.retain(|one| calls.contains(&one.call));
        called.sort_by_key(|one| one.from);
        called
    }

    /// `schedule tenant HH:MM outcome`, by due time.
    pub(super) async fn record(&self) -> Vec<String> {
        let rows = self.rows().await;
        let line = |row: &OccurrenceRow| {
            let outcome = row
                .outcome
                .map_or_else(|| "unfinished".to_owned(), |outcome| outcome.to_string());
            format!(
                "{} {} {} {outcome}",
                row.schedule,
                row.tenant,
                row.due.strftime("%H:%M")
            )
        };
        rows.iter().map(line).collect()
    }

    pub(super) async fn rows(&self) -> Vec<OccurrenceRow> {
        let ledger = self.ledger(OpenMode::Reader).await;
        let mut rows = ledger
            .occurrences(OccurrenceFilter::default())
            .await
            .unwrap();
        ledger.close().await;
        rows.sort_by_key(|row| (row.due, row.schedule.clone(), row.tenant.clone()));
        rows
    }
}
