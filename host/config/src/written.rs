//! A schedule file as written: every key, nothing checked but its kind.
//!
//! Owns: the keys, their descriptions and examples; the JSON Schema and the messages are made from them.
//! Never: what a value means.
//! Read next: `reader`, then `meant`.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use schemars::{JsonSchema, Schema, SchemaGenerator};

use crate::reader::Keys;

/// A value and where it stands in the file.
#[derive(Debug, Clone)]
pub(crate) struct At<T> {
    pub(crate) value: T,
    pub(crate) span: Range<usize>,
}

impl<T: JsonSchema> JsonSchema for At<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        T::schema_name()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        T::json_schema(generator)
    }
}

/// Schedules of Strongroom: which plugin runs when, for which tenants, with which permissions.
#[derive(Debug, JsonSchema)]
#[schemars(rename_all = "kebab-case", deny_unknown_fields)]
#[schemars(title = "Strongroom schedule file")]
#[expect(dead_code, reason = "describes the file; entries are read one by one")]
pub(crate) struct FileWritten {
    /// One entry for each schedule, each begun by a line `[[schedule]]`.
    #[schemars(length(min = 1, max = 10_000), required)]
    pub(crate) schedule: Vec<ScheduleWritten>,
}

/// Which plugin runs when, for which tenants, with which permissions. Exactly one of `cron`, `every` and `at` says when.
#[derive(Debug, JsonSchema)]
#[schemars(rename_all = "kebab-case", deny_unknown_fields)]
#[schemars(extend("oneOf" = [{"required": ["cron"]}, {"required": ["every"]}, {"required": ["at"]}]))]
pub(crate) struct ScheduleWritten {
    /// The schedule's name, unique in the folder: 1 to 63 lower-case letters, digits and inner hyphens. Runs and
    /// snapshots are recorded under it.
    #[schemars(required, example = &"acme-daily", regex(pattern = "^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$"))]
    pub(crate) name: Option<At<String>>,
    /// The plugin that runs, by the name it gives itself (`strongroom plugin inspect FILE` shows it).
    #[schemars(required, example = &"local-snapshot", regex(pattern = "^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$"))]
    pub(crate) plugin: Option<At<String>>,
    /// When: five fields (minute, hour, day of month, month, day of week), or six with seconds first, or `@yearly`,
    /// `@monthly`, `@weekly`, `@daily`, `@hourly`. 0 and 7 are Sunday. If day of month and day of week are both
    /// restricted, either is enough.
    #[schemars(example = &"0 3 * * *")]
    pub(crate) cron: Option<At<String>>,
    /// When: a fixed distance, counted from midnight of the time zone.
    #[schemars(example = &"15m")]
    pub(crate) every: Option<At<String>>,
    /// When: once, at a time with its offset.
    #[schemars(example = &"2026-12-01T03:00:00-03:00")]
    pub(crate) at: Option<At<String>>,
    /// The zone in which times are read: an offset such as `-03:00`, or a name such as `America/Sao_Paulo`.
    #[schemars(example = &"-03:00", extend("default" = "UTC"))]
    pub(crate) timezone: Option<At<String>>,
    /// What `cron` does with a time that clocks skip when summer time begins: run at the end of the gap (`next`), or not
    /// on that day (`skip`).
    #[schemars(example = &"skip", extend("enum" = ["next", "skip"], "default" = "next"))]
    pub(crate) dst_gap: Option<At<String>>,
    /// What `cron` does with a time that comes twice when summer time ends: run the first time, the second, or both.
    #[schemars(example = &"second", extend("enum" = ["first", "second", "both"], "default" = "first"))]
    pub(crate) dst_overlap: Option<At<String>>,
    /// The tenants it runs for, each on its own: names like the schedule's, at most 1000.
    #[schemars(required, example = vec!["acme", "globex"])]
    #[schemars(length(min = 1, max = 1_000), extend("uniqueItems" = true))]
    pub(crate) tenants: Option<At<Vec<At<String>>>>,
    /// What happens to a due time while the run before it still goes on: it is skipped, and recorded as skipped.
    #[schemars(example = &"skip", extend("enum" = ["skip"], "default" = "skip"))]
    pub(crate) overlap: Option<At<String>>,
    /// What happens to due times that passed while nothing ran: only the last one runs (`latest`), or none. Each one that
    /// does not run is recorded as missed.
    #[schemars(example = &"none", extend("enum" = ["latest", "none"], "default" = "latest"))]
    pub(crate) missed: Option<At<String>>,
    /// How old a missed due time may be and still run.
    #[schemars(example = &"6h", extend("default" = "12h"))]
    pub(crate) missed_within: Option<At<String>>,
    /// How long a run may take, all attempts and the waits between them together.
    #[schemars(example = &"90m", extend("default" = "2h"))]
    pub(crate) timeout: Option<At<String>>,
    /// The most memory one call of the plugin may hold, in KiB, MiB or GiB, up to 1GiB.
    #[schemars(example = &"512MiB", extend("default" = "256MiB"), regex(pattern = "^[0-9]+ ?[KMG]iB$"))]
    pub(crate) memory: Option<At<String>>,
    /// `false`: checked and listed, but never due.
    #[schemars(example = false, extend("default" = true))]
    pub(crate) enabled: Option<At<bool>>,
    /// What happens after a failure that may pass.
    pub(crate) retry: Option<RetryWritten>,
    /// Which snapshots are kept. One is kept if any rule keeps it; without this table all are kept.
    pub(crate) retention: Option<RetentionWritten>,
    /// The plugin's own configuration, checked against the JSON Schema that the plugin publishes.
    #[schemars(with = "Option<BTreeMap<String, serde_json::Value>>")]
    pub(crate) config: Option<At<serde_json::Map<String, serde_json::Value>>>,
    /// What the plugin may use; nothing else is open to it.
    pub(crate) grants: Option<GrantsWritten>,
    /// The keys that are there, whatever their kind.
    #[schemars(skip)]
    pub(crate) given: BTreeSet<String>,
}

