//! A schedule file and its entries `[[schedule]]`.
//!
//! Owns: their keys.
//! Never: the keys of a table below them.
//! Read next: `tables`, `grants`.

use serde_json::{Map, Value as Json};
use strongroom_domain::role::Role;

use super::{
    RawBlackout, RawCredential, RawGrants, RawLimit, RawOffSite, RawRetention, RawRetry, raw_table,
};
use crate::reader::{At, RawTable};
use crate::section::Group::{Plugin, Snapshots, Timetable};
use crate::section::{Key, Kind, Literal, Section};

/// A schedule file.
pub(crate) const FILE: Section = Section {
    header: "a schedule file",
    about: "Schedules of Strongroom: which plugin runs when, for which tenants, with which permissions.",
    keys: &[
        Key::new("schedule", Kind::Entries(RawSchedule::SECTION, 1))
            .about("One entry for each schedule, each begun by a line `[[schedule]]`."),
        Key::new("limit", Kind::Entries(RawLimit::SECTION, 1)).about(
            "How many runs of a plugin or of an account go on at the same time, each begun by a line `[[limit]]`. \
             They hold for all files of the folder.",
        ),
        Key::new("credential", Kind::Entries(RawCredential::SECTION, 1)).about(
            "How the host proves who it is at providers, each begun by a line `[[credential]]`. They hold for all \
             files of the folder.",
        ),
    ],
    one_of: &[],
    any_of: &[],
};

