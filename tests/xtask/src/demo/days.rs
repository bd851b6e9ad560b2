//! The days of the demo: the eight that have just ended, as UTC dates.

use std::time::SystemTime;

const SECONDS_PER_DAY: u64 = 86_400;

/// A UTC midnight, counted in days from 1970-01-01.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Day(u64);

impl Day {
    /// The day it is now.
    #[expect(
        clippy::disallowed_methods,
        reason = "the demo ends today, by the real calendar"
    )]
    pub(crate) fn today() -> Self {
        let now = SystemTime::now()
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap_or_default();
        Self(now.as_secs() / SECONDS_PER_DAY)
    }

    /// So many days earlier.
    pub(crate) fn earlier(self, days: u64) -> Self {
        Self(self.0.saturating_sub(days))
    }

    /// The day after.
    pub(crate) fn next(self) -> Self {
        Self(self.0 + 1)
    }

    /// `2026-03-01T00:00:00Z`
    pub(crate) fn midnight(self) -> String {
        format!("{}T00:00:00Z", self.date())
    }

    /// `2026-03-01`, by the usual arithmetic on 400-year cycles of the Gregorian calendar that begin on 1 March.
    pub(crate) fn date(self) -> String {
        const DAYS_PER_CYCLE: u64 = 146_097;
        let days = self.0 + 719_468;
        let (cycle, day) = (days / DAYS_PER_CYCLE, days % DAYS_PER_CYCLE);
        let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
        let day_of_year = day - (365 * year + year / 4 - year / 100);
        let month = (5 * day_of_year + 2) / 153;
        let day_of_month = day_of_year - (153 * month + 2) / 5 + 1;
        let (month, carry) = if month < 10 {
            (month + 3, 0)
        } else {
            (month - 9, 1)
        };
        format!(
            "{:04}-{month:02}-{day_of_month:02}",
            cycle * 400 + year + carry
        )
    }
}

#[cfg(test)]
mod tests {
    use super::Day;

    #[test]
    fn days_have_their_civil_dates() {
        for (days, date) in [
            (0, "1970-01-01"),
            (58, "1970-02-28"),
            (59, "1970-03-01"),
            (11_016, "2000-02-29"),
            (19_782, "2024-02-29"),
            (20_453, "2025-12-31"),
            (20_454, "2026-01-01"),
            (47_540, "2100-02-28"),
            (47_541, "2100-03-01"),
        ] {
            assert_eq!(Day(days).date(), date, "day {days}");
        }
    }

    #[test]
    fn eight_days_end_today() {
        let today = Day(20_454);
        assert_eq!(today.earlier(8).date(), "2025-12-24");
        assert_eq!(today.earlier(1).next(), today);
    }
}
