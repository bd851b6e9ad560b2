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

mod calendar;
mod off_site;
mod services;
mod tables;

pub(crate) use calendar::{RawCalendar, RawDay, RawTime};
pub(crate) use off_site::RawOffSite;
pub(crate) use services::{RawCredential, RawService};
pub(crate) use tables::{RawBlackout, RawGrants, RawLimit, RawRetention, RawRetry, RawTree};

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
pub(crate) struct RawFile {
    /// One entry for each schedule, each begun by a line `[[schedule]]`.
    #[schemars(length(min = 1))]
    pub(crate) schedule: Option<Vec<RawSchedule>>,
    /// How many runs of a plugin or of an account go on at the same time, each begun by a line `[[limit]]`. They hold for
    /// all files of the folder.
    #[schemars(length(min = 1))]
    pub(crate) limit: Option<Vec<RawLimit>>,
    /// How the host proves who it is at providers, each begun by a line `[[credential]]`. They hold for all files of the
    /// folder.
    #[schemars(length(min = 1))]
    pub(crate) credential: Option<Vec<RawCredential>>,
}

/// Which plugin runs when, for which tenants, with which permissions. Exactly one of `cron`, `every`, `at`, `on` and
/// `after` says when; an entry with `shadow-of` or `succeeded-by` has that, and its tenants, from the schedule it names.
#[derive(Debug, JsonSchema)]
#[schemars(rename_all = "kebab-case", deny_unknown_fields)]
#[schemars(extend("oneOf" = [{"required": ["cron", "tenants"]}, {"required": ["every", "tenants"]},
    {"required": ["at", "tenants"]}, {"required": ["on", "tenants"]}, {"required": ["after", "tenants"]},
    {"required": ["shadow-of"]}, {"required": ["succeeded-by"]}]))]
