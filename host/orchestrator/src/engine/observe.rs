//! What happens around the loop: a person or another process wrote to the ledger, the files changed, the clock jumped.

use jiff::{SignedDuration, Timestamp};
use strongroom_domain::clock_jump::{self, Reading, TOLERANCE};
use strongroom_ledger::{LedgerError, Notice};

use super::{Loop, Until};
use crate::planner::Planner;

/// The name of the notice that stands until a person confirms the time.
pub const CLOCK_NOTICE: &str = "clock";

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
        let planner = Planner::new(
            ledger.as_ref(),
            known,
            &self.active.setup,
            &self.pauses,
            now,
        )
        .await?;
        self.planner = Some(planner);
        self.begin_watches().await
    }

    /// Looks for what changed since the last turn. Cheap when nothing did.
    pub(super) async fn look_around(&mut self) -> Result<(), LedgerError> {
        let changed = self.ledger.changed_elsewhere().await?;
        if changed && self.planner.is_some() {
            self.refresh().await?;
        }
        if changed {
            self.wake_watches(self.now());
            self.wake_ups.written();
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
            self.active.change(setup);
            self.wake_ups.written();
            self.begin_watches().await?;
        }
        self.look_at_watches().await
    }

    /// Says on record what is watched from now on: after a start, and with every new set.
    async fn begin_watches(&mut self) -> Result<(), LedgerError> {
        for watch in &mut self.watches {
            watch
                .begin(&self.engine.context, &self.active.setup)
                .await?;
        }
        Ok(())
    }

    /// Something was made, or written elsewhere.
    pub(super) fn wake_watches(&mut self, now: Timestamp) {
        for watch in &mut self.watches {
            watch.wake(now);
        }
    }

    async fn look_at_watches(&mut self) -> Result<(), LedgerError> {
        // By a time that is not believed, everything may be too late.
        if self.clocks.in_doubt() {
            return Ok(());
        }
        let (now, stays) = (self.now(), matches!(self.until, Until::Stopped));
        for watch in &mut self.watches {
            if watch.next().is_some_and(|next| next <= now) {
                watch.look(&self.engine.context, stays).await?;
            }
        }
        Ok(())
    }

    /// Reads what people said: pauses, and whether the time is confirmed.
    async fn refresh(&mut self) -> Result<(), LedgerError> {
        self.pauses = self.ledger.pauses(Timestamp::MIN).await?;
        let notices = self.ledger.notices().await?;
        let held = notices.iter().any(|notice| notice.name == CLOCK_NOTICE);
        if self.clocks.hold(held) && !held {
            tracing::info!("the time was confirmed by a person; retention goes on");
            self.resume();
        }
        Ok(())
    }

    async fn compare_clocks(&mut self) -> Result<(), LedgerError> {
        let wall = self.now();
        if !self.clocks.is_due(wall) {
            return Ok(());
        }
        let steady = self.engine.context.clock.steady();
        if matches!(self.until, Until::Stopped) {
            self.alerts.tell(&self.engine.context).await?;
        }
        match self.clocks.compare(Reading { wall, steady }) {
            Some(by) => self.jumped(by, wall).await,
            None => Ok(()),
        }
    }

    async fn jumped(&mut self, by: SignedDuration, now: Timestamp) -> Result<(), LedgerError> {
        let text = clock_jump::explain(by, now);
        tracing::error!("{text}");
        self.clocks.hold(true);
        // What was under way is taken up again when the time is confirmed.
        self.follow_ups.clear();
        let notice = Notice {
            name: CLOCK_NOTICE.to_owned(),
            since: now,
            text,
        };
        self.ledger.put_notice(notice).await
    }
}
