//! Upgrades: a ledger of every released version opens, with what is in it; and the indexes that are counted on are used.

use super::*;
use crate::plugin::PluginState;
use crate::sqlite::ROWS;
use crate::sqlite::batch::Batch;
use crate::sqlite::claim::expire;
use crate::sqlite::ending::ask;
use crate::sqlite::lease::prolong;
use crate::sqlite::record::{NewColumns, update};
use crate::sqlite::room::{GROUPS, Group, UNDER_WAY};
use crate::sqlite::search::{Which, search};
use crate::sqlite::wake::earliest;
use sqlx::migrate::{Migration, Migrator};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Row};

/// The first released schema, with an ended, a waiting and a held occurrence, a watermark and a plugin in it.
async fn version_1(folder: &std::path::Path) {
    let file = SqliteConnectOptions::new()
        .filename(folder.join("ledger.sqlite"))
        .create_if_missing(true);
    let mut connection = file.connect().await.unwrap();
    let all: Migrator = sqlx::migrate!("./migrations");
    let first: Vec<Migration> = all.iter().filter(|one| one.version == 1).cloned().collect();
    assert_eq!(first.len(), 1);
    let first = Migrator {
        migrations: first.into(),
        ..Migrator::DEFAULT
    };
    first.run(&mut connection).await.unwrap();
    let base = at(0).as_millisecond();
    for (id, schedule, person, host, fence, outcome) in [
        (1, "ended", "NULL", "NULL", 1, "'succeeded'"),
        (2, "waiting", "'ana'", "NULL", 0, "NULL"),
        (
            3,
            "held",
            "NULL",
            "x'00000000000000000000000000000009'",
            1,
            "NULL",
        ),
    ] {
        let sql = format!(
            "INSERT INTO occurrences (id, schedule, tenant, plugin, due, deadline, person, planned_at, ready_at, host, \
             fence, attempts, outcome) VALUES (x'{id:032x}', '{schedule}', 'acme', 'p', {base}, {base} + 9000, {person}, \
             {base}, {base}, {host}, {fence}, 0, {outcome})"
        );
        let done = sqlx::query(AssertSqlSafe(sql)).execute(&mut connection);
        done.await.unwrap();
    }
    for sql in [
        format!("INSERT INTO watermarks VALUES ('daily', {base})"),
        format!("INSERT INTO plugins VALUES ('d1', 'p', '1', 5, '{{}}', {base})"),
    ] {
        let done = sqlx::query(AssertSqlSafe(sql)).execute(&mut connection);
        done.await.unwrap();
    }
    connection.close().await.unwrap();
}

#[tokio::test]
async fn a_ledger_of_version_1_opens_with_what_is_in_it() {
    let folder = tempfile::tempdir().unwrap();
    version_1(folder.path()).await;
    let ledger = SqliteLedger::open(folder.path(), OpenMode::Host)
        .await
        .unwrap();
    let rows = ledger
        .occurrences(OccurrenceFilter::default())
        .await
        .unwrap();
    let origins: Vec<_> = rows.iter().map(|row| row.origin.clone()).collect();
    assert_eq!(
        origins,
        [
            Origin::Schedule,
            Origin::Person("ana".into()),
            Origin::Schedule
        ]
    );
    assert!(rows.iter().all(|row| {
        (row.priority, &row.account, row.covers) == (Priority::Normal, &None, None)
    }));
    let marks = ledger.watermarks().await.unwrap();
    let mark = &marks[&ScheduleName::new("daily").unwrap()];
    assert_eq!((mark.until, &mark.timetable), (at(0), &None));
    let plugins = ledger.plugins().await.unwrap();
    let plugin = &plugins[0];
    assert_eq!(
        (plugin.state, plugin.since, plugin.person.as_str()),
        (PluginState::Active, at(0), "host")
    );
    let claims = ledger.claim(request(5)).await.unwrap().claims;
    let deadlines: Vec<_> = claims.iter().map(|claim| claim.deadline).collect();
    assert_eq!(
        deadlines,
        [at(5 + 7_200), at(9)],
        "one begins now, one goes on as before"
    );
    assert!(claims[1].reclaimed);
}

async fn explained(fixture: &Fixture, sql: &str, plugin: &str) -> String {
    let mut writer = fixture.ledger.writer().await.unwrap();
    let mut write = writer.write().await.unwrap();
    // Parameters are left open: their values do not change how it is done.
    let sql = AssertSqlSafe(format!("EXPLAIN QUERY PLAN {sql}"));
    let rows = sqlx::query(sql)
        .fetch_all(write.connection())
        .await
        .unwrap();
    let steps: Vec<String> = rows.iter().map(|row| row.get("detail")).collect();
    assert!(!steps.is_empty(), "{plugin}");
    steps.join("; ")
}

