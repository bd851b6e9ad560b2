//! Shows how runs go: bars on a terminal, log lines otherwise.

use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::sync::{Mutex, PoisonError};

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use jiff::Timestamp;
use strongroom_app::staleness::{NO_LONGER, sentence};
use strongroom_app::words::{plain, size};
use strongroom_app::{Observer, OccurrenceRow, Progress, ShelfAge};
use strongroom_domain::preview::length;
use strongroom_domain::{Outcome, ScheduleName, TenantName, json_time};

/// Logs what begins and ends; on a terminal shows how far it is.
pub(crate) struct Console {
    terminal: bool,
    /// Said to a person who waits and has no terminal; to each the same only once.
    awaited: Option<Mutex<String>>,
    bars: MultiProgress,
    running: Mutex<BTreeMap<(ScheduleName, TenantName), ProgressBar>>,
}

impl Console {
    pub(crate) fn new(json: bool) -> Self {
        Self {
            terminal: std::io::stderr().is_terminal() && !json,
            awaited: None,
            bars: MultiProgress::new(),
            running: Mutex::default(),
        }
    }

    /// Somebody waits: what goes on is said, also without a terminal.
    pub(crate) fn awaited(mut self) -> Self {
        self.awaited = Some(Mutex::default());
        self
    }

    fn bar(&self, schedule: &ScheduleName, tenant: &TenantName) -> ProgressBar {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        let new = || {
            let style = ProgressStyle::with_template("{prefix} {bar:24} {msg}")
                .unwrap_or_else(|_| ProgressStyle::default_bar());
            let bar = self.bars.add(ProgressBar::new(0)).with_style(style);
            bar.set_prefix(format!("{schedule} {tenant}"));
            bar
        };
        running
            .entry((schedule.clone(), tenant.clone()))
            .or_insert_with(new)
            .clone()
    }
}

impl Observer for Console {
    fn progress(&self, schedule: &ScheduleName, tenant: &TenantName, progress: &Progress) {
        if !self.terminal {
            return;
        }
        let bar = self.bar(schedule, tenant);
        bar.set_length(progress.total.max(progress.done));
        bar.set_position(progress.done);
        let bytes = progress.unit == "bytes";
        let amount = |count: u64| match bytes {
            true => size(count),
            false => count.to_string(),
        };
        let of = match progress.total {
            0 => String::new(),
            total => format!(" of {}", amount(total)),
        };
        let unit = plain(if bytes { "" } else { &progress.unit });
        let (done, note) = (amount(progress.done), plain(&progress.note));
        bar.set_message(format!("{done}{of} {unit} {note}"));
    }

    fn started(&self, schedule: &ScheduleName, tenant: &TenantName, due: Timestamp, attempt: u32) {
        tracing::info!(%schedule, %tenant, due = %json_time::text(due), attempt, "started");
        if self.terminal {
            self.bar(schedule, tenant).set_message("started");
        }
    }

    fn alert(&self, row: &OccurrenceRow) {
        let outcome = row.outcome.map_or("unfinished", Outcome::as_str);
        let reason = plain(row.reason.as_deref().unwrap_or_default());
        if let Some(primary) = &row.shadow_of {
            tracing::warn!(
                target: "alert", schedule = %row.schedule, tenant = %row.tenant, due = %json_time::text(row.due), outcome, reason,
                shadow_of = %primary, "{} {}, shadow of {primary}: {outcome}: {reason}", row.schedule, row.tenant
            );
            return;
        }
        tracing::error!(
            target: "alert", schedule = %row.schedule, tenant = %row.tenant, due = %json_time::text(row.due), outcome, reason,
            "{} {} {outcome}: {reason}", row.schedule, row.tenant
        );
    }

    fn age(&self, shelf: &ShelfAge, too_old: bool, now: Timestamp) {
        let (schedule, tenant) = (&shelf.schedule, &shelf.tenant);
        if !too_old {
            tracing::info!(%schedule, %tenant, "{NO_LONGER}");
            return;
        }
        let (age, most) = (length(shelf.age.at(now)), length(shelf.age.most));
        let newest = shelf.age.newest.map(json_time::text);
        let newest = newest.map(tracing::field::display);
        tracing::error!(
            target: "alert", %schedule, %tenant, newest, age, max_age = most, "{}", sentence(shelf, now)
        );
    }

    fn goes_on(
        &self,
        schedule: &ScheduleName,
        tenant: &TenantName,
        note: &str,
        percent: Option<u8>,
    ) {
        let note = plain(note);
        if self.terminal {
            let bar = self.bar(schedule, tenant);
            bar.set_length(100);
            bar.set_position(percent.unwrap_or_default().into());
            bar.set_message(note);
            return;
        }
        let Some(said) = &self.awaited else {
            return;
        };
        let percent = percent.map_or_else(String::new, |percent| format!(" ({percent} %)"));
        let line = format!("{note}{percent}");
        let mut said = said.lock().unwrap_or_else(PoisonError::into_inner);
        if *said != line {
            tracing::info!(%schedule, %tenant, "goes on at the provider: {line}");
            *said = line;
        }
    }

    fn ended(&self, schedule: &ScheduleName, tenant: &TenantName, due: Timestamp, what: &str) {
        tracing::info!(%schedule, %tenant, due = %json_time::text(due), "{what}");
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(bar) = running.remove(&(schedule.clone(), tenant.clone())) {
            bar.finish_and_clear();
        }
    }
}
