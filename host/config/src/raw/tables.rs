//! The tables of an entry as written: `[schedule.retry]`, `[schedule.retention]`, `[schedule.blackout]` and the grants.
//!
//! Owns: their keys, descriptions and examples.
//! Never: what a value means.
//! Read next: `reader`, then `meant`.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use schemars::JsonSchema;

use super::At;
use super::services::RawService;
use crate::reader::Keys;
use crate::schema::Table;

/// What happens after a failure that may pass.
#[derive(Debug, JsonSchema)]
#[schemars(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct RawRetry {
    /// Attempts in all, 1 to 100; 1 means never again.
    #[schemars(example = 5, range(min = 1, max = 100), extend("default" = 3))]
    pub(crate) attempts: Option<At<u32>>,
    /// The wait before the second attempt; it doubles each time.
    #[schemars(example = &"2m", extend("default" = "1m"))]
    pub(crate) delay: Option<At<String>>,
    /// The longest wait.
    #[schemars(example = &"1h", extend("default" = "30m"))]
    pub(crate) longest: Option<At<String>>,
}

/// Which snapshots are kept. One is kept if any rule keeps it.
#[derive(Debug, JsonSchema)]
#[schemars(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct RawRetention {
    /// Keep every snapshot that is younger than this.
    #[schemars(example = &"5d")]
    pub(crate) keep_within: Option<At<String>>,
    /// Keep the newest so many.
    #[schemars(example = 5, range(min = 1))]
    pub(crate) keep_last: Option<At<u32>>,
    /// Keep the newest of each of the last so many hours that have one.
    #[schemars(example = 24, range(min = 1))]
    pub(crate) keep_hourly: Option<At<u32>>,
    /// Keep the newest of each of the last so many days that have one.
    #[schemars(example = 7, range(min = 1))]
    pub(crate) keep_daily: Option<At<u32>>,
    /// Keep the newest of each of the last so many weeks that have one.
    #[schemars(example = 4, range(min = 1))]
    pub(crate) keep_weekly: Option<At<u32>>,
    /// Keep the newest of each of the last so many months that have one.
    #[schemars(example = 12, range(min = 1))]
    pub(crate) keep_monthly: Option<At<u32>>,
    /// Keep the newest of each of the last so many years that have one.
    #[schemars(example = 3, range(min = 1))]
    pub(crate) keep_yearly: Option<At<u32>>,
    /// Never go below so many good snapshots of a tenant, whatever their age.
    #[schemars(example = 2, extend("default" = 1))]
    pub(crate) floor: Option<At<u32>>,
    /// Where the table begins.
    #[schemars(skip)]
    pub(crate) span: Range<usize>,
    /// The keys that are there, whatever their kind.
    #[schemars(skip)]
    pub(crate) given: BTreeSet<&'static str>,
}

/// What the plugin may use; nothing else is open to it.
#[derive(Debug, JsonSchema)]
#[schemars(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct RawGrants {
    /// Let the plugin keep small notes between runs.
    #[schemars(example = true, extend("default" = false))]
    pub(crate) state: Option<At<bool>>,
    /// Folders, each under the name by which the plugin knows it.
    #[schemars(with = "Option<BTreeMap<String, RawTree>>")]
    pub(crate) files: Option<BTreeMap<String, RawTree>>,
    /// Services at a provider, each under the name by which the plugin knows it (`strongroom plugin inspect FILE` shows
    /// which, with their operations).
    #[schemars(with = "Option<BTreeMap<String, RawService>>")]
    pub(crate) http: Option<BTreeMap<String, RawService>>,
    /// Where the table begins.
    #[schemars(skip)]
    pub(crate) span: Range<usize>,
}

/// A folder that the plugin may use.
#[derive(Debug, JsonSchema)]
#[schemars(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct RawTree {
    /// The folder; a relative one starts at this file's folder. `{tenant}` stands for the tenant's name.
    #[schemars(required, example = &"/srv/{tenant}")]
    pub(crate) path: Option<At<String>>,
    /// `read`, or `write`, which also makes, changes and removes.
    #[schemars(required, example = &"read", extend("enum" = ["read", "write"]))]
    pub(crate) access: Option<At<String>>,
    /// Where the table begins.
    #[schemars(skip)]
    pub(crate) span: Range<usize>,
    /// The keys that are there, whatever their kind.
    #[schemars(skip)]
    pub(crate) given: BTreeSet<&'static str>,
}