/// How a statement is run.
async fn steps(fixture: &Fixture, name: &str, add: impl FnOnce(&mut Batch)) -> String {
    let mut batch = Batch::new();
    add(&mut batch);
    explained(fixture, &batch.sql(), name).await
}

#[tokio::test]
async fn claims_are_found_by_index_and_in_order() {
    let fixture = Fixture::new().await;
    let group = Group {
        plugin: PluginName::new("local-snapshot").unwrap(),
        account: None,
    };
    let waiting = "USING INDEX occurrences_waiting (priority=? AND ready_at<?)";
    let by_room =
        "USING INDEX occurrences_by_room (plugin=? AND <expr>=? AND priority=? AND ready_at<?)";
    for (which, expected) in [(Which::Any, waiting), (Which::Of(&group), by_room)] {
        let steps = steps(&fixture, "claim", |batch| {
            search(batch, &request(0), which, 10);
        })
        .await;
        assert!(steps.contains(expected), "{steps}");
        assert!(!steps.contains("TEMP B-TREE"), "{steps}");
        let other = "USING INDEX occurrences_under_way (schedule=? AND tenant=?)";
        assert!(steps.contains(other), "{steps}");
    }
    for which in [Which::Exempt, Which::Lapsed] {
        let steps = steps(&fixture, "busy", |batch| {
            search(batch, &request(0), which, 10);
        })
        .await;
        assert!(steps.contains("INDEX occurrences_busy"), "{steps}");
    }
    let only = ClaimRequest {
        only: Some(Uuid::nil()),
        ..request(0)
    };
    for which in [Which::Any, Which::Of(&group)] {
        let steps = steps(&fixture, "only", |batch| search(batch, &only, which, 10)).await;
        assert!(steps.contains("(id=?)"), "{steps}");
    }
}

#[tokio::test]
async fn what_is_written_of_many_is_found_by_its_ids_and_not_by_walking_over_all() {
    let fixture = Fixture::new().await;
    let ids: Vec<Uuid> = (0..ROWS as u128).map(Uuid::from_u128).collect();
    let claims: Vec<_> = ids.iter().map(|id| (*id, 1)).collect();
    let asked: Vec<_> = ids
        .iter()
        .map(|id| (*id, Outcome::Cancelled, String::new()))
        .collect();
    for many in [1, 64, 256, ROWS] {
        let rows: Vec<NewColumns> = (0..many).map(|_| NewColumns::default()).collect();
        let ended = steps(&fixture, "end", |batch| update(batch, &rows)).await;
        let prolonged = steps(&fixture, "prolong", |batch| {
            prolong(batch, &claims[..many], at(0));
        });
        let asked = steps(&fixture, "ask", |batch| ask(batch, &asked[..many]).unwrap());
        for steps in [ended, prolonged.await, asked.await] {
            assert!(steps.contains("(id=?)"), "{many}: {steps}");
            assert!(!steps.contains("SCAN occurrences"), "{many}: {steps}");
        }
    }
}

#[tokio::test]
async fn what_is_missed_counted_and_next_is_found_by_index() {
    let fixture = Fixture::new().await;
    let steps_of = steps(&fixture, "expire", |batch| expire(batch, at(0))).await;
    assert!(
        steps_of.contains("INDEX occurrences_start_by (deadline<?)"),
        "{steps_of}"
    );
    let busy = format!("{UNDER_WAY} 0) GROUP BY plugin, account");
    let steps_of = explained(&fixture, &busy, "busy").await;
    assert!(steps_of.contains("INDEX occurrences_busy"), "{steps_of}");
    let steps_of = explained(&fixture, GROUPS, "groups").await;
    assert!(
        steps_of.contains("INDEX occurrences_by_room (plugin>?)")
            && steps_of.contains("INDEX occurrences_by_room (plugin=? AND <expr>>?)"),
        "{steps_of}"
    );
    assert!(!steps_of.contains("TEMP B-TREE"), "{steps_of}");
    let steps_of = steps(&fixture, "wake", |batch| earliest(batch, Timestamp::MIN)).await;
    assert!(
        steps_of.contains("occurrences_waiting (priority=? AND ready_at>?)"),
        "{steps_of}"
    );
    assert!(steps_of.contains("occurrences_start_by"), "{steps_of}");
    assert!(!steps_of.contains("TEMP B-TREE"), "{steps_of}");
}
