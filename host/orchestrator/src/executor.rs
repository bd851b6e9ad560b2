//! One attempt: calls the plugin in a fresh store and says what follows.
//!
//! Owns: what a plugin is asked, and the meaning of every ending.
//! Never: a decision about time (`domain::retry`) or a write to the ledger: it returns a `Transition`.
//! Read next: `first_request`, `finish` (what an answer comes to), `search_before_giving_up` (what is done before a run is given up).

pub(crate) mod copy;
mod finish;
mod first_request;
mod location;
pub(crate) mod read_back;
mod search_before_giving_up;

use std::sync::Arc;

use jiff::Timestamp;
use strongroom_domain::retry::{Failure, next_attempt};
use strongroom_domain::{Evidence, Outcome, TenantName};
use strongroom_ledger::{
    AttemptRecord, CatalogChange, Claim, Next, OperationRow, SnapshotRow, SnapshotState, Transition,
};
use strongroom_sandbox::Role;
use strongroom_sandbox::call::{Answer, Call, Context, Ending, Operation, Request, SnapshotInfo};
use uuid::Uuid;

use crate::clock::{Clock, SystemClock};
use crate::context::CallContext;
use crate::defect::caught;
use crate::setup::{Prepared, Served};
use crate::workflows::drill;
use finish::finish;
pub(crate) use finish::{Finished, step};
use search_before_giving_up::search_before_giving_up;

/// A failure with what the host knows of requests that had no answer, and the plugin does not.
fn explained(ending: Ending, troubles: &[String]) -> Ending {
    match ending {
        Ending::Failed(failure) if !troubles.is_empty() => {
            Ending::Failed(failure.and(&troubles.join("; ")))
        }
        other => other,
    }
}

/// What one call to a plugin came to, in the host's terms.
pub(crate) enum Reached {
    /// It answered.
    Answer(Answer),
    /// It did not do it.
    Failed(Failure),
    /// Its time was up.
    TimedOut,
    /// The host would not go on.
    Refused(String),
}

impl From<Ending> for Reached {
    fn from(ending: Ending) -> Self {
        match ending {
            Ending::Answered(answer) => Self::Answer(answer),
            Ending::Failed(failure) => Self::Failed(failure),
            Ending::TimedOut => Self::TimedOut,
            Ending::OutOfMemory { detail } => Self::Failed(Failure::crashed(format!(
                "the plugin ran out of memory: {detail}"
            ))),
            Ending::Trapped { detail } => {
                Self::Failed(Failure::crashed(format!("the plugin stopped: {detail}")))
            }
            Ending::Refused { detail } => Self::Refused(detail),
        }
    }
}

/// What one call came to, with what only the host saw of it.
pub struct Heard {
    /// How the call ended.
    pub ending: Ending,
    /// What the plugin tried and was not let do.
    pub held_back: Vec<String>,
}

impl From<Ending> for Heard {
    fn from(ending: Ending) -> Self {
        Self {
            ending,
            held_back: Vec::new(),
        }
    }
}

/// Who is asked for whom, and until when.
pub struct PluginCall<'a> {
    /// Schedule and plugin.
    pub prepared: &'a Prepared,
    /// Whose data.
    pub tenant: &'a TenantName,
    /// The same for every attempt.
    pub run: Uuid,
    /// 1 for the first.
    pub attempt: u32,
    /// The nominal time.
    pub due: Timestamp,
    /// When to give up.
    pub deadline: Timestamp,
    /// Change nothing.
    pub dry_run: bool,
}

