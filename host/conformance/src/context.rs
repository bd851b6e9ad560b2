//! What cases stand on: the plugin, the provider, the snapshots made so far, and what all calls were like.
//!
//! Owns: every run id and every snapshot of the suite, so that these and no others are removed.

pub(crate) mod call;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use strongroom_domain::retry::FailureKind;
use strongroom_domain::role::Role;
use strongroom_domain::{Evidence, TenantName};
use strongroom_sandbox::call::CallResult;
use strongroom_sandbox::role::snapshots::{Action, SnapshotInfo, SnapshotState};
use strongroom_sandbox::role::{Answer, Request};
use uuid::Uuid;

use super::gates::Gates;
use super::{Need, Verdict, messages};
use crate::subject::{Against, Subject};
use call::{Run, Stop, TestCall, Told, ensure, failed, skipped};
use strongroom_orchestrator::CallContext;

/// The suite's runs are due in the past, so that none of them can be in a schedule's future.
const BEFORE: SignedDuration = SignedDuration::from_secs(-600);

/// What cases stand on.
pub struct TestContext {
    pub(super) subject: Subject,
    pub(super) against: Option<Against>,
    pub(super) gates: Arc<Gates>,
    context: CallContext,
    began: Timestamp,
    log: Mutex<Log>,
}

#[derive(Default)]
struct Log {
    /// What the provider had before the suite came; nothing of it is touched.
    before: Option<BTreeSet<String>>,
    /// Every run that was asked to make a snapshot.
    runs: Vec<Run>,
    /// Snapshots that were made and not deleted since.
    shelf: Vec<Made>,
    /// Every snapshot that a run reported.
    known: BTreeSet<String>,
    undisturbed: Option<Undisturbed>,
    /// Listing was tried as a case of its own and failed.
    shut: bool,
    /// Creating was tried as a case of its own and failed.
    broken: bool,
    /// Folders for restores so far.
    folders: usize,
    /// What was restored at the provider.
    restored: Option<Made>,
    calls: Calls,
}

/// A `start-create` in which nothing went wrong.
#[derive(Debug, Clone, Copy)]
pub(super) struct Undisturbed {
    /// Requests that change something.
    pub(super) writes: usize,
    pub(super) took: Duration,
}

/// What all calls were like.
#[derive(Default, Clone)]
pub(super) struct Calls {
    pub(super) count: usize,
    /// The longest one that no fault made long.
    pub(super) longest: Option<(&'static str, Duration)>,
    /// Those that crashed, took too much memory or broke a limit.
    pub(super) broken: Vec<String>,
    /// Requests that are not granted, each once.
    pub(super) denied: Vec<String>,
}

/// A snapshot of the suite's own.
#[derive(Debug, Clone)]
pub(super) struct Made {
    pub(super) run: Run,
    pub(super) info: SnapshotInfo,
    pub(super) evidence: Evidence,
    /// The last handle that was polled.
    pub(super) handle: Option<Vec<u8>>,
}

impl TestContext {
    /// `access` is what calls may reach; its ledger is the suite's own.
    #[must_use]
    pub fn new(subject: Subject, against: Option<Against>, context: CallContext) -> Self {
        let gates = Arc::new(Gates::default());
        let egress = context.egress.with_faults(gates.clone());
        let began = context.clock.now();
        let whole = Timestamp::from_second(began.as_second()).unwrap_or(began);
        Self {
            subject,
            against,
            gates,
            context: CallContext { egress, ..context },
            began: whole.checked_add(BEFORE).unwrap_or(whole),
            log: Mutex::default(),
        }
    }

    fn log(&self) -> MutexGuard<'_, Log> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn now(&self) -> Timestamp {
        self.context.clock.now()
    }

    /// How long ago that was.
    pub(super) fn since(&self, began: Timestamp) -> Duration {
        let took = self.now().duration_since(began);
        took.try_into().unwrap_or_default()
    }

    pub(super) async fn wait(&self, time: Duration) {
        let until = self.now().checked_add(time).unwrap_or(Timestamp::MAX);
        self.context.clock.sleep_until(until).await;
    }

    /// What a call may reach: a restore also the folder made last.
    pub(super) fn context(&self, request: &Request) -> CallContext {
        let mut context = self.context.clone();
        if let (Request::Snapshots(Action::Restore { .. } | Action::Poll { .. }), Some(against)) =
            (request, &self.against)
        {
            let last = self.log().folders;
            context.restore_to = (last > 0).then(|| folder(against, last));
        }
        context
    }

