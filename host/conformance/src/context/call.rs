//! One call of a case, and what is expected of it.
//!
//! Owns: the sentences of what happened instead. Never: believes what a plugin says of a snapshot: it asks again.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::Timestamp;
use strongroom_domain::retry::{Failure, FailureKind};
use strongroom_domain::{Evidence, TenantName};
use strongroom_sandbox::call::{CallResult, Step};
use strongroom_sandbox::role::Function;
use strongroom_sandbox::role::snapshots::{Action, Get, List, Page, SnapshotInfo};
use uuid::Uuid;

use super::TestContext;
use crate::messages;
use strongroom_orchestrator::PluginCall;
use strongroom_orchestrator::Prepared;

/// Why a case did not pass.
#[derive(Debug, Clone)]
pub(crate) enum Stop {
    /// What happened instead of what the contract says.
    Failed(String),
    /// Why it could not be tried.
    Skipped(String),
}

/// What a part of a case brings.
pub(crate) type Told<T> = Result<T, Stop>;

/// The contract was broken.
pub(crate) fn failed<T>(what: impl Into<String>) -> Told<T> {
    Err(Stop::Failed(what.into()))
}

/// There is nothing to try.
pub(crate) fn skipped<T>(why: impl Into<String>) -> Told<T> {
    Err(Stop::Skipped(why.into()))
}

/// Holds, or what happened instead.
pub(crate) fn ensure(holds: bool, what: impl FnOnce() -> String) -> Told<()> {
    if holds { Ok(()) } else { failed(what()) }
}

/// Nobody waits longer between two polls: a poll may come at any time.
const POLL: Duration = Duration::from_secs(2);
/// A provider that really is busy is waited for so often, and at most so long each time.
const PATIENCE: u32 = 5;
const BUSY: Duration = Duration::from_secs(120);
/// Most pages of a listing: more never end.
const PAGES: usize = 100_000;

/// A run of the suite: every call of it has this id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Run {
    pub(crate) id: Uuid,
    pub(crate) due: Timestamp,
}

/// Who calls, for whom, as which run.
#[derive(Clone)]
pub(crate) struct TestCall<'a> {
    context: &'a TestContext,
    prepared: Prepared,
    tenant: TenantName,
    pub(crate) run: Run,
    attempt: u32,
    time: Duration,
    dry_run: bool,
}

impl<'a> TestCall<'a> {
    pub(crate) fn new(
        context: &'a TestContext,
        prepared: Prepared,
        tenant: TenantName,
        run: Run,
    ) -> Self {
        let time = prepared.schedule.timeout;
        Self {
            context,
            prepared,
            tenant,
            run,
            attempt: 1,
            time,
            dry_run: false,
        }
    }

    /// The same run once more, as after a retry.
    pub(crate) fn again(&self) -> Self {
        let mut again = self.clone();
        again.attempt += 1;
        again
    }

    /// Changing nothing.
    pub(crate) fn dry(&self) -> Self {
        let mut dry = self.clone();
        dry.dry_run = true;
        dry
    }

    /// With so much time for a call.
    pub(crate) fn within(&self, time: Duration) -> Self {
        let mut short = self.clone();
        short.time = time;
        short
    }

    /// Asked for somebody else.
    pub(crate) fn of(&self, tenant: &TenantName) -> Self {
        let mut other = self.clone();
        other.tenant = tenant.clone();
        other
    }

    /// Asked of a plugin that was loaded anew.
    pub(crate) fn by(&self, prepared: Prepared) -> Self {
        let mut other = self.clone();
        other.prepared = prepared;
        other
    }

    pub(crate) fn tenant(&self) -> &TenantName {
        &self.tenant
    }

    /// Calls once.
    pub(crate) async fn call<F: Function>(&self, function: F) -> CallResult<F::Answer> {
        self.send_observed(function).await.0
    }

    /// Calls once, and tells also what the plugin was not let do.
    pub(crate) async fn send_observed<F: Function>(
        &self,
        function: F,
    ) -> (CallResult<F::Answer>, Vec<String>) {
        let now = self.context.now();
        let call = PluginCall {
            prepared: &self.prepared,
            tenant: &self.tenant,
            run: self.run.id,
            attempt: self.attempt,
            due: self.run.due,
            deadline: now.checked_add(self.time).unwrap_or(Timestamp::MAX),
            dry_run: self.dry_run,
        };
        let request = function.clone().into();
        let (result, held_back) = call
            .send_observed(&self.context.context(&request), function)
            .await;
        let name = messages::function(&request);
        self.context.note(name, now, &result);
        // Whoever the grants are not for may well be denied.
        if !self.dry_run && self.prepared.schedule.tenants.first() == Some(&self.tenant) {
            self.context.deny(held_back.clone());
        }
        (result, held_back)
    }

