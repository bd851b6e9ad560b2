//! A month calendar of a schedule: one mark a day, the worst of what was due on it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::Serialize;
use strongroom_domain::Outcome;

/// What became of a day; the worst comes last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mark {
    /// Everything succeeded.
    Succeeded,
    /// Something fell into a pause.
    Paused,
    /// Something was skipped, superseded or cancelled.
    Skipped,
    /// Something is not finished.
    Unfinished,
    /// Something was missed.
    Missed,
    /// Something failed, timed out, was blocked or refused, or is not known.
    Failed,
}

impl Mark {
    /// Every mark with its meaning.
    pub const ALL: [(Self, &str); 6] = [
        (Self::Succeeded, "everything succeeded"),
        (Self::Missed, "something was missed"),
        (
            Self::Failed,
            "something failed, timed out, was blocked or refused, or is not known",
        ),
        (
            Self::Skipped,
            "something was skipped, superseded or cancelled",
        ),
        (Self::Paused, "something fell into a pause"),
        (Self::Unfinished, "something is not finished"),
    ];

    pub(super) fn of(outcome: Option<Outcome>) -> Self {
        match outcome {
            None => Self::Unfinished,
            Some(Outcome::Succeeded) => Self::Succeeded,
            Some(Outcome::Missed) => Self::Missed,
            Some(Outcome::Paused) => Self::Paused,
            Some(
                Outcome::SkippedOverlap
                | Outcome::SkippedBlackout
                | Outcome::Superseded
                | Outcome::Cancelled,
            ) => Self::Skipped,
            Some(
                Outcome::Failed
                | Outcome::Blocked
                | Outcome::Refused
                | Outcome::TimedOut
                | Outcome::Unknown,
            ) => Self::Failed,
        }
    }

    /// Its letter in a calendar.
    #[must_use]
    pub fn letter(self) -> char {
        match self {
            Self::Succeeded => 'o',
            Self::Missed => 'm',
            Self::Failed => 'X',
            Self::Skipped => 's',
            Self::Paused => 'p',
            Self::Unfinished => '?',
        }
    }
}

/// A month, day by day: a mark, `.` where nothing was due, a space outside the simulation.
#[derive(Debug, Serialize)]
pub struct Month {
    /// Its year and number.
    pub month: String,
    /// A letter for each day.
    pub days: String,
    /// Days on which the clocks change.
    pub clocks_change: Vec<i8>,
}

/// The months from a moment up to another in a zone.
pub(super) fn months(
    marks: &BTreeMap<Date, Mark>,
    zone: &TimeZone,
    from: Timestamp,
    to: Timestamp,
) -> Vec<Month> {
    let civil = |at: Timestamp| zone.to_datetime(at).date();
    let (first, last) = (civil(from), civil(to));
    let mut months = Vec::new();
    let mut month = first.first_of_month();
    while month <= last {
        let mut days = String::new();
        let mut clocks_change = Vec::new();
        for day in month
            .series(jiff::Span::new().days(1))
            .take(usize::from(month.days_in_month().unsigned_abs()))
        {
            let inside = first <= day && day <= last;
            days.push(match marks.get(&day) {
                Some(mark) => mark.letter(),
                None if inside => '.',
                None => ' ',
            });
            if inside && clocks_change_on(day, zone) {
                clocks_change.push(day.day());
            }
        }
        months.push(Month {
            month: month.strftime("%Y-%m").to_string(),
            days,
            clocks_change,
        });
        let Ok(next) = month.last_of_month().tomorrow() else {
            break;
        };
        month = next;
    }
    months
}

fn clocks_change_on(day: Date, zone: &TimeZone) -> bool {
    let offset = |day: Date| Some(day.to_zoned(zone.clone()).ok()?.offset());
    let next = day.tomorrow().ok().and_then(offset);
    next.is_some_and(|next| offset(day) != Some(next))
}
