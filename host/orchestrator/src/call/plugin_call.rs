//! One call of a plugin: who is asked for whom, as which run and until when.
//!
//! Owns: the only way to a plugin, whatever is asked of it. Never: what an answer means. Read next: `granted`, `result`.

use std::time::Duration;

use jiff::Timestamp;
use strongroom_domain::TenantName;
use strongroom_domain::retry::FailureKind;
use strongroom_ledger::{Claim, SnapshotRow};
use strongroom_sandbox::call::{Call, CallResult, Context};
use strongroom_sandbox::role::{Answer, Function};
use uuid::Uuid;

use super::clock::{Clock, SystemClock};
use super::context::CallContext;
use super::granted::granted;
use super::prepared::{Prepared, Served};

/// Who is asked for whom, and until when.
#[derive(Clone, Copy)]
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

impl<'a> PluginCall<'a> {
    /// A call of a run's attempt.
    pub(crate) fn of_claim(prepared: &'a Prepared, claim: &'a Claim, due: Timestamp) -> Self {
        Self {
            prepared,
            tenant: &claim.tenant,
            run: claim.id,
            attempt: claim.attempt,
            due,
            deadline: claim.deadline,
            dry_run: false,
        }
    }

    /// A call about a snapshot, as the run that made it.
    pub(crate) fn for_snapshot(
        context: &CallContext,
        prepared: &'a Prepared,
        row: &'a SnapshotRow,
        time: Duration,
    ) -> Self {
        Self {
            run: row.id,
            due: row.taken_at,
            ..Self::now(context, prepared, &row.tenant, time)
        }
    }

    /// A call of no run: with an id that was never used, due now.
    pub(crate) fn now(
        context: &CallContext,
        prepared: &'a Prepared,
        tenant: &'a TenantName,
        time: Duration,
    ) -> Self {
        let now = context.clock.now();
        Self {
            prepared,
            tenant,
            run: Uuid::now_v7(),
            attempt: 1,
            due: now,
            deadline: now.checked_add(time).unwrap_or(Timestamp::MAX),
            dry_run: false,
        }
    }

    /// The same, changing nothing.
    pub(crate) fn dry(self) -> Self {
        Self {
            dry_run: true,
            ..self
        }
    }

    /// Calls the plugin once.
    pub async fn send<F: Function>(
        &self,
        context: &CallContext,
        function: F,
    ) -> CallResult<F::Answer> {
        self.send_observed(context, function).await.0
    }

    /// Calls the plugin once; with what it tried and was not let do.
    pub async fn send_observed<F: Function>(
        &self,
        context: &CallContext,
        function: F,
    ) -> (CallResult<F::Answer>, Vec<String>) {
        let now = context.clock.now();
        let left = Duration::try_from(self.deadline.duration_since(now));
        let Some(time) = left.ok().filter(|left| !left.is_zero()) else {
            return (CallResult::TimedOut, Vec::new());
        };
        let schedule = &self.prepared.schedule;
        let call = Call {
            run_id: self.run,
            attempt: self.attempt,
            tenant: self.tenant.clone(),
            due: self.due,
            deadline: self.deadline,
            dry_run: self.dry_run,
            config: schedule.config.as_ref().to_owned(),
        };
        let plugin = match &self.prepared.served {
            Served::Plugin {
                plugin,
                credentials,
                ..
            } => (plugin, &**credentials),
            Served::Replies(replies) => {
                let request = function.into();
                let result = replies.reply(context, schedule, &call, request).await;
                return (typed(result), Vec::new());
            }
        };
        // On a simulated clock a call takes no time; what it really took is what is recorded.
        let began = SystemClock.now();
        let mut held_back = Vec::new();
        let request = function.clone().into();
        let result = match granted(context, plugin, schedule, &call, &request) {
            Ok(granted) => {
                let limits = Context {
                    memory: schedule.memory,
                    time,
                    now,
                    capabilities: granted.capabilities.clone(),
                };
                let result = plugin.0.call(&function, &call, limits).await;
                held_back = granted.held_back();
                explained(result, &granted.troubles())
            }
            Err(failure) => CallResult::Failed(failure),
        };
        if let Some(recorder) = &context.recorder {
            let took = SystemClock.now().duration_since(began);
            let took = took.try_into().unwrap_or_default();
            let answered = result.clone().map(Into::into);
            recorder.answered(schedule, &call, &request, &answered, took);
        }
        (result, held_back)
    }
}

/// A failure with what the host knows of requests that had no answer, and the plugin does not.
fn explained<A>(result: CallResult<A>, troubles: &[String]) -> CallResult<A> {
    match result {
        CallResult::Failed(failure)
            if failure.kind != FailureKind::Crashed && !troubles.is_empty() =>
        {
            CallResult::Failed(failure.and(&troubles.join("; ")))
        }
        other => other,
    }
}

/// What stands in a plugin's place may say anything.
fn typed<A: TryFrom<Answer>>(result: CallResult<Answer>) -> CallResult<A> {
    match result.map(A::try_from) {
        CallResult::Answered(Ok(answer)) => CallResult::Answered(answer),
        CallResult::Answered(Err(_)) => {
            CallResult::Refused("the reply is none to this call".to_owned())
        }
        CallResult::Failed(failure) => CallResult::Failed(failure),
        CallResult::TimedOut => CallResult::TimedOut,
        CallResult::Refused(detail) => CallResult::Refused(detail),
    }
}
