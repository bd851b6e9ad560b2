//! A herd: as many occurrences as can be, all due in the same minute, through the real engine and ledger on a simulated
//! clock, with replies that take no time. None may be lost, none may run twice, and memory must not grow with them.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use jiff::Timestamp;
use serde_json::{Value, json};
use sqlx::{Connection, Row as _, SqliteConnection};
use strongroom_domain::Evidence;
use strongroom_domain::calendar::{Every, Zone};
use strongroom_domain::schedule::{Limits, Missed, Overlap, Priority, Schedule, Trigger, defaults};
use strongroom_domain::{PluginName, ScheduleName, TenantName};
use strongroom_ledger::{OpenMode, SqliteLedger};
use strongroom_orchestrator::executor::Errand;
use strongroom_orchestrator::{
    Access, Clock, Engine, EngineSettings, Prepared, Replies, Served, Setup, SimulatedClock, Until,
};
use strongroom_sandbox::Role;
use strongroom_sandbox::call::{Answer, Ending, Request, Step};
use strongroom_tests::repository;
use tokio::sync::watch;

use super::{apart, most_memory, short};
use crate::Size;
use crate::measure::{now, timed};
use crate::report::{Goal, Report, Row};

/// Tenants of each schedule: as many as there may be.
const TENANTS: usize = 1_000;

pub(crate) fn measure(size: Size, report: &mut Report) {
    let runs: &[(usize, usize, bool)] = match size {
        Size::Full => &[
            (10, 64, true),
            (100, 64, true),
            (1_000, 64, true),
            (100, 1_000, true),
            (1_000, 1_000, false),
        ],
        Size::Quick => &[(2, 64, true), (2, 1_000, false)],
    };
    let mut smallest = None;
    for (schedules, concurrency, durable) in runs {
        let due = schedules * TENANTS;
        let found = apart(&[
            "herd",
            &schedules.to_string(),
            &concurrency.to_string(),
            if *durable { "durable" } else { "scratch" },
        ]);
        let figure = |name: &str| found[name].as_f64().unwrap();
        let on = if *durable {
            "on disk"
        } else {
            "not forced to disk"
        };
        let smallest = *smallest.get_or_insert(figure("memory"));
        let (all, took) = (due as f64, figure("seconds"));
        let herd = format!("{} due at once: ended", short(due));
        let drained = format!("  drained, {concurrency} at once, {on}");
        let (exactly, fast) = (Goal::AtLeast(1.0), Goal::AtLeast(1.0));
        for (figure, value, peer, beside, unit, goal) in [
            (herd, figure("succeeded"), "due", all, "", exactly),
            (
                "  replies asked for".into(),
                figure("replies"),
                "due",
                all,
                "",
                Goal::AtMost(1.0),
            ),
            (drained, all / took, "goal", 5_000.0, "/s", fast),
            (
                "  until the first began".into(),
                figure("first"),
                "all of them",
                took,
                "s",
                Goal::None,
            ),
            (
                "  peak memory".into(),
                figure("memory"),
                "of the smallest",
                smallest,
                "MiB",
                Goal::AtMost(1.5),
            ),
        ] {
            let peer = peer.to_owned();
            report.add(Row {
                figure,
                value,
                peer,
                beside,
                unit,
                goal,
            });
        }
    }
}

/// Answers at once, and counts.
#[derive(Default)]
struct AtOnce {
    asked: AtomicUsize,
    first: Mutex<Option<Instant>>,
}

#[async_trait]
impl Replies for AtOnce {
    async fn reply(&self, _: &Access, _: &Errand<'_>, _: Request) -> Ending {
        if self.asked.fetch_add(1, Ordering::Relaxed) == 0 {
            *self.first.lock().unwrap() = Some(now());
        }
        Ending::Answered(Answer::Step(Step::Done(Evidence::default())))
    }
}

/// In a process of its own: so many schedules of a thousand tenants, due at the same minute.
pub(super) fn part(schedules: usize, concurrency: usize, durable: bool) -> Value {
    let folder = tempfile::tempdir_in(repository().join("target")).unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let replies = Arc::new(AtOnce::default());
    let began = now();
    let (time, ()) = timed(|| {
        runtime.block_on(run(
            folder.path(),
            schedules,
            concurrency,
            durable,
            replies.clone(),
        ));
    });
    let first = replies.first.lock().unwrap().expect("something ran");
    let memory = most_memory();
    let counts = runtime.block_on(counts(folder.path()));
    assert_eq!(counts.rows, schedules * TENANTS, "each is written");
    assert_eq!(counts.ended, counts.rows, "each end is on record");
    assert_eq!(counts.entries, counts.rows, "and each of them once");
    json!({
        "seconds": time.as_secs_f64(), "first": first.duration_since(began).as_secs_f64(), "memory": memory,
        "succeeded": counts.succeeded, "replies": replies.asked.load(Ordering::Relaxed),
    })
}

async fn run(
    folder: &Path,
    schedules: usize,
    concurrency: usize,
    durable: bool,
    replies: Arc<AtOnce>,
) {
    let start: Timestamp = "2026-06-01T02:59:30Z".parse().unwrap();
    let clock = SimulatedClock::new(start);
    let mode = if durable {
        OpenMode::Host
    } else {
        OpenMode::Scratch
    };
    let ledger = Arc::new(SqliteLedger::open(folder, mode).await.unwrap());
    let access = Access::new(Arc::new(clock.clone()), ledger.clone());
    let prepared = (0..schedules).map(|number| Prepared {
        schedule: Arc::new(schedule(number)),
        served: Served::Replies(replies.clone()),
        role: Role::Task,
    });
    let setup = Arc::new(Setup::new(prepared.collect(), Limits::default()));
    let settings = EngineSettings {
        concurrency,
        ..EngineSettings::default()
    };
    let (_go_on, stop) = watch::channel(false);
    let engine = Engine::new(access, setup, settings, stop);
    let end = clock.now() + Duration::from_secs(60);
    engine.run(Until::Time(end)).await.unwrap();
    ledger.close().await;
}

/// One whose due time is the next whole hour.
pub(super) fn schedule(number: usize) -> Schedule {
    Schedule {
        name: ScheduleName::new(&format!("schedule-{number}")).unwrap(),
        plugin: PluginName::new("replies").unwrap(),
        trigger: Trigger::Every(Every::parse("1h").unwrap()),
        zone: Zone::parse("UTC").unwrap(),
        tenants: (0..TENANTS)
            .map(|tenant| TenantName::new(&format!("tenant-{tenant}")).unwrap())
            .collect(),
        spread: Duration::ZERO,
        blackout: Default::default(),
        priority: Priority::Normal,
        account: None,
        overlap: Overlap::Skip,
        missed: Missed::Latest,
        missed_within: defaults::MISSED_WITHIN,
        timeout: defaults::TIMEOUT,
        retry: Default::default(),
        retention: None,
        keeping: None,
        config: "{}".into(),
        grants: Default::default(),
        drill_of: None,
        memory: defaults::MEMORY,
        enabled: true,
        part: Default::default(),
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