    /// Without a provider: what a call may reach is nothing anyway.
    pub(super) fn plain_access(&self) -> &CallContext {
        &self.context
    }

    /// Why a case cannot be tried.
    pub(super) fn lacks(&self, need: Need) -> Option<String> {
        let description = self.subject.plugin.description();
        let told = |feature: &str| {
            description
                .features
                .get(feature)
                .is_some_and(|is| is == "true")
        };
        match need {
            Need::Provider => match &self.against {
                None => Some("it needs a provider: give `--against CONFIG`".to_owned()),
                Some(_) if !self.subject.plugin.roles().contains(&Role::Snapshots) => {
                    Some("the plugin keeps no snapshots".to_owned())
                }
                Some(_) if self.log().shut => {
                    Some("nothing can be tried at this provider: `lists` failed".to_owned())
                }
                Some(_) => None,
            },
            Need::Feature(feature) => {
                (!told(feature)).then(|| format!("the plugin does not tell the feature `{feature}`"))
            }
            Need::Requests => {
                let sends = !self.subject.plugin.description().endpoints.is_empty();
                (!sends).then(|| "the plugin sends no requests".to_owned())
            }
            Need::Place => self.place().is_none().then(|| {
                "a restore at a provider makes something that this suite cannot remove: name what it may be called with `--restore-as NAME`"
                    .to_owned()
            }),
        }
    }

    /// Remembers what later cases have to know.
    pub(super) fn heed(&self, case: &str, verdict: Verdict) {
        if verdict == Verdict::Failed {
            let mut log = self.log();
            log.shut |= case == "lists";
            log.broken |= case == "create";
        }
    }

    /// Takes requests into account that are not granted.
    pub(super) fn deny(&self, denied: Vec<String>) {
        let known = &mut self.log().calls.denied;
        for sentence in denied {
            if !known.contains(&sentence) {
                known.push(sentence);
            }
        }
    }

    /// Takes a call into account.
    pub(super) fn note<A: Clone + Into<Answer>>(
        &self,
        function: &'static str,
        began: Timestamp,
        result: &CallResult<A>,
    ) {
        let took = self.since(began);
        let calls = &mut self.log().calls;
        calls.count += 1;
        let calm = !self.gates.is_shut();
        if calm && calls.longest.is_none_or(|(_, longest)| took > longest) {
            calls.longest = Some((function, took));
        }
        let broken = match result {
            CallResult::Failed(failure) => failure.kind == FailureKind::Crashed,
            CallResult::Refused(_) => true,
            CallResult::Answered(_) | CallResult::TimedOut => false,
        };
        if broken {
            calls
                .broken
                .push(format!("`{function}` {}", messages::result(result)));
        }
    }

    pub(super) fn calls(&self) -> Calls {
        self.log().calls.clone()
    }

    pub(super) fn provider(&self) -> Told<&Against> {
        match &self.against {
            Some(against) => Ok(against),
            None => skipped("it needs a provider"),
        }
    }

    pub(super) fn stranger(&self) -> Told<TenantName> {
        match self.provider()?.stranger() {
            Some(stranger) => Ok(stranger),
            None => skipped("there is no other tenant"),
        }
    }

