//! The order in which keys stand: that of the schema's source, what it is before what it does.

/// A kind of table in a schedule file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// The file itself.
    File,
    /// `[[schedule]]`.
    Schedule,
    /// `[[limit]]`.
    Limit,
    /// `[schedule.blackout]`.
    Blackout,
    /// `[schedule.retry]`.
    Retry,
    /// `[schedule.retention]`.
    Retention,
    /// `[schedule.off-site]`.
    OffSite,
    /// `[schedule.grants]`.
    Grants,
    /// `[schedule.grants.files]`.
    Trees,
    /// `[schedule.grants.files.NAME]`.
    Tree,
    /// One whose keys are the operator's own, such as `[schedule.config]`: they stay where they are.
    Own,
}

impl Kind {
    /// The kind of the table under a key.
    pub(super) fn below(self, key: &str) -> Self {
        match (self, key) {
            (Self::File, "schedule") => Self::Schedule,
            (Self::File, "limit") => Self::Limit,
            (Self::Schedule, "blackout") => Self::Blackout,
            (Self::Schedule, "retry") => Self::Retry,
            (Self::Schedule, "retention") => Self::Retention,
            (Self::Schedule, "off-site") => Self::OffSite,
            (Self::Schedule, "grants") => Self::Grants,
            (Self::Grants, "files") => Self::Trees,
            (Self::Trees, _) => Self::Tree,
            _ => Self::Own,
        }
    }

    /// Where a key stands among those of its table; keys that are not listed come after, as they were.
    pub(super) fn rank(self, key: &str) -> usize {
        let keys = self.keys();
        keys.iter()
            .position(|listed| *listed == key)
            .unwrap_or(keys.len())
    }

    /// Whether its keys have no order.
    pub(super) fn is_free(self) -> bool {
        self.keys().is_empty()
    }

    fn keys(self) -> &'static [&'static str] {
        match self {
            Self::File | Self::Trees | Self::Own => &[],
            Self::Schedule => &[
                "name",
                "plugin",
                "shadow-of",
                "succeeded-by",
                "drill-of",
                "cron",
                "every",
                "at",
                "on",
                "after",
                "after-outcome",
                "timezone",
                "dst-gap",
                "dst-overlap",
                "spread",
                "blackout",
                "tenants",
                "priority",
                "account",
                "overlap",
                "missed",
                "missed-within",
                "timeout",
                "memory",
                "enabled",
                "retry",
                "retention",
                "off-site",
                "max-age",
                "place",
                "config",
                "grants",
            ],
            Self::Limit => &["plugin", "account", "at-once"],
            Self::Blackout => &["days", "hours", "calendars"],
            Self::Retry => &["attempts", "delay", "longest"],
            Self::Retention => &[
                "keep-within",
                "keep-last",
                "keep-hourly",
                "keep-daily",
                "keep-weekly",
                "keep-monthly",
                "keep-yearly",
                "floor",
            ],
            Self::OffSite => &["of", "copy"],
            Self::Grants => &["state", "files", "http"],
            Self::Tree => &["path", "access"],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Kind;
    use crate::schema::{Table, section};

    #[test]
    fn every_key_of_the_schema_has_its_place() {
        for (kind, table) in [
            (Kind::Schedule, Table::Schedule),
            (Kind::Limit, Table::Limit),
            (Kind::Blackout, Table::Blackout),
            (Kind::Retry, Table::Retry),
            (Kind::Retention, Table::Retention),
            (Kind::OffSite, Table::OffSite),
            (Kind::Grants, Table::Grants),
            (Kind::Tree, Table::Tree),
        ] {
            for key in &section(table).keys {
                assert!(
                    kind.keys().contains(&key.name.as_str()),
                    "{kind:?}: {}",
                    key.name
                );
            }
        }
    }
}
