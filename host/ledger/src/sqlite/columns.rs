//! Columns to values and back. What does not fit is a damaged ledger, never a default.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sqlx::Row;
use sqlx::sqlite::SqliteRow;
use strongroom_domain::Evidence;
use strongroom_domain::retry::Failure;
use uuid::Uuid;

use crate::error::LedgerError;
use crate::occurrences::OperationRow;

pub(super) fn corrupt(detail: impl Into<String>) -> LedgerError {
    LedgerError::Corrupt {
        detail: detail.into(),
    }
}

/// Names the column that does not hold what it should.
pub(super) fn misfit(column: &str) -> LedgerError {
    corrupt(format!("column `{column}` holds what it cannot"))
}

pub(super) fn id(id: Uuid) -> Vec<u8> {
    id.as_bytes().to_vec()
}

/// Whole milliseconds; what is finer is cut off towards the past.
pub(super) fn ms(time: Timestamp) -> i64 {
    time.as_millisecond()
}

pub(super) fn count(column: &str, value: u64) -> Result<i64, LedgerError> {
    i64::try_from(value)
        .map_err(|_| LedgerError::Invalid(format!("`{column}` is too large to be stored: {value}")))
}

pub(super) fn get_id(row: &SqliteRow, column: &str) -> Result<Uuid, LedgerError> {
    Uuid::from_slice(row.try_get(column)?).map_err(|_| misfit(column))
}

pub(super) fn get_optional_id(row: &SqliteRow, column: &str) -> Result<Option<Uuid>, LedgerError> {
    let bytes: Option<&[u8]> = row.try_get(column)?;
    bytes
        .map(|bytes| Uuid::from_slice(bytes).map_err(|_| misfit(column)))
        .transpose()
}

pub(super) fn get_time(row: &SqliteRow, column: &str) -> Result<Timestamp, LedgerError> {
    Timestamp::from_millisecond(row.try_get(column)?).map_err(|_| misfit(column))
}

pub(super) fn get_optional_time(
    row: &SqliteRow,
    column: &str,
) -> Result<Option<Timestamp>, LedgerError> {
    let ms: Option<i64> = row.try_get(column)?;
    ms.map(|ms| Timestamp::from_millisecond(ms).map_err(|_| misfit(column)))
        .transpose()
}

pub(super) fn get_count<N: TryFrom<i64>>(row: &SqliteRow, column: &str) -> Result<N, LedgerError> {
    N::try_from(row.try_get::<i64, _>(column)?).map_err(|_| misfit(column))
}

pub(super) fn get_optional_count(
    row: &SqliteRow,
    column: &str,
) -> Result<Option<u64>, LedgerError> {
    let value: Option<i64> = row.try_get(column)?;
    value
        .map(|value| u64::try_from(value).map_err(|_| misfit(column)))
        .transpose()
}

/// A name, an outcome, a state: whatever text knows how to check itself.
pub(super) fn get_word<T: TryFrom<String>>(
    row: &SqliteRow,
    column: &str,
) -> Result<T, LedgerError> {
    T::try_from(row.try_get(column)?).map_err(|_| misfit(column))
}

pub(super) fn get_optional_word<T: TryFrom<String>>(
    row: &SqliteRow,
    column: &str,
) -> Result<Option<T>, LedgerError> {
    let word: Option<String> = row.try_get(column)?;
    word.map(|word| T::try_from(word).map_err(|_| misfit(column)))
        .transpose()
}

pub(super) fn parse_word<T: std::str::FromStr>(column: &str, text: &str) -> Result<T, LedgerError> {
    text.parse().map_err(|_| misfit(column))
}

pub(super) fn to_json<T: Serialize>(value: &T) -> Result<String, LedgerError> {
    serde_json::to_string(value)
        .map_err(|error| LedgerError::Invalid(format!("a document cannot be written: {error}")))
}

pub(super) fn get_evidence(row: &SqliteRow, column: &str) -> Result<Evidence, LedgerError> {
    let text: Option<&str> = row.try_get(column)?;
    text.map_or_else(
        || Ok(Evidence::default()),
        |text| serde_json::from_str(text).map_err(|_| misfit(column)),
    )
}

pub(super) fn get_failure(row: &SqliteRow, column: &str) -> Result<Option<Failure>, LedgerError> {
    let text: Option<&str> = row.try_get(column)?;
    text.map(|text| serde_json::from_str(text).map_err(|_| misfit(column)))
        .transpose()
}

#[derive(Serialize, Deserialize)]
struct StoredOperation {
    /// Base64.
    handle: String,
    note: String,
    percent: Option<u8>,
    digest: String,
}

pub(super) fn operation_json(operation: &OperationRow) -> Result<String, LedgerError> {
    to_json(&StoredOperation {
        handle: STANDARD.encode(&operation.handle),
        note: operation.note.clone(),
        percent: operation.percent,
        digest: operation.digest.clone(),
    })
}

pub(super) fn get_operation(
    row: &SqliteRow,
    column: &str,
) -> Result<Option<OperationRow>, LedgerError> {
    let text: Option<&str> = row.try_get(column)?;
    text.map(operation_of).transpose()
}

pub(super) fn operation_of(text: &str) -> Result<OperationRow, LedgerError> {
    let wrong = || misfit("operation");
    let stored: StoredOperation = serde_json::from_str(text).map_err(|_| wrong())?;
    let handle = STANDARD.decode(&stored.handle).map_err(|_| wrong())?;
    Ok(OperationRow {
        handle,
        note: stored.note,
        percent: stored.percent,
        digest: stored.digest,
    })
}
