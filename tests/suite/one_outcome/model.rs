//! Plays a history on the real engine and compares the record with what should be there.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use strongroom_domain::pause::Pause;
use strongroom_domain::retry::Failure;
use strongroom_domain::role::Role;
use strongroom_domain::schedule::{Limits, Overlap, Schedule};
use strongroom_domain::timetable::Timetable;
use strongroom_domain::{Evidence, Outcome, PluginName, ScheduleName};
use strongroom_ledger::{Ledger, OccurrenceFilter, OpenMode};
use strongroom_orchestrator::{
    CallContext, Clock, Engine, EngineSettings, Prepared, Replies, Served, Setup, SimulatedClock,
    Until,
};
use strongroom_sandbox::call::{Call, CallResult, Operation, Step as Reply};
use strongroom_sandbox::role::{Answer, Request, task};
use tokio::sync::watch;
use uuid::Uuid;

use super::history::{Expected, SCHEDULES, START, Step, Variant};

/// Answers by chance, always the same for the same run and attempt, and watches that no two runs of a schedule and
/// tenant overlap where that is not allowed. What began while it was goes on side by side after an edit.
#[derive(Default)]
struct Chance {
    running: Mutex<BTreeSet<(ScheduleName, String)>>,
    allowed: Mutex<BTreeSet<Uuid>>,
    broken: Mutex<Vec<String>>,
}

/// Removes a run from those under way, also when its attempt is given up.
struct UnderWay<'a>(&'a Chance, (ScheduleName, String), bool);

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        if self.2 {
            self.0.running.lock().unwrap().remove(&self.1);
        }
    }
}

#[async_trait]
impl Replies for Chance {
    async fn reply(
        &self,
        context: &CallContext,
        schedule: &Schedule,
        call: &Call,
        request: Request,
    ) -> CallResult<Answer> {
        let pair = (schedule.name.clone(), call.tenant.to_string());
        let new = self.running.lock().unwrap().insert(pair.clone());
        if schedule.overlap == Overlap::Allow {
            self.allowed.lock().unwrap().insert(call.run_id);
        }
        if !new && !self.allowed.lock().unwrap().contains(&call.run_id) {
            self.broken
                .lock()
                .unwrap()
                .push(format!("two runs of {pair:?} at {}", context.clock.now()));
        }
        let _under_way = UnderWay(self, pair, new);
        let dice = Uuid::new_v5(&call.run_id, &call.attempt.to_be_bytes());
        let [kind, length, ..] = dice.into_bytes();
        let takes = Duration::from_secs(60 * u64::from(length % 25));
        if length >= 128 {
            let until = context.clock.now().checked_add(takes).unwrap();
            context.clock.sleep_until(until).await;
        }
        let begins = matches!(request, Request::Task(task::Action::Run));
        match kind % 8 {
            0 => CallResult::Failed(Failure::unavailable("by chance")),
            1 => CallResult::Failed(Failure::invalid("by chance")),
            2 if begins => CallResult::Answered(Answer::Step(Reply::Running(Operation {
                handle: vec![1],
                poll_after: takes.max(Duration::from_secs(1)),
                percent: None,
                note: "by chance".into(),
            }))),
            _ => CallResult::Answered(Answer::Step(Reply::Done(Evidence::default()))),
        }
    }
}

struct Model {
    folder: tempfile::TempDir,
    clock: SimulatedClock,
    chance: Arc<Chance>,
    files: BTreeMap<usize, Variant>,
    expected: Expected,
}

pub(super) async fn play(steps: &[Step]) {
    let mut world = Model {
        folder: tempfile::tempdir().unwrap(),
        clock: SimulatedClock::new(START),
        chance: Arc::default(),
        files: BTreeMap::new(),
        expected: Expected::default(),
    };
    let mut rest = steps;
    while !rest.is_empty() {
        rest = world.live(rest).await;
    }
    world.compare().await;
}

