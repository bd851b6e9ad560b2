//! What people ask of a host, and what it tells them until somebody mends it.
//!
//! Owns: the trait `Controls`: pauses, cancels, standing notices.

use std::collections::BTreeMap;

use async_trait::async_trait;
use jiff::Timestamp;
use strongroom_domain::pause::Pause;
use strongroom_domain::{Outcome, ScheduleName};
use uuid::Uuid;

use crate::error::LedgerError;

/// Pauses, cancels and standing notices, each on record.
#[async_trait]
pub trait Controls: Send + Sync {
    /// Pauses a schedule from now on; the pause goes on record.
    ///
    /// # Errors
    /// [`LedgerError::Conflict`] when it is paused already.
    async fn pause(&self, schedule: &ScheduleName, pause: Pause) -> Result<(), LedgerError>;

    /// Ends the pause of a schedule that is in force now, and returns it; the end goes on record with person and reason.
    ///
    /// # Errors
    /// [`LedgerError::NotFound`] when it is not paused.
    async fn resume(
        &self,
        schedule: &ScheduleName,
        person: &str,
        reason: &str,
        now: Timestamp,
    ) -> Result<Pause, LedgerError>;

    /// Reads the pauses that were in force at or after a moment, by schedule, earliest first.
    async fn pauses(
        &self,
        since: Timestamp,
    ) -> Result<BTreeMap<ScheduleName, Vec<Pause>>, LedgerError>;

    /// Asks that an unfinished occurrence end as `cancelled`: at once if nobody owns it, else as soon as its owner looks.
    /// The request goes on record with the person.
    ///
    /// # Errors
    /// [`LedgerError::NotFound`] when there is no such unfinished occurrence.
    async fn cancel(
        &self,
        occurrence: Uuid,
        person: &str,
        reason: &str,
        now: Timestamp,
    ) -> Result<CancelReport, LedgerError>;

    /// Finds those of the claims, given as id and fence, that somebody asked to stop (a person, or a run that replaces
    /// them), with the outcome and the reason.
    async fn stop_requests(
        &self,
        claims: &[(Uuid, i64)],
    ) -> Result<Vec<(Uuid, Outcome, String)>, LedgerError>;

    /// Puts up a standing notice in place of an earlier one of the same name; it goes on record if it is another.
    async fn put_notice(&self, notice: Notice) -> Result<(), LedgerError>;

    /// Removes a standing notice, on record with person and reason; false: there was none.
    async fn remove_notice(
        &self,
        name: &str,
        person: &str,
        reason: &str,
        now: Timestamp,
    ) -> Result<bool, LedgerError>;

    /// Reads every standing notice, by name.
    async fn notices(&self) -> Result<Vec<Notice>, LedgerError>;
}

/// What a request to cancel came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CancelReport {
    /// It has ended.
    Ended,
    /// Its owner has been asked.
    Asked,
}

/// Something that an operator must know, for as long as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// `schedules`, `plugin:FILE`, `clock`, …; one of a name at a time.
    pub name: String,
    /// Since when it stands; a notice with the same text keeps its beginning.
    pub since: Timestamp,
    /// For a person, without markup; may be several lines.
    pub text: String,
}