#[schemars(extend("anyOf" = [{"required": ["plugin"]}, {"required": ["drill-of"]}]))]
pub(crate) struct RawSchedule {
    /// The schedule's name, unique in the folder: 1 to 63 lower-case letters, digits and inner hyphens. Runs and
    /// snapshots are recorded under it.
    #[schemars(required, example = &"acme-daily", regex(pattern = "^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$"))]
    pub(crate) name: Option<At<String>>,
    /// The plugin that runs, by the name it gives itself (`strongroom plugin inspect FILE` shows it). A drill has none.
    #[schemars(example = &"local-snapshot", regex(pattern = "^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$"))]
    pub(crate) plugin: Option<At<String>>,
    /// Rehearses beside the schedule of this name: due whenever that one is, for its tenants. What it does is recorded as a
    /// shadow's and counts as no promise kept or broken. `strongroom swap` compares the two and exchanges them.
    #[schemars(example = &"acme-daily", regex(pattern = "^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$"))]
    pub(crate) shadow_of: Option<At<String>>,
    /// The schedule of this name took its place: it makes nothing new. Its snapshots, and those its plugin made for that
    /// schedule, can be restored and run out by its `retention`, which counts what that schedule took since.
    #[schemars(example = &"acme-daily", regex(pattern = "^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$"))]
    pub(crate) succeeded_by: Option<At<String>>,
    /// This is a restore drill: it makes no snapshot, but proves one of the schedule of this name, for the same tenant,
    /// with that one's plugin, configuration and grants.
    #[schemars(example = &"acme-daily", regex(pattern = "^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$"))]
    pub(crate) drill_of: Option<At<String>>,
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
    /// When: whenever the event of this name is raised.
    #[schemars(example = &"password-changed", regex(pattern = "^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$"))]
    pub(crate) on: Option<At<String>>,
    /// When: whenever a run of the schedule of this name has ended, for the same tenant.
    #[schemars(example = &"acme-daily", regex(pattern = "^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$"))]
    pub(crate) after: Option<At<String>>,
    /// Which ends `after` follows.
    #[schemars(example = vec!["succeeded", "failed"], extend("default" = ["succeeded"]))]
    #[schemars(length(min = 1), extend("uniqueItems" = true))]
    #[schemars(extend("items" = {"type": "string", "enum": ["succeeded", "failed", "timed-out"]}))]
    pub(crate) after_outcome: Option<At<Vec<At<String>>>>,
    /// The zone in which times are read: an offset such as `-03:00`, or a name such as `America/Sao_Paulo`.
    #[schemars(example = &"-03:00", extend("default" = "UTC"))]
    pub(crate) timezone: Option<At<String>>,
    /// What `cron` does with a time that clocks skip when summer time begins: run at the end of the gap (`next`), or not
    /// on that day (`skip`). With `*` or a step in the minutes or hours there is nothing to do: it runs whenever clocks
    /// show such a time.
    #[schemars(example = &"skip", extend("enum" = ["next", "skip"], "default" = "next"))]
    pub(crate) dst_gap: Option<At<String>>,
    /// What `cron` does with a time that comes twice when summer time ends: run the first time, the second, or both.
    /// With `*` or a step in the minutes or hours it runs whenever clocks show such a time.
    #[schemars(example = &"second", extend("enum" = ["first", "second", "both"], "default" = "first"))]
    pub(crate) dst_overlap: Option<At<String>>,
    /// Required, but for a shadow or a succeeded schedule. The tenants it runs for, each on its own: names like the
    /// schedule's, at most 1000.
    #[schemars(example = vec!["acme", "globex"])]
    #[schemars(length(min = 1, max = 1_000), extend("uniqueItems" = true))]
    pub(crate) tenants: Option<At<Vec<At<String>>>>,
    /// Within which time after a due time its tenants begin, each at a moment of its own that is always the same: `1s` to
    /// `24h`, and shorter than the time between two due times. Without it all begin at once.
    #[schemars(example = &"30m")]
    pub(crate) spread: Option<At<String>>,
    /// When nothing begins.
    pub(crate) blackout: Option<RawBlackout>,
    /// Who goes first when not all can run at once.
    #[schemars(example = &"high", extend("enum" = ["high", "normal", "low"], "default" = "normal"))]
    pub(crate) priority: Option<At<String>>,
    /// The account at a provider it works with, by a name of your own; a `[[limit]]` may name it.
    #[schemars(example = &"acme-cloud", regex(pattern = "^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$"))]
    pub(crate) account: Option<At<String>>,
    /// What happens to a due time while the run before it, for the same tenant, still goes on: it is recorded as skipped
    /// (`skip`), it waits (`queue`), it replaces that run (`replace`), or both run (`allow`). With `missed = "all"` the
    /// default is `queue`.
    #[schemars(example = &"queue", extend("enum" = ["skip", "queue", "replace", "allow"], "default" = "skip"))]
    pub(crate) overlap: Option<At<String>>,
    /// What happens to due times that passed while nothing ran: only the last one runs (`latest`), each one runs in order
    /// (`all`, at most the last 100), or none. Each one that does not run is recorded as missed.
    #[schemars(example = &"none", extend("enum" = ["latest", "all", "none"], "default" = "latest"))]
    pub(crate) missed: Option<At<String>>,
    /// How late a run may begin: how old a missed due time may be, and how long one may wait for its turn.
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
    pub(crate) retry: Option<RawRetry>,
    /// Which snapshots are kept. One is kept if any rule keeps it; without this table all are kept.
    pub(crate) retention: Option<RawRetention>,
    /// Its snapshots are a second shelf, in another place than those of another schedule.
    pub(crate) off_site: Option<RawOffSite>,
    /// How old the newest good snapshot of a tenant may become before somebody is told, `1m` to `3660d`.
    #[schemars(example = &"36h")]
    pub(crate) max_age: Option<At<String>>,
    /// The only places where its snapshots may be, a text or a list of texts, by the provider's own names: a region, a
    /// datacentre, a pool. A snapshot that is read back from elsewhere is a failure.
    #[schemars(example = &"eu-west-1", with = "Option<services::Bound>")]
    pub(crate) place: Option<At<Vec<At<String>>>>,
    /// The plugin's own configuration, checked against the JSON Schema that the plugin publishes.
    #[schemars(with = "Option<BTreeMap<String, serde_json::Value>>")]
    pub(crate) config: Option<At<serde_json::Map<String, serde_json::Value>>>,
    /// What the plugin may use; nothing else is open to it.
    pub(crate) grants: Option<RawGrants>,
    /// The keys that are there, whatever their kind.
    #[schemars(skip)]
    pub(crate) given: BTreeSet<&'static str>,
}

impl RawSchedule {
    /// Takes every key of an entry; a key of the wrong kind is reported and left out.
    pub(crate) fn read(mut keys: Keys<'_>) -> Self {
        Self {
            name: keys.text("name"),
            plugin: keys.text("plugin"),
            shadow_of: keys.text("shadow-of"),
            succeeded_by: keys.text("succeeded-by"),
            drill_of: keys.text("drill-of"),
            cron: keys.text("cron"),
            every: keys.text("every"),
            at: keys.text_or_date("at"),
            on: keys.text("on"),
            after: keys.text("after"),
            after_outcome: keys.choices("after-outcome"),
            timezone: keys.text("timezone"),
            dst_gap: keys.choice("dst-gap"),
            dst_overlap: keys.choice("dst-overlap"),
            tenants: keys.texts("tenants"),
            spread: keys.text("spread"),
            blackout: keys.table("blackout").map(RawBlackout::read),
            priority: keys.choice("priority"),
            account: keys.text("account"),
            overlap: keys.choice("overlap"),
            missed: keys.choice("missed"),
            missed_within: keys.text("missed-within"),
            timeout: keys.text("timeout"),
            memory: keys.text("memory"),
            enabled: keys.flag("enabled"),
            retry: keys.table("retry").map(RawRetry::read),
            retention: keys.table("retention").map(RawRetention::read),
            off_site: keys.table("off-site").map(RawOffSite::read),
            max_age: keys.text("max-age"),
            place: keys.text_or_texts("place"),
            config: keys.json("config"),
            grants: keys.table("grants").map(RawGrants::read),
            given: keys.refuse_unknown(),
        }
    }
}
