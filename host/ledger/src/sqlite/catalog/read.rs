//! Reading the catalog.

use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, Row, Sqlite, SqliteConnection};
use strongroom_domain::retention::Hold;
use uuid::Uuid;

use crate::catalog::{SnapshotCount, SnapshotFilter, SnapshotOrder, SnapshotRow};
use crate::error::LedgerError;
use crate::sqlite::SqliteLedger;
use crate::sqlite::batch::{AT_MOST, Batch};
use crate::sqlite::columns::{
    get_count, get_evidence, get_id, get_optional_count, get_optional_time, get_optional_word,
    get_time, get_word, id, ms, parse_word,
};

pub(super) async fn snapshots(
    ledger: &SqliteLedger,
    only: Option<Uuid>,
    filter: &SnapshotFilter,
) -> Result<Vec<SnapshotRow>, LedgerError> {
    // One statement, so that a hold is never read without its snapshot or the other way round.
    let mut batch = Batch::new();
    let query = batch.add(
        "SELECT found.*, holds.name AS hold, holds.reason AS hold_reason, holds.until AS hold_until FROM (\
         SELECT snapshots.*, (SELECT shadow_of FROM occurrences WHERE occurrences.id = snapshots.occurrence) AS shadow_of \
         FROM snapshots",
    );
    select(query, only, filter);
    query
        .push(") AS found LEFT JOIN holds ON holds.snapshot = found.id")
        .push(order(filter))
        .push(", hold");
    let mut snapshots: Vec<SnapshotRow> = Vec::new();
    for row in &ledger.ask(batch).await?.next().rows {
        let id = get_id(row, "id")?;
        if snapshots.last().is_none_or(|last| last.id != id) {
            snapshots.push(snapshot(row, id)?);
        }
        let hold: Option<String> = row.try_get("hold")?;
        if let (Some(name), Some(last)) = (hold, snapshots.last_mut()) {
            last.holds.push(Hold {
                name,
                reason: row.try_get("hold_reason")?,
                until: get_optional_time(row, "hold_until")?,
            });
        }
    }
    Ok(snapshots)
}

pub(super) async fn counts(
    reader: &mut SqliteConnection,
) -> Result<Vec<SnapshotCount>, LedgerError> {
    let rows = sqlx::query(
        "SELECT schedule, plugin, COUNT(*) AS number FROM snapshots WHERE state <> 'gone' \
         GROUP BY schedule, plugin ORDER BY schedule, plugin",
    )
    .fetch_all(reader)
    .await?;
    let counts = rows.iter().map(|row| {
        Ok(SnapshotCount {
            schedule: get_word(row, "schedule")?,
            plugin: get_word(row, "plugin")?,
            count: get_count(row, "number")?,
        })
    });
    counts.collect()
}

fn select(query: &mut QueryBuilder<Sqlite>, only: Option<Uuid>, filter: &SnapshotFilter) {
    query.push(if filter.gone {
        " WHERE 1 = 1"
    } else {
        " WHERE state <> 'gone'"
    });
    if let Some(only) = only {
        query.push(" AND id = ").push_bind(id(only));
    }
    if let Some(schedule) = &filter.schedule {
        query
            .push(" AND schedule = ")
            .push_bind(schedule.to_string());
    }
    if let Some(tenant) = &filter.tenant {
        query.push(" AND tenant = ").push_bind(tenant.to_string());
    }
    if let Some(plugin) = &filter.plugin {
        query.push(" AND plugin = ").push_bind(plugin.to_string());
    }
    if !filter.states.is_empty() {
        query.push(" AND state IN (");
        let mut words = query.separated(", ");
        for state in &filter.states {
            words.push_bind(state.as_str());
        }
        query.push(")");
    }
    if !filter.references.is_empty() {
        query.push(" AND reference IN (");
        let mut names = query.separated(", ");
        for name in &filter.references {
            names.push_bind(name.clone());
        }
        query.push(")");
    }
    if let Some((taken_at, after)) = filter.after {
        query
            .push(" AND (taken_at, id) > (")
            .push_bind(ms(taken_at))
            .push(", ")
            .push_bind(id(after))
            .push(")");
    }
    query.push(order(filter));
    if let Some(limit) = filter.limit {
        query.push(AT_MOST).push_bind(i64::from(limit));
    }
}

fn order(filter: &SnapshotFilter) -> &'static str {
    match filter.order {
        SnapshotOrder::Taken => " ORDER BY taken_at, id",
        SnapshotOrder::ToVerify => {
            " ORDER BY verified_at IS NOT NULL, verified_at, taken_at DESC, id"
        }
    }
}

fn snapshot(row: &SqliteRow, id: Uuid) -> Result<SnapshotRow, LedgerError> {
    Ok(SnapshotRow {
        id,
        occurrence: get_id(row, "occurrence")?,
        schedule: get_word(row, "schedule")?,
        tenant: get_word(row, "tenant")?,
        plugin: get_word(row, "plugin")?,
        plugin_digest: row.try_get("plugin_digest")?,
        reference: row.try_get("reference")?,
        taken_at: get_time(row, "taken_at")?,
        recorded_at: get_time(row, "recorded_at")?,
        state: parse_word("state", row.try_get("state")?)?,
        size: get_optional_count(row, "size")?,
        files: get_optional_count(row, "files")?,
        evidence: get_evidence(row, "evidence")?,
        holds: Vec::new(),
        last_error: row.try_get("last_error")?,
        verified_at: get_optional_time(row, "verified_at")?,
        gone_at: get_optional_time(row, "gone_at")?,
        shadow_of: get_optional_word(row, "shadow_of")?,
    })
}
