//! A warning about schedules after an edit.
//!
//! Owns: what is said of one.
//! Never: finds one (`warnings`).

use jiff::Timestamp;
use serde::Serialize;

use crate::schedule::Schedule;
use crate::{ScheduleName, TenantName};

/// Something to look at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Warning {
    /// What kind of thing.
    pub kind: WarningKind,
    /// Of which schedule.
    pub schedule: ScheduleName,
    /// The other schedule, of [`WarningKind::CloseTogether`].
    pub other: Option<ScheduleName>,
    /// The tenant of both; if there are several, the first.
    pub tenant: Option<TenantName>,
    /// How often within the horizon.
    pub count: u64,
    /// When, or when first.
    pub at: Option<Timestamp>,
    /// One sentence without a full stop.
    pub message: String,
    /// It was so before the edit: the timetable is the same.
    pub before: bool,
}

impl Warning {
    pub(super) fn of(
        kind: WarningKind,
        schedule: &Schedule,
        at: Option<Timestamp>,
        message: String,
    ) -> Self {
        Self {
            kind,
            schedule: schedule.name.clone(),
            other: None,
            tenant: None,
            count: 1,
            at,
            message,
            before: false,
        }
    }
}

/// The kinds of warnings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum WarningKind {
    /// A civil time does not exist on a day.
    TimeMissing,
    /// A civil time exists twice on a day.
    TimeTwice,
    /// Not due within the horizon, or only in blackouts.
    NeverRuns,
    /// The edit leaves today without a run.
    TodayWithoutRun,
    /// The edit makes it run a second time today.
    TodayTwice,
    /// Two schedules of a tenant are due at nearly the same time.
    CloseTogether,
    /// It is due too often to be compared to the end, with its former timetable or with others of its tenant.
    TooMany,
}