impl PluginCall<'_> {
    /// Calls the plugin once.
    pub(crate) async fn send(&self, context: &CallContext, request: Request) -> Reached {
        self.send_observed(context, request).await.ending.into()
    }

    /// Calls the plugin once, and tells everything that there is to tell of it.
    pub async fn send_observed(&self, context: &CallContext, request: Request) -> Heard {
        let now = context.clock.now();
        let left = std::time::Duration::try_from(self.deadline.duration_since(now));
        let Some(time) = left.ok().filter(|left| !left.is_zero()) else {
            return Ending::TimedOut.into();
        };
        let plugin = match &self.prepared.served {
            Served::Plugin {
                plugin,
                credentials,
                ..
            } => (plugin, &**credentials),
            Served::Replies(replies) => return replies.reply(context, self, request).await.into(),
        };
        let contract_call = Call {
            run_id: self.run,
            attempt: self.attempt,
            tenant: self.tenant.clone(),
            due: self.due,
            deadline: self.deadline,
            dry_run: self.dry_run,
            config: self.prepared.schedule.config.as_ref().to_owned(),
        };
        // On a simulated clock a call takes no time; what it really took is what is recorded.
        let began = SystemClock.now();
        let mut held_back = Vec::new();
        let ending = match context.grant(self, plugin, &request) {
            Ok(granted) => {
                let limits = Context {
                    memory: self.prepared.schedule.memory,
                    time,
                    now,
                    capabilities: granted.capabilities.clone(),
                };
                let ending = (plugin.0)
                    .call(request.clone(), &contract_call, limits)
                    .await;
                held_back = granted.held_back();
                explained(ending, &granted.troubles())
            }
            Err(failure) => Ending::Failed(failure),
        };
        if let Some(recorder) = &context.recorder {
            let took = SystemClock.now().duration_since(began);
            recorder.heard(self, &request, &ending, took.try_into().unwrap_or_default());
        }
        Heard { ending, held_back }
    }

    /// Calls for a snapshot's description and believes nothing else.
    pub(crate) async fn read_back(
        &self,
        context: &CallContext,
        reference: &str,
    ) -> Result<SnapshotInfo, Failure> {
        match self
            .send(
                context,
                Request::Get {
                    reference: reference.to_owned(),
                },
            )
            .await
        {
            Reached::Answer(Answer::Snapshot(info)) => Ok(info),
            Reached::Answer(_) => Err(Failure::broken_contract(
                "answered `get` with something else",
            )),
            Reached::Failed(failure) => Err(failure),
            Reached::TimedOut => Err(Failure::unavailable(
                "reading the snapshot back took too long",
            )),
            Reached::Refused(detail) => Err(Failure::broken_contract(&detail)),
        }
    }
}

/// Runs one attempt of a claimed occurrence to its transition, also if the host itself fails at it. `first` is the first
/// shelf of a schedule that is a second one.
pub(crate) async fn attempt(
    context: &CallContext,
    prepared: Option<Arc<Prepared>>,
    first: Option<Arc<Prepared>>,
    claim: Claim,
) -> Transition {
    let started_at = context.clock.now();
    let tried = try_once(context, prepared.clone(), first, claim.clone());
    match caught(tried).await {
        Ok(transition) => transition,
        Err(panic) => {
            let reason = format!(
                "the host failed at it, which is a bug in strongroom ({panic}); the plugin may have acted"
            );
            let attempt = (prepared.as_deref(), started_at);
            given_up(context, &claim, attempt, Outcome::Unknown, reason)
        }
    }
}

async fn try_once(
    context: &CallContext,
    prepared: Option<Arc<Prepared>>,
    first: Option<Arc<Prepared>>,
    claim: Claim,
) -> Transition {
    let started_at = context.clock.now();
    let Some(prepared) = prepared else {
        let reason = format!(
            "schedule `{}` is no longer in the schedule files",
            claim.schedule
        );
        return ended(&claim, Outcome::Refused, reason);
    };
    if prepared.schedule.drill_of.is_some() {
        return drill::attempt(context, &prepared, &claim).await;
    }
    let call = PluginCall {
        prepared: &prepared,
        tenant: &claim.tenant,
        run: claim.id,
        attempt: claim.attempt,
        // What makes up for a past due time cannot hold what was there then, and must not say so.
        due: match prepared.role {
            Role::Snapshots => claim.due,
            Role::Task => claim.effective_due(),
        },
        deadline: claim.deadline,
        dry_run: false,
    };
    let reached = match first_request::request(context, &call, claim.operation.as_ref()).await {
        Ok(request) => call.send(context, request).await,
        Err(failure) => Reached::Failed(failure),
    };
    let mut finished = finish(context, &call, reached).await;
    let mut tried = Tried::new(&claim, &prepared, started_at, context);
    if prepared.role == Role::Snapshots && tried.would_give_up(&finished) {
        let began = claim.attempt > 1 || claim.operation.is_some() || claim.reclaimed;
        finished = search_before_giving_up(context, &call, finished, began).await;
        tried.ended_at = context.clock.now();
    }
    if let Finished::Done(evidence, Some(info)) = finished {
        finished = location::check(context, &call, first, evidence, info).await;
    }
    tried.came_to(finished)
}