    /// Somebody who looks: no snapshot is made as this run.
    pub(super) fn call(&self) -> Told<TestCall<'_>> {
        let against = self.provider()?;
        let run = Run {
            id: Uuid::now_v7(),
            due: self.began,
        };
        let Some(tenant) = against.tenant() else {
            return skipped("the schedule has no tenant");
        };
        Ok(TestCall::new(self, against.prepared.clone(), tenant, run))
    }

    /// A run that may make a snapshot; what it makes is removed in the end.
    pub(super) async fn fresh(&self) -> Told<TestCall<'_>> {
        self.before().await?;
        if self.log().broken {
            return skipped("it needs a snapshot, and `create` failed");
        }
        let mut call = self.call()?;
        let mut log = self.log();
        let later = SignedDuration::from_secs(i64::try_from(log.runs.len()).unwrap_or(0) + 1);
        call.run.due = self.began.checked_add(later).unwrap_or(self.began);
        log.runs.push(call.run);
        Ok(call)
    }

    /// What the provider had before the suite made anything.
    pub(super) async fn before(&self) -> Told<BTreeSet<String>> {
        if let Some(before) = self.log().before.clone() {
            return Ok(before);
        }
        let found = self.call()?.references().await?;
        self.log().before = Some(found.clone());
        Ok(found)
    }

    /// Makes a snapshot and reads it back.
    pub(super) async fn make(&self) -> Told<Made> {
        let call = self.fresh().await?;
        let (mark, began) = (self.gates.mark(), self.now());
        let step = call.step(Action::Create).await?;
        let sent = self.gates.since(mark);
        self.log().undisturbed = Some(Undisturbed {
            writes: sent.iter().filter(|sent| sent.changes).count(),
            took: self.since(began),
        });
        let (evidence, handle) = call.follow(step).await?;
        self.take(&call, evidence, handle).await
    }

    /// What `start-create` is like when nothing goes wrong.
    pub(super) async fn undisturbed(&self) -> Told<Undisturbed> {
        loop {
            let known = self.log().undisturbed;
            match known {
                Some(undisturbed) => return Ok(undisturbed),
                None => drop(self.make().await?),
            }
        }
    }

    /// Takes over what a run says it made, if it is really there.
    pub(super) async fn take(
        &self,
        call: &TestCall<'_>,
        evidence: Evidence,
        handle: Option<Vec<u8>>,
    ) -> Told<Made> {
        let Some(reference) = evidence.get("snapshot").map(str::to_owned) else {
            return failed("the evidence of a finished snapshot has no `snapshot`, its reference");
        };
        let before = self.before().await?;
        ensure(!before.contains(&reference), || {
            format!(
                "a fresh run reported `{}`, which was there before",
                messages::short(&reference)
            )
        })?;
        self.log().known.insert(reference.clone());
        let info = call.get(&reference).await?;
        let made = Made {
            run: call.run,
            info,
            evidence,
            handle,
        };
        ensure(made.info.reference == reference, || {
            format!(
                "`{}` was reported, and `get` calls it `{}`",
                messages::short(&reference),
                messages::short(&made.info.reference)
            )
        })?;
        ensure(made.info.state == SnapshotState::Ready, || {
            format!(
                "a finished snapshot reads back as {}",
                messages::snapshot(&made.info)
            )
        })?;
        let mut log = self.log();
        if !log
            .shelf
            .iter()
            .any(|other| other.info.reference == made.info.reference)
        {
            log.shelf.push(made.clone());
        }
        Ok(made)
    }

    /// A snapshot of the suite's own.
    pub(super) async fn first(&self) -> Told<Made> {
        let shelf = self.shelf(1).await?;
        match shelf.into_iter().next() {
            Some(made) => Ok(made),
            None => skipped("there is no snapshot to work with"),
        }
    }

    /// At least so many snapshots of the suite's own, as they were made.
    pub(super) async fn shelf(&self, count: usize) -> Told<Vec<Made>> {
        loop {
            let shelf = self.log().shelf.clone();
            if shelf.len() >= count {
                return Ok(shelf);
            }
            match self.make().await {
                Ok(_) => {}
                Err(Stop::Failed(what)) => {
                    return failed(format!("it needs a snapshot, and {what}"));
                }
                Err(skipped) => return Err(skipped),
            }
        }
    }

    /// Forgets a snapshot that is gone.
    pub(super) fn gone(&self, reference: &str) {
        self.log()
            .shelf
            .retain(|made| made.info.reference != reference);
    }

    pub(super) fn known(&self) -> BTreeSet<String> {
        self.log().known.clone()
    }

    pub(super) fn runs(&self) -> Vec<Run> {
        self.log().runs.clone()
    }

    /// Where restores go: a fresh empty folder, or the name that was given.
    pub(super) fn place(&self) -> Option<Place> {
        let against = self.against.as_ref()?;
        if against.prepared.restores_to_folders() {
            return Some(Place::Folders);
        }
        against.restore_as.clone().map(Place::Name)
    }

    /// A fresh, empty folder for the next restore.
    pub(super) fn folder(&self) -> Told<PathBuf> {
        let against = self.provider()?;
        let next = {
            let mut log = self.log();
            log.folders += 1;
            log.folders
        };
        let folder = folder(against, next);
        match std::fs::create_dir_all(&folder) {
            Ok(()) => Ok(folder),
            Err(error) => skipped(format!("{} cannot be made: {error}", folder.display())),
        }
    }

    /// What was restored at the provider, if anything.
    pub(super) fn restored(&self) -> Option<Made> {
        self.log().restored.clone()
    }

    pub(super) fn set_restored(&self, made: &Made) {
        self.log().restored = Some(made.clone());
    }
}

fn folder(against: &Against, number: usize) -> PathBuf {
    against.scratch.join(format!("restore-{number}"))
}

/// Where restores go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    /// To folders of the suite's own.
    Folders,
    /// To a name at the provider.
    Name(String),
}
