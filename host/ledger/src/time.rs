//! Moments as the ledger keeps them: whole milliseconds; what is finer is cut off towards the past.

use jiff::Timestamp;

/// The same moment as the ledger gives it back.
pub(crate) fn whole_ms(time: Timestamp) -> Timestamp {
    Timestamp::from_millisecond(time.as_millisecond()).unwrap_or(time)
}
