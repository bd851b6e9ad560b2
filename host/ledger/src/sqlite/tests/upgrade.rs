//! Upgrades: a ledger of every released version opens, with what is in it.

use super::*;
use crate::occurrences::{OccurrenceFilter, Origin};
use crate::plugins::PluginState;
use sqlx::migrate::{Migration, Migrator};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection};
use strongroom_domain::ScheduleName;
use strongroom_domain::schedule::Priority;

/// The first released schema, with an ended, a waiting and a held occurrence, a watermark and a plugin in it.
async fn version_1(folder: &Path) {
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
    let ledger = open(folder.path(), OpenMode::Host).await.unwrap();
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
        (row.priority, &row.account, row.makes_up_for) == (Priority::Normal, &None, None)
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
