//! Ages of shelves: what is asked of them, and whether somebody was told.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, Row, Sqlite, SqliteConnection};
use strongroom_domain::age::Age;
use strongroom_domain::{ScheduleName, TenantName};

use crate::audit::AuditEntry;
use crate::catalog::{AgeLimit, ShelfAge};
use crate::error::LedgerError;
use crate::sqlite::columns::{get_optional_time, get_time, get_word, misfit, ms};
use crate::sqlite::{ROWS, SqliteLedger};

/// Schedule and tenant.
type Shelf = (ScheduleName, TenantName);

pub(super) async fn set_limits(
    ledger: &SqliteLedger,
    wanted: Vec<AgeLimit>,
    now: Timestamp,
) -> Result<(), LedgerError> {
    let known = limits(&mut *ledger.reader().await?).await?;
    let wanted: BTreeMap<Shelf, i64> = wanted
        .into_iter()
        .map(|limit| {
            let most = i64::try_from(limit.most.as_millis()).unwrap_or(i64::MAX);
            ((limit.schedule, limit.tenant), most)
        })
        .collect();
    let new = wanted
        .iter()
        .filter(|(shelf, most)| known.get(shelf) != Some(&Some(**most)))
        .map(|(shelf, most)| (shelf, Some(*most)));
    let gone = known
        .iter()
        .filter(|(shelf, most)| most.is_some() && !wanted.contains_key(*shelf))
        .map(|(shelf, _)| (shelf, None));
    let changes: Vec<(&Shelf, Option<i64>)> = new.chain(gone).collect();
    if changes.is_empty() {
        return Ok(());
    }
    let mut writer = ledger.writer().await?;
    let mut write = writer.write().await?;
    for chunk in changes.chunks(ROWS) {
        put(write.connection(), chunk, now).await?;
    }
    write.commit().await
}

async fn put(
    connection: &mut SqliteConnection,
    shelves: &[(&Shelf, Option<i64>)],
    now: Timestamp,
) -> Result<(), LedgerError> {
    let mut query =
        QueryBuilder::<Sqlite>::new("INSERT INTO shelf_ages (schedule, tenant, since, max_age) ");
    query.push_values(shelves, |mut columns, ((schedule, tenant), most)| {
        columns
            .push_bind(schedule.as_str())
            .push_bind(tenant.as_str())
            .push_bind(ms(now))
            .push_bind(*most);
    });
    query.push(" ON CONFLICT (schedule, tenant) DO UPDATE SET max_age = excluded.max_age");
    query.build().execute(connection).await?;
    Ok(())
}

async fn limits(
    reader: &mut SqliteConnection,
) -> Result<BTreeMap<Shelf, Option<i64>>, LedgerError> {
    let rows = sqlx::query("SELECT schedule, tenant, max_age FROM shelf_ages")
        .fetch_all(reader)
        .await?;
    let limit = |row: &SqliteRow| {
        let shelf = (get_word(row, "schedule")?, get_word(row, "tenant")?);
        Ok((shelf, row.try_get("max_age")?))
    };
    rows.iter().map(limit).collect()
}

pub(super) async fn all(reader: &mut SqliteConnection) -> Result<Vec<ShelfAge>, LedgerError> {
    let rows = sqlx::query(
        "SELECT a.schedule, a.tenant, a.since, a.max_age, a.told, \
         (SELECT s.taken_at FROM snapshots s WHERE s.schedule = a.schedule AND s.tenant = a.tenant \
         AND s.state <> 'gone' AND s.state IN ('assumed', 'verified') ORDER BY s.taken_at DESC LIMIT 1) AS newest \
         FROM shelf_ages a WHERE a.max_age IS NOT NULL ORDER BY a.schedule, a.tenant",
    )
    .fetch_all(reader)
    .await?;
    let shelf = |row: &SqliteRow| {
        let most: i64 = row.try_get("max_age")?;
        let most = u64::try_from(most).map_err(|_| misfit("max_age"))?;
        Ok(ShelfAge {
            schedule: get_word(row, "schedule")?,
            tenant: get_word(row, "tenant")?,
            age: Age {
                newest: get_optional_time(row, "newest")?,
                since: get_time(row, "since")?,
                most: Duration::from_millis(most),
            },
            alerted: get_optional_time(row, "told")?,
        })
    };
    rows.iter().map(shelf).collect()
}

pub(super) async fn record_alert(
    ledger: &SqliteLedger,
    shelf: &ShelfAge,
    too_old: bool,
    now: Timestamp,
) -> Result<bool, LedgerError> {
    let mut writer = ledger.writer().await?;
    let mut write = writer.write().await?;
    // Whoever comes second changes nothing, and tells nobody.
    let done = sqlx::query(
        "UPDATE shelf_ages SET told = $1 WHERE schedule = $2 AND tenant = $3 AND (told IS NULL) = $4",
    )
    .bind(too_old.then(|| ms(now)))
    .bind(shelf.schedule.as_str())
    .bind(shelf.tenant.as_str())
    .bind(too_old)
    .execute(write.connection())
    .await?;
    if done.rows_affected() == 0 {
        return Ok(false);
    }
    let entry = if too_old {
        AuditEntry::snapshots_too_old(shelf)
    } else {
        AuditEntry::snapshots_fresh_again(shelf)
    };
    write.log.append(&entry, now)?;
    write.commit().await?;
    Ok(true)
}