/// What happens after a failure that may pass.
#[derive(Debug, JsonSchema)]
#[schemars(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct RetryWritten {
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
pub(crate) struct RetentionWritten {
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
    pub(crate) given: BTreeSet<String>,
}

/// What the plugin may use; nothing else is open to it.
#[derive(Debug, JsonSchema)]
#[schemars(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct GrantsWritten {
    /// Let the plugin keep small notes between runs.
    #[schemars(example = true, extend("default" = false))]
    pub(crate) state: Option<At<bool>>,
    /// Folders, each under the name by which the plugin knows it.
    #[schemars(with = "Option<BTreeMap<String, TreeWritten>>")]
    pub(crate) files: Option<BTreeMap<String, TreeWritten>>,
}

/// A folder that the plugin may use.
#[derive(Debug, JsonSchema)]
#[schemars(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct TreeWritten {
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
    pub(crate) given: BTreeSet<String>,
}

impl ScheduleWritten {
    /// Takes every key of an entry; a key of the wrong kind is reported and left out.
    pub(crate) fn read(mut keys: Keys<'_>) -> Self {
        Self {
            name: keys.text("name"),
            plugin: keys.text("plugin"),
            cron: keys.text("cron"),
            every: keys.text("every"),
            at: keys.text_or_date("at"),
            timezone: keys.text("timezone"),
            dst_gap: keys.choice("dst-gap"),
            dst_overlap: keys.choice("dst-overlap"),
            tenants: keys.texts("tenants"),
            overlap: keys.choice("overlap"),
            missed: keys.choice("missed"),
            missed_within: keys.text("missed-within"),
            timeout: keys.text("timeout"),
            memory: keys.text("memory"),
            enabled: keys.flag("enabled"),
            retry: keys.table("retry").map(RetryWritten::read),
            retention: keys.table("retention").map(RetentionWritten::read),
            config: keys.json("config"),
            grants: keys.table("grants").map(GrantsWritten::read),
            given: keys.refuse_unknown(),
        }
    }
}

impl RetryWritten {
    fn read(mut keys: Keys<'_>) -> Self {
        let written = Self {
            attempts: keys.whole("attempts"),
            delay: keys.text("delay"),
            longest: keys.text("longest"),
        };
        keys.refuse_unknown();
        written
    }
}

impl RetentionWritten {
    fn read(mut keys: Keys<'_>) -> Self {
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

impl GrantsWritten {
    fn read(mut keys: Keys<'_>) -> Self {
        let written = Self {
            state: keys.flag("state"),
            files: keys.tables("files", TreeWritten::read),
        };
        keys.refuse_unknown();
        written
    }
}

impl TreeWritten {
    fn read(mut keys: Keys<'_>) -> Self {
        Self {
            path: keys.text("path"),
            access: keys.choice("access"),
            span: keys.span(),
            given: keys.refuse_unknown(),
        }
    }
}
