//! Shows on a terminal how far a simulation is, and keeps what would be told of shelves on the way.

use std::io::IsTerminal;
use std::sync::{Mutex, PoisonError};

use indicatif::{ProgressBar, ProgressStyle};
use jiff::Timestamp;
use strongroom_domain::{ScheduleName, TenantName};
use strongroom_ledger::{OccurrenceRow, ShelfAge};
use strongroom_orchestrator::Observer;
use strongroom_sandbox::capability::progress::Report;

use super::span::Span;
use crate::print;

/// A bar from the first moment to the last.
pub(super) struct Passage {
    from: Timestamp,
    bar: ProgressBar,
    ages: Mutex<Vec<AgeTold>>,
}

/// Somebody is told that the newest good snapshot of a shelf is too old, or no longer is.
#[derive(Clone)]
pub(super) struct AgeTold {
    pub(super) at: Timestamp,
    pub(super) shelf: ShelfAge,
    pub(super) too_old: bool,
}

impl Passage {
    pub(super) fn new(span: &Span, json: bool) -> Self {
        let seconds = span.to.duration_since(span.from).as_secs();
        let bar = if std::io::stderr().is_terminal() && !json {
            ProgressBar::new(seconds.unsigned_abs())
        } else {
            ProgressBar::hidden()
        };
        let style = ProgressStyle::with_template("{bar:40} {msg}");
        Self {
            from: span.from,
            bar: bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar())),
            ages: Mutex::default(),
        }
    }

    pub(super) fn done(&self) {
        self.bar.finish_and_clear();
    }

    /// What was told of shelves so far.
    pub(super) fn ages(&self) -> Vec<AgeTold> {
        let ages = self.ages.lock().unwrap_or_else(PoisonError::into_inner);
        ages.clone()
    }

    fn reached(&self, due: Timestamp) {
        let seconds = due.duration_since(self.from).as_secs();
        self.bar.set_position(u64::try_from(seconds).unwrap_or(0));
    }
}

impl Observer for Passage {
    fn progress(&self, _: &ScheduleName, _: &TenantName, _: &Report) {}

    fn started(&self, schedule: &ScheduleName, tenant: &TenantName, due: Timestamp, attempt: u32) {
        tracing::info!(%schedule, %tenant, due = %due, attempt, "started");
        self.reached(due);
    }

    // That is read from the record at the end.
    fn alert(&self, _: &OccurrenceRow) {}

    fn age(&self, shelf: &ShelfAge, too_old: bool, now: Timestamp) {
        let mut ages = self.ages.lock().unwrap_or_else(PoisonError::into_inner);
        ages.push(AgeTold {
            at: now,
            shelf: shelf.clone(),
            too_old,
        });
    }

    fn goes_on(&self, _: &ScheduleName, _: &TenantName, _: &str, _: Option<u8>) {}

    fn ended(&self, schedule: &ScheduleName, tenant: &TenantName, due: Timestamp, what: &str) {
        tracing::info!(%schedule, %tenant, due = %due, "{what}");
        if !self.bar.is_hidden() {
            let now = print::utc(due);
            self.bar.set_message(format!("{now} {schedule} {tenant}"));
        }
    }
}
