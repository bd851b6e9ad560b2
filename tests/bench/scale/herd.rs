//! A herd: as many occurrences as can be, all due in the same minute, through the real engine and ledger on a simulated
//! clock, with replies that take no time. None may be lost, none may run twice, and memory must not grow with them.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, Mutex};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use jiff::Timestamp;
use serde_json::{Value, json};
use sqlx::{Connection, Row as _, SqliteConnection};
use strongroom_domain::Evidence;
use strongroom_domain::calendar::{Every, Zone};
use strongroom_domain::role::Role;
use strongroom_domain::schedule::{Limits, Missed, Overlap, Priority, Schedule, Trigger, defaults};
use strongroom_domain::{PluginName, ScheduleName, TenantName};
use strongroom_ledger::OpenMode;
use strongroom_orchestrator::{
    CallContext, Clock, Engine, EngineSettings, Prepared, Replies, Served, Setup, SimulatedClock,
    Until,
};
use strongroom_sandbox::call::{Call, CallResult, Step};
use strongroom_sandbox::role::{Answer, Request};
use strongroom_tests::repository;
use tokio::sync::watch;

use super::{apart, held_memory, most_memory, short};
use crate::Size;
use crate::measure::{now, spent};
use crate::report::{Goal, Report, Row};

/// Tenants of each schedule: as many as there may be.
const TENANTS: usize = 1_000;

/// Schedules from which on memory must stay flat.
const CACHES_FULL: usize = 100;

/// A measurement.
pub(super) struct Herd {
    pub(super) schedules: usize,
    /// Attempts at once.
    pub(super) concurrency: usize,
    /// Every other schedule is of a plugin of which so many may run at once.
    pub(super) limit: Option<u32>,
    /// Forced to disk, as a host's is; or not.
    pub(super) durable: bool,
}

const fn herd(schedules: usize, concurrency: usize, limit: Option<u32>, durable: bool) -> Herd {
    Herd {
        schedules,
        concurrency,
        limit,
        durable,
    }
}

pub(crate) fn measure(size: Size, report: &mut Report) {
    let herds: &[Herd] = match size {
        Size::Full => &[
            herd(10, 64, None, true),
            herd(100, 64, None, true),
            herd(1_000, 64, None, true),
            herd(100, 1_000, None, true),
            herd(1_000, 1_000, Some(100), true),
            herd(1_000, 1_000, None, false),
        ],
        Size::Quick => &[herd(2, 64, None, true), herd(2, 1_000, Some(100), false)],
    };
    // By attempts at once; with fewer than these SQLite's caches do not become full.
    let mut full: BTreeMap<usize, f64> = BTreeMap::new();
    for herd in herds {
        let found = apart(&[
            "herd",
            &herd.schedules.to_string(),
            &herd.concurrency.to_string(),
            &herd
                .limit
                .map_or("none".to_owned(), |most| most.to_string()),
            if herd.durable { "durable" } else { "scratch" },
        ]);
        let memory = found["memory"].as_f64().unwrap();
        let flat = (herd.schedules >= CACHES_FULL)
            .then(|| *full.entry(herd.concurrency).or_insert(memory));
        tell(herd, &found, flat, report);
    }
}

fn tell(herd: &Herd, found: &Value, smaller: Option<f64>, report: &mut Report) {
    let figure = |name: &str| found[name].as_f64().unwrap();
    let due = herd.schedules * TENANTS;
    let (all, took) = (due as f64, figure("seconds"));
    let on = if herd.durable {
        "on disk"
    } else {
        "not forced to disk"
    };
    let limit = herd.limit.map(|most| format!(", half {most}"));
    let drained = format!(
        "  drained, {}{} at once, {on}",
        herd.concurrency,
        limit.unwrap_or_default()
    );
    let mut add = |figure: String, value, peer: &str, beside, unit, goal| {
        report.add(Row {
            figure,
            value,
            peer: peer.to_owned(),
            beside,
            unit,
            goal,
        });
    };
    let ended = format!("{} due at once: ended", short(due));
    let (exactly, most) = (Goal::AtLeast(1.0), Goal::AtMost(1.0));
    add(ended, figure("succeeded"), "due", all, "", exactly);
    let asked = "  replies asked for".to_owned();
    add(asked, figure("replies"), "due", all, "", most);
    add(drained, all / took, "goal", 5_000.0, "/s", exactly);
    let processor = "  processor time, each".to_owned();
    let (spent, took_each) = (figure("processor") * 1e6 / all, took * 1e6 / all);
    add(processor, spent, "time, each", took_each, "µs", Goal::None);
    let began = "  until the first began".to_owned();
    add(began, figure("first"), "all of them", took, "s", Goal::None);
    let memory = figure("memory");
    let (beside, flat) =
        smaller.map_or((memory, Goal::None), |smaller| (smaller, Goal::AtMost(1.5)));
    let peak = "  peak memory beside schedules".to_owned();
    add(
        peak,
        memory,
        "of 100k, as many at once",
        beside,
        "MiB",
        flat,
    );
}

/// Answers at once, and counts.
#[derive(Default)]
struct AtOnce {
    asked: AtomicUsize,
    first: Mutex<Option<Instant>>,
}

