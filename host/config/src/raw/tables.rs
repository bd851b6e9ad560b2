//! The tables of an entry, such as `[schedule.retry]`, and the entries `[[limit]]`.
//!
//! Owns: their keys.
//! Never: what the plugin may use (`grants`).
//! Read next: `reader`, then `resolved`.

use super::raw_table;
use crate::reader::At;
use crate::section::{Key, Literal};

/// The most days or hours of one blackout: each due time is compared with every one of them.
pub(crate) const DAYS_LIMIT: usize = 1_000;
/// The most calendar files of one blackout.
pub(crate) const CALENDARS_LIMIT: usize = 16;

raw_table! {
    /// When nothing begins: a due time in it is recorded as skipped, and is not caught up. Days and times of day are those
    /// of `timezone`.
    RawBlackout, "[schedule.blackout]";
    /// Whole days: a date, a first and a last one with `/` between, or a day of the week.
    days: Vec<At<String>> = Key::texts("days", DAYS_LIMIT, &["2026-12-24/2027-01-02", "sun"]);
    /// Times of day from and up to, on every day or on some days of the week. Hours through midnight belong to the day on
    /// which they begin.
    hours: Vec<At<String>> =
        Key::texts("hours", DAYS_LIMIT, &["mon-fri 08:00-18:00", "sat 22:00-02:00"]);
    /// Calendar files: iCalendar (`.ics`), or TOML with `[[day]]` and `[[time]]`. A relative path starts at this file's
    /// folder.
    calendars: Vec<At<String>> = Key::texts("calendars", CALENDARS_LIMIT, &["holidays.ics"]);
}

raw_table! {
    /// What happens after a failure that may pass.
    RawRetry, "[schedule.retry]";
    /// Attempts in all, 1 to 100; 1 means never again.
    attempts: u32 = Key::whole("attempts", 1, Some(100), 5)
        .default(Literal::Whole(3))
        .aliases(&["retries"]);
    /// The wait before the second attempt; it doubles each time.
    delay: String = Key::text("delay", "2m").or("1m").aliases(&["backoff"]);
    /// The longest wait.
    longest: String = Key::text("longest", "1h").or("30m");
}

raw_table! {
    /// Which snapshots are kept. One is kept if any rule keeps it.
    RawRetention, "[schedule.retention]";
    /// Keep every snapshot that is younger than this.
    keep_within: String = Key::text("keep-within", "5d");
    /// Keep the newest so many.
    keep_last: u32 = Key::whole("keep-last", 1, None, 5).aliases(&["keep"]);
    /// Keep the newest of each of the last so many hours that have one.
    keep_hourly: u32 = Key::whole("keep-hourly", 1, None, 24);
    /// Keep the newest of each of the last so many days that have one.
    keep_daily: u32 = Key::whole("keep-daily", 1, None, 7);
    /// Keep the newest of each of the last so many weeks that have one.
    keep_weekly: u32 = Key::whole("keep-weekly", 1, None, 4);
    /// Keep the newest of each of the last so many months that have one.
    keep_monthly: u32 = Key::whole("keep-monthly", 1, None, 12);
    /// Keep the newest of each of the last so many years that have one.
    keep_yearly: u32 = Key::whole("keep-yearly", 1, None, 3);
    /// Never go below so many good snapshots of a tenant, whatever their age.
    floor: u32 = Key::whole("floor", 0, None, 2).default(Literal::Whole(1));
}

raw_table! {
    /// Its snapshots are a second shelf, in another place than those of another schedule.
    RawOffSite, "[schedule.off-site]";
    /// The schedule that fills the first shelf. It has every tenant of this one, and is not off-site itself.
    of: String = Key::named("of", "acme-daily").required();
    /// `true`: the newest good snapshot of that schedule is copied, by the same plugin. `false`: this schedule takes its own
    /// snapshot of the same data.
    copy: bool = Key::flag("copy", false);
}

raw_table! {
    /// How many runs of one plugin, or of all schedules of one account, go on at the same time.
    RawLimit, "[[limit]]",
    one_of: [&["plugin"], &["account"]];
    /// Of which plugin.
    plugin: String = Key::named("plugin", "local-snapshot");
    /// Of which account: of every schedule that names it in its own `account`.
    account: String = Key::named("account", "acme-cloud");
    /// The most runs at the same time, 1 to 1000.
    at_once: u32 = Key::whole("at-once", 1, Some(1_000), 4).required();
}