    /// Calls, and once more after the wait that a busy provider asks for.
    async fn calmly<F: Function>(&self, function: F) -> CallResult<F::Answer> {
        let mut result = self.call(function.clone()).await;
        for _ in 0..PATIENCE {
            let CallResult::Failed(Failure {
                kind: FailureKind::Throttled,
                retry_after_ms,
                ..
            }) = &result
            else {
                break;
            };
            let wait = Duration::from_millis(retry_after_ms.unwrap_or_default());
            self.context.wait(wait.min(BUSY)).await;
            result = self.call(function.clone()).await;
        }
        result
    }

    /// An answer that is a step.
    pub(crate) async fn step(&self, action: Action) -> Told<Step> {
        let function = messages::function(&action.clone().into());
        match self.calmly(action).await {
            CallResult::Answered(step) => Ok(step),
            other => failed(format!("`{function}` {}", messages::result(&other))),
        }
    }

    /// Calls and polls until it is done.
    pub(crate) async fn done(&self, action: Action) -> Told<Evidence> {
        let step = self.step(action).await?;
        Ok(self.follow(step).await?.0)
    }

    /// Polls until it is done; with the last handle.
    pub(crate) async fn follow(&self, mut step: Step) -> Told<(Evidence, Option<Vec<u8>>)> {
        let end = self
            .context
            .now()
            .checked_add(self.time)
            .unwrap_or(Timestamp::MAX);
        let mut last = None;
        loop {
            match step {
                Step::Done(evidence) => return Ok((evidence, last)),
                Step::Running(operation) => {
                    ensure(self.context.now() < end, || {
                        format!(
                            "it still goes on after {:?}: {}",
                            self.time,
                            messages::short(&operation.note)
                        )
                    })?;
                    self.context.wait(operation.poll_after.min(POLL)).await;
                    let handle = operation.handle;
                    last = Some(handle.clone());
                    step = self.step(Action::Poll { handle }).await?;
                }
            }
        }
    }

    /// Reads a snapshot back.
    pub(crate) async fn get(&self, reference: &str) -> Told<SnapshotInfo> {
        let reference = reference.to_owned();
        match self.calmly(Get { reference }).await {
            CallResult::Answered(info) => Ok(info),
            other => failed(format!(
                "`get` of a snapshot that is there {}",
                messages::result(&other)
            )),
        }
    }

    /// One page.
    pub(crate) async fn page(&self, cursor: Option<String>, limit: u32) -> Told<Page> {
        match self.calmly(List { cursor, limit }).await {
            CallResult::Answered(page) => Ok(page),
            other => failed(format!(
                "`list` with limit {limit} {}",
                messages::result(&other)
            )),
        }
    }

    /// Everything that is listed, page by page, at most `most` snapshots.
    pub(crate) async fn pages(&self, limit: u32, most: usize) -> Told<Vec<SnapshotInfo>> {
        let (mut all, mut cursor) = (Vec::new(), None);
        for _ in 0..PAGES {
            let page = self.page(cursor, limit).await?;
            all.extend(page.snapshots);
            cursor = page.next;
            if cursor.is_none() || all.len() >= most {
                return Ok(all);
            }
        }
        failed(format!("`list` with limit {limit} has no last page"))
    }

    /// Everything that is listed.
    pub(crate) async fn everything(&self) -> Told<Vec<SnapshotInfo>> {
        self.pages(1_000, usize::MAX).await
    }

    /// The names of everything that is listed.
    pub(crate) async fn references(&self) -> Told<BTreeSet<String>> {
        let all = self.everything().await?;
        Ok(all.into_iter().map(|info| info.reference).collect())
    }

    /// An answer that is a failure of one of these kinds.
    pub(crate) async fn refused<F: Function>(
        &self,
        function: F,
        kinds: &[FailureKind],
    ) -> Told<Failure> {
        let name = messages::function(&function.clone().into());
        match self.calmly(function).await {
            CallResult::Failed(failure) if kinds.contains(&failure.kind) => Ok(failure),
            other => failed(format!(
                "`{name}` {}; expected {}",
                messages::result(&other),
                messages::names(kinds)
            )),
        }
    }
}
