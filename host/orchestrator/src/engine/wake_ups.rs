//! When the loop looks at the ledger again: for what waits for a time, for a limit, or for a slot.

use jiff::Timestamp;
use strongroom_ledger::{ClaimReport, Ledger, LedgerError};

use super::Until;

/// What waits, as far as the loop knows.
#[derive(Default)]
pub(super) struct WakeUps {
    /// Something waits for a limit and not for a time.
    limited: bool,
    /// Something that was taken ended without having begun: nobody else comes to say that there is room again.
    slot_freed: bool,
    /// When the next thing on record can be taken, as asked last; `None`: something was written since.
    waiting: Option<Option<Timestamp>>,
}

impl WakeUps {
    /// Something was written: what can be taken next is asked again.
    pub(super) fn written(&mut self) {
        self.waiting = None;
    }

    /// Takes over what the ledger said with a claim.
    pub(super) fn claimed(&mut self, claimed: &ClaimReport) {
        self.limited = claimed.limited;
        self.waiting = claimed.next_wake;
    }

    /// Takes over what the ledger said after a write, if it is what is waited for.
    pub(super) fn recorded(&mut self, next_wake: Option<Option<Timestamp>>, until: &Until) {
        let any = !self.limited && !matches!(until, Until::Ended(_));
        self.waiting = next_wake.filter(|_| any);
    }

    pub(super) fn is_limited(&self) -> bool {
        self.limited
    }

    pub(super) fn slot_freed(&self) -> bool {
        self.slot_freed
    }

    /// Says whether a slot was freed; returns whether one was before.
    pub(super) fn set_slot_freed(&mut self, freed: bool) -> bool {
        std::mem::replace(&mut self.slot_freed, freed)
    }

    /// Whether there may be something to take: asking costs a tenth of a claim that finds nothing.
    pub(super) async fn may_claim(
        &mut self,
        ledger: &dyn Ledger,
        until: &Until,
        now: Timestamp,
    ) -> Result<bool, LedgerError> {
        if self.limited || matches!(until, Until::Ended(_)) {
            return Ok(true);
        }
        let waiting = self.waiting(ledger, until, now).await?;
        Ok(waiting.is_some_and(|at| at <= now))
    }

    /// The next moment at which something on record can be taken; asked again only after something was written.
    pub(super) async fn waiting(
        &mut self,
        ledger: &dyn Ledger,
        until: &Until,
        now: Timestamp,
    ) -> Result<Option<Timestamp>, LedgerError> {
        if let Some(known) = self.waiting {
            return Ok(known);
        }
        let waiting = match until {
            Until::Ended(id) => ledger.next_wake(Some(*id), None).await?,
            Until::Stopped | Until::Time(_) => {
                // What waits for a limit waits for an end, not for a time.
                ledger.next_wake(None, self.limited.then_some(now)).await?
            }
        };
        self.waiting = Some(waiting);
        Ok(waiting)
    }
}