impl Model {
    fn setup(&self) -> Arc<Setup> {
        let mut schedules: Vec<Prepared> = Vec::new();
        for (index, variant) in &self.files {
            schedules.push(Prepared {
                schedule: variant.schedule(*index).into(),
                served: Served::Replies(self.chance.clone()),
                role: Role::Task,
            });
        }
        // Always there, so that the engine always has something to wait for.
        let mut anchor = Variant::quick(2).schedule(SCHEDULES);
        anchor.plugin = PluginName::new("replies").unwrap();
        schedules.push(Prepared {
            schedule: anchor.into(),
            served: Served::Replies(self.chance.clone()),
            role: Role::Task,
        });
        Arc::new(Setup::new(schedules, Limits::default()))
    }

    async fn open(&self, mode: OpenMode) -> Arc<dyn Ledger> {
        let folder: &Path = self.folder.path();
        strongroom_ledger::open(folder, mode).await.unwrap()
    }

    fn context(&self, ledger: Arc<dyn Ledger>) -> CallContext {
        CallContext::new(Arc::new(self.clock.clone()), ledger)
    }

    /// One life of the host: from its start until it is killed or the history ends. The steps that are left.
    async fn live<'a>(&mut self, steps: &'a [Step]) -> &'a [Step] {
        let ledger = self.open(OpenMode::Scratch).await;
        let (sets, reloads) = watch::channel(self.setup());
        let (_go_on, stop) = watch::channel(false);
        let settings = EngineSettings {
            lease: Duration::from_secs(600),
            ..EngineSettings::default()
        };
        let first = sets.borrow().clone();
        let engine =
            Engine::new(self.context(ledger.clone()), first, settings, stop).reloading(reloads);
        // The engine is one more that works, and simulated time stands still for it, too.
        let work = self.clock.work();
        let (rest, down) = {
            let engine = engine.run(Until::Time(Timestamp::MAX));
            tokio::select! {
                biased;
                ended = engine => panic!("the engine ended by itself: {ended:?}"),
                left = self.person(steps, ledger.as_ref(), &sets) => left,
            }
        };
        drop((work, engine));
        ledger.close().await;
        if let Some((minutes, edit)) = down {
            let back = self
                .clock
                .now()
                .checked_add(Duration::from_secs(60 * minutes))
                .unwrap();
            self.clock.sleep_until(back).await;
            if let Some((schedule, to)) = edit {
                self.write(*schedule, to.as_ref());
            }
        }
        rest
    }

    fn write(&mut self, schedule: usize, to: Option<&Variant>) {
        self.expected.edited(schedule, to, self.clock.now());
        match to {
            Some(variant) => self.files.insert(schedule, variant.clone()),
            None => self.files.remove(&schedule),
        };
    }

    /// Does what the history says until the host is killed.
    async fn person<'a>(
        &mut self,
        steps: &'a [Step],
        ledger: &dyn Ledger,
        sets: &watch::Sender<Arc<Setup>>,
    ) -> (
        &'a [Step],
        Option<(u64, &'a Option<(usize, Option<Variant>)>)>,
    ) {
        // The start itself is a moment at which timetables come into force.
        self.settled(ledger).await;
        for (index, step) in steps.iter().enumerate() {
            let now = self.clock.now();
            match step {
                Step::Pass(minutes) => {
                    let until = now.checked_add(Duration::from_secs(60 * minutes)).unwrap();
                    self.clock.sleep_until(until).await;
                }
                Step::Edit { schedule, to } => {
                    self.write(*schedule, to.as_ref());
                    sets.send_replace(self.setup());
                    self.settled(ledger).await;
                }
                Step::Pause(schedule) => {
                    if self.expected.pause(*schedule, now) {
                        let pause = Pause {
                            from: now,
                            until: None,
                            person: "ana".into(),
                            reason: "chance".into(),
                        };
                        let visitor = self.open(OpenMode::Visitor).await;
                        visitor.pause(&name(*schedule), pause).await.unwrap();
                        visitor.close().await;
                    }
                }
                Step::Resume(schedule) => {
                    if self.expected.resume(*schedule, now) {
                        let visitor = self.open(OpenMode::Visitor).await;
                        visitor
                            .resume(&name(*schedule), "bo", "chance", now)
                            .await
                            .unwrap();
                        visitor.close().await;
                    }
                }
                Step::Down { minutes, edit } => {
                    return (&steps[index + 1..], Some((*minutes, edit)));
                }
            }
        }
        (&[], None)
    }

    /// Waits, while simulated time stands still, until the engine has taken up what the files say.
    async fn settled(&self, ledger: &dyn Ledger) {
        for _ in 0..100_000 {
            let known = ledger.watermarks().await.unwrap();
            let agree = (0..SCHEDULES).all(|index| {
                let wanted = self
                    .files
                    .get(&index)
                    .map(|variant| Timetable::of(&variant.schedule(index)).unwrap().to_text());
                known
                    .get(&name(index))
                    .and_then(|row| row.timetable.clone())
                    == wanted
            });
            if agree && known.contains_key(&name(SCHEDULES)) {
                return;
            }
            tokio::task::yield_now().await;
        }
        panic!("the engine does not take up what the files say");
    }

    async fn compare(mut self) {
        let end = self.clock.now();
        let ledger = self.open(OpenMode::Scratch).await;
        // Whatever still waits ends, because its schedule is gone: nothing may be left behind.
        let (_go_on, stop) = watch::channel(false);
        let nothing = Arc::new(Setup::new(Vec::new(), Limits::default()));
        let engine = Engine::new(
            self.context(ledger.clone()),
            nothing,
            EngineSettings::default(),
            stop,
        );
        engine.run(Until::Time(Timestamp::MAX)).await.unwrap();
        let rows = ledger
            .occurrences(OccurrenceFilter::default())
            .await
            .unwrap();
        assert_eq!(*self.chance.broken.lock().unwrap(), Vec::<String>::new());
        let mut wanted = std::mem::take(&mut self.expected).finish(end);
        for row in &rows {
            let outcome = row.outcome.unwrap_or_else(|| panic!("unfinished: {row:?}"));
            if row.schedule == name(SCHEDULES) {
                continue;
            }
            let key = (row.schedule.to_string(), row.tenant.to_string(), row.due);
            let paused = wanted
                .remove(&key)
                .unwrap_or_else(|| panic!("nobody was due then: {row:?}"));
            if paused {
                assert_eq!(outcome, Outcome::Paused, "{row:?}");
            }
        }
        assert!(wanted.is_empty(), "without a record: {wanted:?}");
        self.each_end_is_on_record_once(rows.len()).await;
        ledger.close().await;
    }

    async fn each_end_is_on_record_once(&self, occurrences: usize) {
        use sqlx::{Connection, Row};
        let file = self.folder.path().join("ledger.sqlite");
        let url = format!("sqlite://{}?mode=ro", file.display());
        let mut connection = sqlx::SqliteConnection::connect(&url).await.unwrap();
        let entries = sqlx::query("SELECT entry FROM audit_entries")
            .fetch_all(&mut connection)
            .await
            .unwrap();
        let mut ends: BTreeMap<String, usize> = BTreeMap::new();
        for entry in entries {
            let entry: serde_json::Value = serde_json::from_str(entry.get(0)).unwrap();
            if entry["kind"] == "occurrence-ended" {
                *ends
                    .entry(entry["fields"]["occurrence"].to_string())
                    .or_default() += 1;
            }
        }
        assert_eq!(
            ends.len(),
            occurrences,
            "each occurrence has an end on record"
        );
        assert!(
            ends.values().all(|count| *count == 1),
            "no occurrence ended twice"
        );
    }
}

fn name(index: usize) -> ScheduleName {
    ScheduleName::new(&format!("schedule-{index}")).unwrap()
}
