//! How SQLite runs the statements that have to be fast: by the indexes that are counted on.

use super::claim::expire;
use super::ending::ask;
use super::lease::prolong;
use super::record::{NewColumns, update};
use super::room::{GROUPS, UNDER_WAY};
use super::search::{Group, Which, search};
use super::wake::earliest;
use crate::occurrences::ClaimRequest;
use crate::sqlite::ROWS;
use crate::sqlite::batch::Batch;
use crate::sqlite::tests::{Fixture, fixture};
use crate::suite::samples::*;
use jiff::Timestamp;
use sqlx::{AssertSqlSafe, Row};
use strongroom_domain::{Outcome, PluginName};
use uuid::Uuid;

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
    let fixture = fixture().await;
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
    let fixture = fixture().await;
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
    let fixture = fixture().await;
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