/// An attempt that is over, on its way to a transition.
pub(crate) struct Tried<'a> {
    pub(crate) claim: &'a Claim,
    prepared: &'a Prepared,
    started_at: Timestamp,
    ended_at: Timestamp,
    retries: bool,
}

impl<'a> Tried<'a> {
    pub(crate) fn new(
        claim: &'a Claim,
        prepared: &'a Prepared,
        started_at: Timestamp,
        context: &CallContext,
    ) -> Self {
        Self {
            claim,
            prepared,
            started_at,
            ended_at: context.clock.now(),
            retries: context.retries,
        }
    }

    /// The transition.
    pub(crate) fn came_to(&self, finished: Finished) -> Transition {
        match finished {
            Finished::Done(evidence, snapshot) => self.succeeded(evidence, snapshot),
            Finished::Running(operation) => self.goes_on(operation),
            Finished::Failed { failure, .. } => self.failed(failure),
            Finished::TimedOut { looked } => {
                let provider = if looked {
                    "has nothing of it"
                } else {
                    "may still have acted"
                };
                let deadline = self.claim.deadline;
                let reason =
                    format!("not finished by its deadline {deadline}; the provider {provider}");
                self.ended("timed-out", Outcome::TimedOut, None, reason)
            }
            Finished::Refused(reason) => self.ended("refused", Outcome::Refused, None, reason),
            Finished::Unknown(reason, failure) => {
                self.ended("unknown", Outcome::Unknown, failure, reason)
            }
        }
    }

    fn would_give_up(&self, finished: &Finished) -> bool {
        match finished {
            Finished::Failed { failure, .. } => self.again(failure).is_none(),
            Finished::TimedOut { .. } => true,
            Finished::Done(..)
            | Finished::Running(_)
            | Finished::Refused(_)
            | Finished::Unknown(..) => false,
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
        end(
            self.claim,
            Some(self.record(ending, failure)),
            outcome,
            reason,
            Evidence::default(),
        )
    }

    fn succeeded(&self, evidence: Evidence, snapshot: Option<Box<SnapshotInfo>>) -> Transition {
        let row = snapshot.map(|info| {
            catalog_row(
                self.claim,
                self.prepared,
                *info,
                evidence.clone(),
                self.ended_at,
            )
        });
        let record = self.record("done", None);
        let mut transition = end(
            self.claim,
            Some(record),
            Outcome::Succeeded,
            String::new(),
            evidence,
        );
        transition
            .catalog
            .extend(row.map(|row| CatalogChange::Added(Box::new(row))));
        transition
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
        transition(
            self.claim,
            Some(self.record("running", None)),
            Next::Poll { at, operation },
        )
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

fn catalog_row(
    claim: &Claim,
    prepared: &Prepared,
    info: SnapshotInfo,
    evidence: Evidence,
    now: Timestamp,
) -> SnapshotRow {
    SnapshotRow {
        id: claim.id,
        occurrence: claim.id,
        schedule: claim.schedule.clone(),
        tenant: claim.tenant.clone(),
        // Not the one it was planned with: an edit may have come between.
        plugin: prepared.schedule.plugin.clone(),
        plugin_digest: prepared.digest().to_owned(),
        reference: info.reference,
        taken_at: info.taken_at,
        recorded_at: now,
        state: SnapshotState::Assumed,
        size: info.size,
        files: evidence.get("files").and_then(|text| text.parse().ok()),
        evidence,
        holds: Vec::new(),
        last_error: None,
        verified_at: None,
        gone_at: None,
        shadow_of: None,
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
    let tried = Tried::new(claim, prepared, started_at, context);
    tried.ended(outcome.as_str(), outcome, None, reason)
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
    transition(
        claim,
        attempt,
        Next::End {
            outcome,
            reason,
            evidence,
        },
    )
}