raw_table! {
    /// Which plugin runs when, for which tenants, with which permissions. Exactly one of `cron`, `every`, `at`, `on` and
    /// `after` says when; an entry with `shadow-of` or `succeeded-by` has that, and its tenants, from the schedule it names.
    RawSchedule, "[[schedule]]",
    one_of: [
        &["cron", "tenants"],
        &["every", "tenants"],
        &["at", "tenants"],
        &["on", "tenants"],
        &["after", "tenants"],
        &["shadow-of"],
        &["succeeded-by"],
    ],
    any_of: [&["plugin"], &["drill-of"]];
    /// The schedule's name, unique in the folder: 1 to 63 lower-case letters, digits and inner hyphens. Runs and
    /// snapshots are recorded under it.
    name: String = Key::named("name", "acme-daily").required();
    /// The plugin that runs, by the name it gives itself (`strongroom plugin inspect FILE` shows it). A drill has none.
    plugin: String = Key::named("plugin", "local-snapshot").of(Plugin);
    /// The role of the plugin that is called; without it, the only one that the plugin exports (`strongroom plugin inspect
    /// FILE` shows them). Keys of snapshots, such as `retention`, do not go with another role.
    role: String = Key::choice("role", ROLES, Role::Snapshots.as_str());
    /// Rehearses beside the schedule of this name: due whenever that one is, for its tenants. What it does is recorded as a
    /// shadow's and counts as no promise kept or broken. `strongroom swap` compares the two and exchanges them.
    shadow_of: String = Key::named("shadow-of", "acme-daily").of(Snapshots);
    /// The schedule of this name took its place: it makes nothing new. Its snapshots, and those its plugin made for that
    /// schedule, can be restored and run out by its `retention`, which counts what that schedule took since.
    succeeded_by: String = Key::named("succeeded-by", "acme-daily").of(Snapshots);
    /// This is a restore drill: it makes no snapshot, but proves one of the schedule of this name, for the same tenant,
    /// with that one's plugin, configuration and grants.
    drill_of: String = Key::named("drill-of", "acme-daily").of(Snapshots);
    /// When: five fields (minute, hour, day of month, month, day of week), or six with seconds first, or `@yearly`,
    /// `@monthly`, `@weekly`, `@daily`, `@hourly`. 0 and 7 are Sunday. If day of month and day of week are both
    /// restricted, either is enough.
    cron: String = Key::text("cron", "0 3 * * *").of(Timetable).aliases(&["schedule", "when"]);
    /// When: a fixed distance, counted from midnight of the time zone.
    every: String = Key::text("every", "15m").of(Timetable).aliases(&["interval"]);
    /// When: once, at a time with its offset.
    at: String = Key::time("at", "2026-12-01T03:00:00-03:00").of(Timetable);
    /// When: whenever the event of this name is raised.
    on: String = Key::named("on", "password-changed").of(Timetable);
    /// When: whenever a run of the schedule of this name has ended, for the same tenant.
    after: String = Key::named("after", "acme-daily").of(Timetable);
    /// Which ends `after` follows.
    after_outcome: Vec<At<String>> =
        Key::new("after-outcome", Kind::Choices(&["succeeded", "failed", "timed-out"]))
            .example(Literal::Texts(&["succeeded", "failed"]))
            .default(Literal::Texts(&["succeeded"]))
            .of(Timetable);
    /// The zone in which times are read: an offset such as `-03:00`, or a name such as `America/Sao_Paulo`.
    timezone: String =
        Key::text("timezone", "-03:00").or("UTC").of(Timetable).aliases(&["tz", "zone"]);
    /// What `cron` does with a time that clocks skip when summer time begins: run at the end of the gap (`next`), or not
    /// on that day (`skip`). With `*` or a step in the minutes or hours there is nothing to do: it runs whenever clocks
    /// show such a time.
    dst_gap: String = Key::choice("dst-gap", &["next", "skip"], "skip").or("next").of(Timetable);
    /// What `cron` does with a time that comes twice when summer time ends: run the first time, the second, or both.
    /// With `*` or a step in the minutes or hours it runs whenever clocks show such a time.
    dst_overlap: String =
        Key::choice("dst-overlap", &["first", "second", "both"], "second").or("first").of(Timetable);
    /// Within which time after a due time its tenants begin, each at a moment of its own that is always the same: `1s` to
    /// `24h`, and shorter than the time between two due times. Without it all begin at once.
    spread: String = Key::text("spread", "30m").of(Timetable);
    /// When nothing begins.
    blackout: RawBlackout = Key::new("blackout", Kind::Table(RawBlackout::SECTION)).of(Timetable);
    /// Required, but for a shadow or a succeeded schedule. The tenants it runs for, each on its own: names like the
    /// schedule's, at most 1000.
    tenants: Vec<At<String>> = Key::texts("tenants", TENANTS_LIMIT, &["acme", "globex"])
        .filled()
        .distinct()
        .of(Timetable)
        .aliases(&["tenant", "customers"]);
    /// Who goes first when not all can run at once.
    priority: String = Key::choice("priority", &["high", "normal", "low"], "high").or("normal");
    /// The account at a provider it works with, by a name of your own; a `[[limit]]` may name it.
    account: String = Key::named("account", "acme-cloud");
    /// What happens to a due time while the run before it, for the same tenant, still goes on: it is recorded as skipped
    /// (`skip`), it waits (`queue`), it replaces that run (`replace`), or both run (`allow`). With `missed = "all"` the
    /// default is `queue`.
    overlap: String = Key::choice("overlap", &["skip", "queue", "replace", "allow"], "queue")
        .or("skip")
        .aliases(&["concurrency"]);
    /// What happens to due times that passed while nothing ran: only the last one runs (`latest`), each one runs in order
    /// (`all`, at most the last 100), or none. Each one that does not run is recorded as missed.
    missed: String =
        Key::choice("missed", &["latest", "all", "none"], "none").or("latest").aliases(&["catchup"]);
    /// How late a run may begin: how old a missed due time may be, and how long one may wait for its turn.
    missed_within: String = Key::text("missed-within", "6h").or("12h");
    /// How long a run may take, all attempts and the waits between them together.
    timeout: String = Key::text("timeout", "90m").or("2h").aliases(&["deadline"]);
    /// The most memory one call of the plugin may hold, in KiB, MiB or GiB, up to 1GiB.
    memory: String =
        Key::text("memory", "512MiB").pattern("^[0-9]+ ?[KMG]iB$").or("256MiB").of(Plugin);
    /// `false`: checked and listed, but never due.
    enabled: bool = Key::flag("enabled", true);
    /// What happens after a failure that may pass.
    retry: RawRetry = Key::new("retry", Kind::Table(RawRetry::SECTION));
    /// Which snapshots are kept. One is kept if any rule keeps it; without this table all are kept.
    retention: RawRetention =
        Key::new("retention", Kind::Table(RawRetention::SECTION)).of(Snapshots);
    /// Its snapshots are a second shelf, in another place than those of another schedule.
    off_site: RawOffSite = Key::new("off-site", Kind::Table(RawOffSite::SECTION)).of(Snapshots);
    /// How old the newest good snapshot of a tenant may become before somebody is told, `1m` to `3660d`.
    max_age: String = Key::text("max-age", "36h").of(Snapshots);
    /// The only places where its snapshots may be, a text or a list of texts, by the provider's own names: a region, a
    /// datacentre, a pool. A snapshot that is read back from elsewhere is a failure.
    place: Vec<At<String>> = Key::new("place", Kind::TextOrTexts)
        .example(Literal::Text("eu-west-1"))
        .of(Snapshots);
    /// The plugin's own configuration, checked against the JSON Schema that the plugin publishes.
    config: Map<String, Json> = Key::new("config", Kind::Object).of(Plugin);
    /// What the plugin may use; nothing else is open to it.
    grants: RawGrants = Key::new("grants", Kind::Table(RawGrants::SECTION)).of(Plugin);
}

/// Every role of the host.
const ROLES: &[&str] = &[Role::Snapshots.as_str(), Role::Task.as_str()];

/// The most tenants of one schedule: each due time is written once for each of them in one transaction.
pub(crate) const TENANTS_LIMIT: usize = 1_000;