#[async_trait]
impl Replies for AtOnce {
    async fn reply(
        &self,
        _: &CallContext,
        _: &Schedule,
        _: &Call,
        _: Request,
    ) -> CallResult<Answer> {
        if self.asked.fetch_add(1, Ordering::Relaxed) == 0 {
            *self.first.lock().unwrap() = Some(now());
        }
        CallResult::Answered(Answer::Step(Step::Done(Evidence::default())))
    }
}

/// In a process of its own: so many schedules of a thousand tenants, due at the same minute.
pub(super) fn part(herd: &Herd) -> Value {
    let folder = tempfile::tempdir_in(repository().join("target")).unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let replies = Arc::new(AtOnce::default());
    let setup = setup(herd, &replies);
    let schedules = held_memory();
    let began = now();
    let (time, processor, ()) = spent(|| runtime.block_on(run(folder.path(), herd, setup)));
    let first = replies.first.lock().unwrap().expect("something ran");
    let memory = most_memory() - schedules;
    let counts = runtime.block_on(counts(folder.path()));
    assert_eq!(counts.rows, herd.schedules * TENANTS, "each is written");
    assert_eq!(counts.ended, counts.rows, "each end is on record");
    assert_eq!(counts.entries, counts.rows, "and each of them once");
    json!({
        "seconds": time, "processor": processor, "first": first.duration_since(began).as_secs_f64(), "memory": memory,
        "succeeded": counts.succeeded, "replies": replies.asked.load(Ordering::Relaxed),
    })
}

async fn run(folder: &Path, herd: &Herd, setup: Arc<Setup>) {
    let start: Timestamp = "2026-06-01T02:59:30Z".parse().unwrap();
    let clock = SimulatedClock::new(start);
    let mode = if herd.durable {
        OpenMode::Host
    } else {
        OpenMode::Scratch
    };
    let ledger = strongroom_ledger::open(folder, mode).await.unwrap();
    let context = CallContext::new(Arc::new(clock.clone()), ledger.clone());
    let settings = EngineSettings {
        concurrency: herd.concurrency,
        ..EngineSettings::default()
    };
    let (_go_on, stop) = watch::channel(false);
    let engine = Engine::new(context, setup, settings, stop);
    let end = clock.now() + Duration::from_secs(60);
    engine.run(Until::Time(end)).await.unwrap();
    ledger.close().await;
}

fn setup(herd: &Herd, replies: &Arc<AtOnce>) -> Arc<Setup> {
    let limited = PluginName::new("limited").unwrap();
    let prepared = (0..herd.schedules).map(|number| {
        let mut schedule = schedule(number);
        if herd.limit.is_some() && number % 2 == 0 {
            schedule.plugin = limited.clone();
            // Whatever is limited stands before everything else.
            schedule.priority = Priority::High;
        }
        Prepared {
            schedule: Arc::new(schedule),
            served: Served::Replies(replies.clone()),
            role: Role::Task,
        }
    });
    let limits = Limits {
        plugins: herd
            .limit
            .map(|most| (limited.clone(), most))
            .into_iter()
            .collect(),
        ..Limits::default()
    };
    Arc::new(Setup::new(prepared.collect(), limits))
}

static NAMES: LazyLock<Vec<TenantName>> = LazyLock::new(|| {
    let names = (0..TENANTS).map(|tenant| TenantName::new(&format!("tenant-{tenant}")).unwrap());
    names.collect()
});

/// One whose due time is the next whole hour.
pub(super) fn schedule(number: usize) -> Schedule {
    Schedule {
        name: ScheduleName::new(&format!("schedule-{number}")).unwrap(),
        plugin: PluginName::new("replies").unwrap(),
        trigger: Trigger::Every(Every::parse("1h").unwrap()),
        zone: Zone::parse("UTC").unwrap(),
        tenants: NAMES.clone(),
        spread: Duration::ZERO,
        blackout: Default::default(),
        priority: Priority::Normal,
        account: None,
        overlap: Overlap::Skip,
        missed: Missed::Latest,
        missed_within: defaults::MISSED_WITHIN,
        timeout: defaults::TIMEOUT,
        retry: Default::default(),
        role: None,
        snapshots: Default::default(),
        config: "{}".into(),
        grants: Default::default(),
        memory: defaults::MEMORY,
        enabled: true,
    }
}

struct Counts {
    rows: usize,
    succeeded: usize,
    /// Ends in the audit log, and how many different ones.
    ended: usize,
    entries: usize,
}

async fn counts(folder: &Path) -> Counts {
    let url = format!(
        "sqlite://{}?mode=ro",
        folder.join("ledger.sqlite").display()
    );
    let mut connection = SqliteConnection::connect(&url).await.unwrap();
    let rows =
        sqlx::query("SELECT COUNT(*), COALESCE(SUM(outcome = 'succeeded'), 0) FROM occurrences");
    let rows = rows.fetch_one(&mut connection).await.unwrap();
    let ends = sqlx::query(
        "SELECT COUNT(*), COUNT(DISTINCT json_extract(entry, '$.fields.occurrence')) FROM audit_entries \
         WHERE json_extract(entry, '$.kind') = 'occurrence-ended'",
    );
    let ends = ends.fetch_one(&mut connection).await.unwrap();
    let count = |row: &sqlx::sqlite::SqliteRow, index: usize| {
        usize::try_from(row.get::<i64, _>(index)).unwrap()
    };
    Counts {
        rows: count(&rows, 0),
        succeeded: count(&rows, 1),
        ended: count(&ends, 0),
        entries: count(&ends, 1),
    }
}
