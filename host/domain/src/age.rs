//! How old the newest good snapshot of a shelf is, and when that is too old.

use std::time::Duration;

use jiff::Timestamp;

/// The newest good snapshot of a schedule and tenant, and what is asked of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Age {
    /// When the newest good one was taken; `None`: there is none.
    pub newest: Option<Timestamp>,
    /// When the schedule was first seen for this tenant: from then on it counts while there is none.
    pub since: Timestamp,
    /// The oldest it may become.
    pub most: Duration,
}

impl Age {
    /// From when its age counts.
    #[must_use]
    pub fn counts_from(&self) -> Timestamp {
        self.newest.unwrap_or(self.since)
    }

    /// How old it is; nothing for what is yet to come.
    #[must_use]
    pub fn at(&self, now: Timestamp) -> Duration {
        now.duration_since(self.counts_from())
            .try_into()
            .unwrap_or_default()
    }

    /// The first moment at which it is too old.
    #[must_use]
    pub fn too_old_from(&self) -> Timestamp {
        // Moments are kept in whole milliseconds: the next one is past the limit.
        let past = self.most.saturating_add(Duration::from_millis(1));
        self.counts_from()
            .checked_add(past)
            .unwrap_or(Timestamp::MAX)
    }

    /// Whether it is older than it may be.
    #[must_use]
    pub fn is_too_old(&self, now: Timestamp) -> bool {
        now >= self.too_old_from()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn it_is_too_old_when_it_is_older_than_it_may_be() {
        let age = Age {
            newest: Some(at(100)),
            since: at(500),
            most: Duration::from_secs(60),
        };
        assert!(!age.is_too_old(at(160)));
        assert!(age.is_too_old(age.too_old_from()) && age.is_too_old(at(161)));
        assert_eq!(age.at(at(130)), Duration::from_secs(30));
        assert_eq!(age.at(at(30)), Duration::ZERO);
    }

    #[test]
    fn without_any_it_counts_from_when_the_schedule_was_first_seen() {
        let age = Age {
            newest: None,
            since: at(500),
            most: Duration::from_secs(60),
        };
        assert!(!age.is_too_old(at(560)) && age.is_too_old(at(561)));
    }

    #[test]
    fn the_longest_age_there_is_is_never_passed() {
        let age = Age {
            newest: None,
            since: Timestamp::MAX,
            most: Duration::MAX,
        };
        assert_eq!(age.too_old_from(), Timestamp::MAX);
    }
}