/// When nothing begins: a due time in it is recorded as skipped, and is not caught up. Days and times of day are those of
/// `timezone`.
#[derive(Debug, JsonSchema)]
#[schemars(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct RawBlackout {
    /// Whole days: a date, a first and a last one with `/` between, or a day of the week.
    #[schemars(example = vec!["2026-12-24/2027-01-02", "sun"], length(max = 1_000))]
    pub(crate) days: Option<At<Vec<At<String>>>>,
    /// Times of day from and up to, on every day or on some days of the week. Hours through midnight belong to the day on
    /// which they begin.
    #[schemars(example = vec!["mon-fri 08:00-18:00", "sat 22:00-02:00"], length(max = 1_000))]
    pub(crate) hours: Option<At<Vec<At<String>>>>,
    /// Calendar files: iCalendar (`.ics`), or TOML with `[[day]]` and `[[time]]`. A relative path starts at this file's
    /// folder.
    #[schemars(example = vec!["holidays.ics"], length(max = 16))]
    pub(crate) calendars: Option<At<Vec<At<String>>>>,
    /// Where the table begins.
    #[schemars(skip)]
    pub(crate) span: Range<usize>,
    /// The keys that are there, whatever their kind.
    #[schemars(skip)]
    pub(crate) given: BTreeSet<&'static str>,
}

/// How many runs of one plugin, or of all schedules of one account, go on at the same time.
#[derive(Debug, JsonSchema)]
#[schemars(rename_all = "kebab-case", deny_unknown_fields)]
#[schemars(extend("oneOf" = [{"required": ["plugin"]}, {"required": ["account"]}]))]
pub(crate) struct RawLimit {
    /// Of which plugin.
    #[schemars(example = &"local-snapshot", regex(pattern = "^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$"))]
    pub(crate) plugin: Option<At<String>>,
    /// Of which account: of every schedule that names it in its own `account`.
    #[schemars(example = &"acme-cloud", regex(pattern = "^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$"))]
    pub(crate) account: Option<At<String>>,
    /// The most runs at the same time, 1 to 1000.
    #[schemars(required, example = 4, range(min = 1, max = 1_000))]
    pub(crate) at_once: Option<At<u32>>,
    /// The keys that are there, whatever their kind.
    #[schemars(skip)]
    pub(crate) given: BTreeSet<&'static str>,
}

impl RawRetry {
    pub(super) fn read(mut keys: Keys<'_>) -> Self {
        let raw = Self {
            attempts: keys.whole("attempts"),
            delay: keys.text("delay"),
            longest: keys.text("longest"),
        };
        keys.refuse_unknown();
        raw
    }
}

impl RawRetention {
    pub(super) fn read(mut keys: Keys<'_>) -> Self {
        Self {
            keep_within: keys.text("keep-within"),
            keep_last: keys.whole("keep-last"),
            keep_hourly: keys.whole("keep-hourly"),
            keep_daily: keys.whole("keep-daily"),
            keep_weekly: keys.whole("keep-weekly"),
            keep_monthly: keys.whole("keep-monthly"),
            keep_yearly: keys.whole("keep-yearly"),
            floor: keys.whole("floor"),
            span: keys.span(),
            given: keys.refuse_unknown(),
        }
    }
}

impl RawGrants {
    pub(super) fn read(mut keys: Keys<'_>) -> Self {
        let raw = Self {
            state: keys.flag("state"),
            files: keys.tables("files", Table::Tree, RawTree::read),
            http: keys.tables("http", Table::Service, RawService::read),
            span: keys.span(),
        };
        keys.refuse_unknown();
        raw
    }
}

impl RawTree {
    pub(super) fn read(mut keys: Keys<'_>) -> Self {
        Self {
            path: keys.text("path"),
            access: keys.choice("access"),
            span: keys.span(),
            given: keys.refuse_unknown(),
        }
    }
}

impl RawBlackout {
    pub(super) fn read(mut keys: Keys<'_>) -> Self {
        Self {
            days: keys.texts("days"),
            hours: keys.texts("hours"),
            calendars: keys.texts("calendars"),
            span: keys.span(),
            given: keys.refuse_unknown(),
        }
    }
}

impl RawLimit {
    /// Takes every key of an entry; a key of the wrong kind is reported and left out.
    pub(crate) fn read(mut keys: Keys<'_>) -> Self {
        Self {
            plugin: keys.text("plugin"),
            account: keys.text("account"),
            at_once: keys.whole("at-once"),
            given: keys.refuse_unknown(),
        }
    }
}
