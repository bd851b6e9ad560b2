//! What happens around the loop: a person or another process wrote to the ledger, the files changed, the clock jumped.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use strongroom_domain::Outcome;
use strongroom_domain::clock_jump::{self, DOUBT, Reading, TOLERANCE};
use strongroom_ledger::{LedgerError, Notice, OccurrenceFilter};

use super::{Loop, Until};
use crate::planner::Planner;

/// The name of the notice that stands until a person confirms the time.
pub const CLOCK_NOTICE: &str = "clock";

/// How often the clocks are compared.
const COMPARED: Duration = Duration::from_secs(1);

impl Loop<'_> {
    /// Looks for the first time.
    pub(super) async fn begin(&mut self, now: Timestamp) -> Result<(), LedgerError> {
        let known = self.ledger.watermarks().await?;
        let latest = known.values().map(|watermark| watermark.until).max();
        self.ledger.changed_elsewhere().await?;
        self.refresh().await?;
        // While no host ran, a jump forward cannot be told from an outage; a jump back can.
        if let Some(latest) = latest
            && latest.duration_since(now) > TOLERANCE
        {
            self.jumped(now.duration_since(latest), now).await?;
        }
        let ledger = self.ledger.clone();
        let planner = Planner::new(ledger.as_ref(), known, &self.setup, &self.pauses, now).await?;
        self.planner = Some(planner);
        self.report_orphans().await?;
        self.watch_staleness().await
    }

    /// Looks for what changed since the last turn. Cheap when nothing did.
    pub(super) async fn look_around(&mut self) -> Result<(), LedgerError> {
        let changed = self.ledger.changed_elsewhere().await?;
        if changed && self.planner.is_some() {
            self.refresh().await?;
        }
        if changed {
            self.staleness.wake(self.now());
            self.waiting = None;
            self.apply_stop_requests().await?;
        }
        if self.planner.is_none() {
            return Ok(());
        }
        self.compare_clocks().await?;
        let reloaded = match &mut self.reloads {
            // A sender that is gone sends nothing more.
            Some(reloads) if reloads.has_changed().unwrap_or(false) => {
                Some(reloads.borrow_and_update().clone())
            }
            _ => None,
        };
        if let Some(setup) = reloaded {
            self.engine.register_plugins(&setup, false).await?;
            let (ledger, now) = (self.ledger.clone(), self.now());
            if let Some(planner) = &mut self.planner {
                let ledger = ledger.as_ref();
                planner.take_up(ledger, &setup, &self.pauses, now).await?;
            }
            self.change_setup(setup);
            self.report_orphans().await?;
            self.waiting = None;
            self.watch_staleness().await?;
        }
        self.check_staleness().await
    }

    /// Tells of what went wrong, by whomever it was recorded.
    pub(super) async fn tell(&mut self) -> Result<(), LedgerError> {
        let filter = OccurrenceFilter {
            unsuccessful_since: Some(self.alerted.0),
            ..OccurrenceFilter::default()
        };
        let rows = self.ledger.occurrences(filter).await?;
        for row in &rows {
            let known = self.alerted.1.contains(&row.id);
            if !known && row.outcome.is_some_and(Outcome::alerts) {
                self.engine.context.observer.alert(row);
            }
        }
        // Not later than now: the clock may have been set back, and what ends from now on must be found.
        let latest = rows.iter().filter_map(|row| row.ended_at).max();
        let since = latest.unwrap_or(self.alerted.0).min(self.now());
        let told = rows.iter().filter(|row| row.ended_at >= Some(since));
        self.alerted = (since, told.map(|row| row.id).collect());
        Ok(())
    }

    /// Reads what people said: pauses, and whether the time is confirmed.
    async fn refresh(&mut self) -> Result<(), LedgerError> {
        self.pauses = self.ledger.pauses(Timestamp::MIN).await?;
        let notices = self.ledger.notices().await?;
        let held = notices.iter().any(|notice| notice.name == CLOCK_NOTICE);
        if std::mem::replace(&mut self.held, held) && !held {
            tracing::info!("the time was confirmed by a person; retention goes on");
            self.resume();
        }
        Ok(())
    }

    async fn compare_clocks(&mut self) -> Result<(), LedgerError> {
        let wall = self.now();
        let since = wall.duration_since(self.reading.wall);
        if !since.is_negative() && since < SignedDuration::try_from(COMPARED).unwrap_or_default() {
            return Ok(());
        }
        let now = Reading {
            wall,
            steady: self.engine.context.clock.steady(),
        };
        let before = std::mem::replace(&mut self.reading, now);
        if matches!(self.until, Until::Stopped) {
            self.tell().await?;
        }
        if let Some(by) = clock_jump::jumped(before, now) {
            if by.is_positive() {
                self.doubt = Some(now.steady.saturating_add(DOUBT));
            }
            self.jumped(by, wall).await?;
        }
        if self.doubt.is_some_and(|until| now.steady >= until) {
            self.doubt = None;
        }
        Ok(())
    }

    async fn jumped(&mut self, by: SignedDuration, now: Timestamp) -> Result<(), LedgerError> {
        let text = clock_jump::explain(by, now);
        tracing::error!("{text}");
        self.held = true;
        // What was being deleted is taken up again when the time is confirmed.
        self.retaining.clear();
        self.resuming = None;
        let notice = Notice {
            name: CLOCK_NOTICE.to_owned(),
            since: now,
            text,
        };
        self.ledger.put_notice(notice).await
    }
}
