//! A tick of the loop: what is due is written, what waits is claimed and begun, and then the loop waits.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use strongroom_domain::planning;
use strongroom_ledger::{Claim, ClaimRequest, LedgerError, Renewal};

use super::claims::Running;
use super::{Event, Loop, Task, Until};
use crate::call::prepared::Prepared;
use crate::planner::{self, Planner};
use crate::roles::{self, attempt};

/// Plans in a row before what they wrote begins: of a million that are due at once, the first do not wait for the last.
const PLANS: usize = 8;

/// How often a daemon looks whether a person or another process wrote to the ledger, or the clock was set.
const GLANCE: Duration = Duration::from_secs(1);

impl Loop<'_> {
    pub(super) async fn plan_and_claim(&mut self) -> Result<(), LedgerError> {
        self.look_around().await?;
        let now = self.now();
        let (mut replaced, mut planned) = (0, false);
        // What is due after the end is left to the next who comes.
        let due_by = now.min(self.end());
        if let (Some(planner), false) = (&mut self.planner, self.clocks.in_doubt()) {
            for _ in 0..PLANS {
                let plan = planner.turn(self.ledger.as_ref(), &self.pauses, due_by);
                match plan.await? {
                    Some(report) => replaced += report.replaced,
                    None => break,
                }
                planned = true;
            }
        }
        if planned {
            self.wake_ups.written();
        }
        if replaced > 0 {
            self.apply_stop_requests().await?;
        }
        // Nothing begins by a time that is not believed yet.
        let in_doubt = self.clocks.in_doubt();
        let free = if in_doubt { 0 } else { self.free() };
        let more = self.wake_ups.set_slot_freed(false);
        if free == 0 || !(planned || more || self.may_claim().await?) {
            return Ok(());
        }
        self.claim(free, now).await
    }

    /// Takes what may begin, and begins it.
    async fn claim(&mut self, free: usize, now: Timestamp) -> Result<(), LedgerError> {
        let request = ClaimRequest {
            owner: self.engine.host,
            now,
            lease_until: self.lease_until(now),
            limit: u32::try_from(free).unwrap_or(u32::MAX),
            only: if let Until::Ended(id) = self.until {
                Some(id)
            } else {
                None
            },
            limits: &self.active.setup.limits,
        };
        let claimed = self.ledger.claim(request).await?;
        self.wake_ups.claimed(&claimed);
        if self.claims.is_empty() {
            // These are the only ones, and their leases begin now.
            self.claims.renewed = now;
        }
        let mut prevented = Vec::new();
        for claim in claimed.claims {
            let ends = match self.active.serving(&claim) {
                Ok(Some(prepared)) => match self.prevented(&claim, &prepared, now) {
                    None => {
                        self.start(claim, Some(prepared));
                        continue;
                    }
                    Some(ends) => ends,
                },
                Ok(None) => {
                    self.start(claim, None);
                    continue;
                }
                Err(ends) => ends,
            };
            prevented.push(attempt::ended(&claim, ends.0, ends.1));
        }
        self.wake_ups.set_slot_freed(!prevented.is_empty());
        if !prevented.is_empty() {
            self.record(prevented, now).await?;
        }
        Ok(())
    }

    /// The last moment whose due times are planned.
    fn end(&self) -> Timestamp {
        match self.until {
            Until::Time(end) => end,
            Until::Stopped | Until::Ended(_) => Timestamp::MAX,
        }
    }

    fn free(&self) -> usize {
        let most = self.engine.settings.concurrency;
        most.saturating_sub(self.claims.len())
    }

    /// Why what waited for its turn may not begin now. What a person asked for begins all the same.
    fn prevented(
        &self,
        claim: &Claim,
        prepared: &Prepared,
        now: Timestamp,
    ) -> Option<(strongroom_domain::Outcome, String)> {
        if claim.fence > 1 || claim.manual {
            return None;
        }
        let pauses = planner::of(&self.pauses, &claim.schedule);
        planning::prevented(&prepared.schedule, pauses, now)
    }

    fn start(&mut self, claim: Claim, prepared: Option<Arc<Prepared>>) {
        let context = self.engine.context.clone();
        let work = context.clock.work();
        let sender = self.sender.clone();
        context
            .observer
            .started(&claim.schedule, &claim.tenant, claim.due, claim.attempt);
        let setup = self.active.setup.clone();
        let started_at = self.now();
        let task = tokio::spawn({
            let (claim, prepared) = (claim.clone(), prepared.clone());
            async move {
                let transition =
                    roles::attempt(&context, &setup, prepared.as_deref(), &claim).await;
                // The loop is gone only when the whole engine is; then nobody wants the answer.
                let _gone = sender
                    .send(Event::Attempted(Box::new(transition), claim, work))
                    .is_err();
            }
        });
        let running = Running {
            claim,
            prepared,
            started_at,
            _task: Task(task.abort_handle()),
        };
        self.claims.add(running);
    }

    async fn may_claim(&mut self) -> Result<bool, LedgerError> {
        let (ledger, now) = (self.ledger.as_ref(), self.now());
        self.wake_ups.may_claim(ledger, &self.until, now).await
    }

    /// The next moment at which the loop has something to do on its own.
    async fn next_wake(&mut self) -> Result<Option<Timestamp>, LedgerError> {
        let planned = self.planner.as_ref().and_then(Planner::next);
        let planned = planned.filter(|due| *due <= self.end());
        let (ledger, now) = (self.ledger.as_ref(), self.now());
        let waiting = self.wake_ups.waiting(ledger, &self.until, now).await?;
        let watched = self.watches.iter().filter_map(|watch| watch.next());
        let watched = watched.filter(|at| *at <= self.end());
        Ok(watched.chain(planned).chain(waiting).min())
    }

    pub(super) async fn idle_at_end(&mut self) -> Result<bool, LedgerError> {
        if !self.claims.is_empty() || !self.follow_ups.is_empty() || self.wake_ups.slot_freed() {
            return Ok(false);
        }
        let next = self.next_wake().await?;
        Ok(match self.until {
            Until::Stopped => false,
            Until::Time(end) => next.is_none_or(|next| next > end),
            Until::Ended(_) => next.is_none(),
        })
    }

    pub(super) async fn wait(&mut self) -> Result<(), LedgerError> {
        let now = self.now();
        let later = |by: Duration| now.checked_add(by).unwrap_or(Timestamp::MAX);
        let third = self.engine.settings.lease / 3;
        let renewal = self
            .claims
            .renewed
            .checked_add(third)
            .unwrap_or(Timestamp::MAX);
        let mut wake = self.next_wake().await?.unwrap_or(Timestamp::MAX);
        if self.free() == 0 {
            wake = Timestamp::MAX;
        }
        if !self.claims.is_empty() {
            wake = wake.min(renewal);
        }
        // What is due already and was not taken waits for an event (its tenant is busy, a limit is reached, the clock is
        // in doubt), but not for ever.
        if wake <= now {
            let busy = !(self.claims.is_empty() && self.follow_ups.is_empty());
            if busy {
                wake = renewal.max(later(GLANCE));
            } else if self.wake_ups.is_limited() || self.clocks.in_doubt() {
                wake = later(GLANCE);
            }
        }
        if matches!(self.until, Until::Stopped) {
            wake = wake.min(later(GLANCE));
        }
        if self.is_behind(now) || self.wake_ups.slot_freed() {
            wake = now;
        }
        tokio::select! {
            biased;
            Some(event) = self.events.recv() => self.take(event).await?,
            _ = self.stop.changed() => {}
            () = reloaded(&mut self.reloads) => {}
            () = self.engine.context.clock.sleep_until(wake) => {}
        }
        let now = self.now();
        if !self.claims.is_empty() && now >= renewal {
            self.renew(now).await?;
        }
        Ok(())
    }

    /// More is due than was written so far.
    fn is_behind(&self, now: Timestamp) -> bool {
        let next = self.planner.as_ref().and_then(Planner::next);
        !self.clocks.in_doubt() && next.is_some_and(|next| next <= now.min(self.end()))
    }

    async fn renew(&mut self, now: Timestamp) -> Result<(), LedgerError> {
        let claims = self.claims.fences();
        let renewed = self.ledger.renew(&claims, self.lease_until(now)).await?;
        self.wake_ups.written();
        for ((id, _), renewed) in claims.into_iter().zip(renewed) {
            match renewed {
                Renewal::Kept => {}
                Renewal::Lost => {
                    tracing::warn!(occurrence = %id, "another host took this occurrence over; the attempt here is dropped");
                    self.claims.remove(id);
                }
                Renewal::Stop(outcome, reason) => self.end_early(id, outcome, reason).await?,
            }
        }
        self.claims.renewed = now;
        Ok(())
    }
}

/// Waits until a new set comes; for ever if none can come.
async fn reloaded(reloads: &mut Option<tokio::sync::watch::Receiver<Arc<crate::setup::Setup>>>) {
    if let Some(reloads) = reloads {
        // Seen when the loop looks around: it must stay unseen here.
        let mut reloads = reloads.clone();
        if reloads.changed().await.is_ok() {
            return;
        }
    }
    std::future::pending().await
}
