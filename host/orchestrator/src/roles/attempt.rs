//! One attempt of a claimed occurrence: the moments of its driver in their order, and the transition that comes of it.
//!
//! Owns: the meaning of every result for the record.
//! Never: a decision about time (`domain::retry`) or a write to the ledger: it returns a `Transition`.

use jiff::Timestamp;
use strongroom_domain::retry::{Failure, next_attempt};
use strongroom_domain::{Evidence, Outcome};
use strongroom_ledger::{AttemptRecord, CatalogChange, Claim, Next, OperationRow, Transition};
use strongroom_sandbox::call::Operation;

use super::Driver;
use crate::call::context::CallContext;
use crate::call::plugin_call::PluginCall;
use crate::call::prepared::Prepared;
use crate::call::result::AttemptResult;

/// Asks, judges, and looks once more before the run is given up.
pub(super) async fn drive(
    driver: &impl Driver,
    context: &CallContext,
    prepared: &Prepared,
    claim: &Claim,
) -> Transition {
    let started_at = context.clock.now();
    let call = PluginCall::of_claim(prepared, claim, driver.due(claim));
    let answer = driver.ask(&call, claim.operation.as_ref()).await;
    let mut result = driver.judge(&call, answer).await;
    let mut attempt = Attempt::new(context, prepared, claim, started_at);
    if attempt.would_give_up(&result) {
        let began = claim.attempt > 1 || claim.operation.is_some() || claim.reclaimed;
        result = driver.search(&call, result, began).await;
        attempt.ended_at = context.clock.now();
    }
    attempt.transition(result)
}

/// An attempt that is over, on its way to a transition.
pub(super) struct Attempt<'a> {
    claim: &'a Claim,
    prepared: &'a Prepared,
    started_at: Timestamp,
    ended_at: Timestamp,
    retries: bool,
}

impl<'a> Attempt<'a> {
    pub(super) fn new(
        context: &CallContext,
        prepared: &'a Prepared,
        claim: &'a Claim,
        started_at: Timestamp,
    ) -> Self {
        Self {
            claim,
            prepared,
            started_at,
            ended_at: context.clock.now(),
            retries: context.retries,
        }
    }

    pub(super) fn transition(&self, result: AttemptResult) -> Transition {
        match result {
            AttemptResult::Done(evidence, catalog) => self.succeeded(evidence, catalog),
            AttemptResult::Running(operation) => self.goes_on(operation),
            AttemptResult::Failed(failure, _) => self.failed(failure),
            AttemptResult::TimedOut { searched } => {
                let provider = if searched {
                    "has nothing of it"
                } else {
                    "may still have acted"
                };
                let deadline = self.claim.deadline;
                let reason =
                    format!("not finished by its deadline {deadline}; the provider {provider}");
                self.ended("timed-out", Outcome::TimedOut, None, reason)
            }
            AttemptResult::Refused(reason) => self.ended("refused", Outcome::Refused, None, reason),
            AttemptResult::Unknown(reason, failure) => {
                self.ended("unknown", Outcome::Unknown, failure, reason)
            }
        }
    }

    fn would_give_up(&self, result: &AttemptResult) -> bool {
        match result {
            AttemptResult::Failed(failure, _) => self.again(failure).is_none(),
            AttemptResult::TimedOut { .. } => true,
            AttemptResult::Done(..)
            | AttemptResult::Running(_)
            | AttemptResult::Refused(_)
            | AttemptResult::Unknown(..) => false,
        }
    }

    /// When it is tried again.
    fn again(&self, failure: &Failure) -> Option<Timestamp> {
        let (claim, policy) = (self.claim, &self.prepared.schedule.retry);
        let (number, run) = (claim.attempt, claim.id);
        next_attempt(failure, policy, number, run, self.ended_at, claim.deadline)
            .filter(|_| self.retries)
    }

    fn record(&self, ending: &str, failure: Option<Failure>) -> AttemptRecord {
        AttemptRecord {
            number: self.claim.attempt,
            started_at: self.started_at,
            ended_at: self.ended_at,
            digest: self.prepared.digest().to_owned(),
            ending: ending.to_owned(),
            detail: failure
                .as_ref()
                .map(|failure| failure.detail.clone())
                .unwrap_or_default(),
            failure,
        }
    }

    fn ended(
        &self,
        ending: &str,
        outcome: Outcome,
        failure: Option<Failure>,
        reason: String,
    ) -> Transition {
        let record = Some(self.record(ending, failure));
        end(self.claim, record, outcome, reason, Evidence::default())
    }

    fn succeeded(&self, evidence: Evidence, catalog: Vec<CatalogChange>) -> Transition {
        let record = Some(self.record("done", None));
        Transition {
            catalog,
            ..end(
                self.claim,
                record,
                Outcome::Succeeded,
                String::new(),
                evidence,
            )
        }
    }

    fn goes_on(&self, operation: Operation) -> Transition {
        let deadline = self.claim.deadline;
        let at = self
            .ended_at
            .checked_add(operation.poll_after)
            .unwrap_or(deadline)
            .min(deadline);
        let operation = OperationRow {
            handle: operation.handle,
            note: operation.note,
            percent: operation.percent,
            digest: self.prepared.digest().to_owned(),
        };
        let record = Some(self.record("running", None));
        transition(self.claim, record, Next::Poll { at, operation })
    }

    fn failed(&self, failure: Failure) -> Transition {
        let claim = self.claim;
        let reason = failure.to_string();
        let again = self.again(&failure);
        let record = Some(self.record("failed", Some(failure)));
        match again {
            Some(at) => transition(claim, record, Next::Retry { at, reason }),
            None => end(claim, record, Outcome::Failed, reason, Evidence::default()),
        }
    }
}

fn transition(claim: &Claim, attempt: Option<AttemptRecord>, next: Next) -> Transition {
    Transition {
        occurrence: claim.id,
        fence: claim.fence,
        attempt,
        next,
        catalog: Vec::new(),
        audit: Vec::new(),
        follow: Vec::new(),
    }
}

/// The end of an occurrence in the middle of an attempt, with what served it and since when.
pub(crate) fn given_up(
    context: &CallContext,
    claim: &Claim,
    (prepared, started_at): (Option<&Prepared>, Timestamp),
    outcome: Outcome,
    reason: String,
) -> Transition {
    let Some(prepared) = prepared else {
        return ended(claim, outcome, reason);
    };
    let attempt = Attempt::new(context, prepared, claim, started_at);
    attempt.ended(outcome.as_str(), outcome, None, reason)
}

/// The end of an occurrence without an attempt.
pub(crate) fn ended(claim: &Claim, outcome: Outcome, reason: String) -> Transition {
    end(claim, None, outcome, reason, Evidence::default())
}

fn end(
    claim: &Claim,
    attempt: Option<AttemptRecord>,
    outcome: Outcome,
    reason: String,
    evidence: Evidence,
) -> Transition {
    let next = Next::End {
        outcome,
        reason,
        evidence,
    };
    transition(claim, attempt, next)
}
