//! A provider that is honest but for one lie.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use jiff::Timestamp;
use strongroom_domain::Evidence;
use strongroom_domain::retry::Failure;
use strongroom_domain::schedule::Schedule;
use strongroom_orchestrator::{CallContext, Replies};
use strongroom_sandbox::call::{Call, CallResult, Operation, Step, crash};
use strongroom_sandbox::role::snapshots::{Action, Get, List, Page, SnapshotInfo, SnapshotState};
use strongroom_sandbox::role::{Answer, Request};

/// What is there, by reference.
pub(super) type Shelf = BTreeMap<String, SnapshotInfo>;

/// A call, as a lie sees it.
pub(super) struct Asked {
    pub(super) call: &'static str,
    /// The how many-th call of its kind, from 1.
    pub(super) nth: usize,
    pub(super) now: Timestamp,
    pub(super) run: String,
    /// The schedule that is served.
    pub(super) schedule: String,
}

/// Makes of what was asked, what is there and the honest answer what is really answered.
pub(super) type Lie =
    dyn Fn(&Asked, &mut Shelf, CallResult<Answer>) -> CallResult<Answer> + Send + Sync;

pub(super) struct Provider {
    lie: Box<Lie>,
    state: Mutex<(Shelf, BTreeMap<&'static str, usize>)>,
}

impl Provider {
    pub(super) fn new(
        lie: impl Fn(&Asked, &mut Shelf, CallResult<Answer>) -> CallResult<Answer>
        + Send
        + Sync
        + 'static,
    ) -> Arc<Self> {
        Arc::new(Self {
            lie: Box::new(lie),
            state: Mutex::default(),
        })
    }

    /// Changes what is there, behind the host's back.
    pub(super) fn shelf<T>(&self, change: impl FnOnce(&mut Shelf) -> T) -> T {
        change(&mut self.state.lock().unwrap().0)
    }

    /// How often a call of this kind was made.
    pub(super) fn asked(&self, call: &str) -> usize {
        let state = self.state.lock().unwrap();
        state.1.get(call).copied().unwrap_or(0)
    }
}

/// A snapshot of the run, as an honest provider has it.
pub(super) fn snapshot(run: &str, tenant: &str, taken_at: Timestamp) -> SnapshotInfo {
    SnapshotInfo {
        reference: format!("snap-{run}"),
        tenant: tenant.to_owned(),
        run_id: Some(run.to_owned()),
        taken_at,
        state: SnapshotState::Ready,
        size: Some(4096),
        source: Some("disk-7".to_owned()),
        place: Some("here".to_owned()),
        labels: Vec::new(),
    }
}

#[async_trait]
impl Replies for Provider {
    async fn reply(
        &self,
        context: &CallContext,
        schedule: &Schedule,
        call: &Call,
        request: Request,
    ) -> CallResult<Answer> {
        let now = context.clock.now();
        let word = word(&request);
        let ending = {
            let mut state = self.state.lock().unwrap();
            let nth = state.1.entry(word).or_default();
            *nth += 1;
            let asked = Asked {
                call: word,
                nth: *nth,
                now,
                run: call.run_id.to_string(),
                schedule: schedule.name.to_string(),
            };
            let honest = honest(&mut state.0, call, request, now);
            (self.lie)(&asked, &mut state.0, honest)
        };
        if ending == CallResult::TimedOut {
            context.clock.sleep_until(call.deadline).await;
        }
        ending
    }

    fn offers(&self, feature: &str) -> bool {
        feature == "verify"
    }
}

fn word(request: &Request) -> &'static str {
    match request {
        Request::Snapshots(Action::Create) => "create",
        Request::Snapshots(Action::Poll { .. }) => "poll",
        Request::Get(_) => "get",
        Request::List(_) => "list",
        Request::Snapshots(Action::Delete { .. }) => "delete",
        Request::Snapshots(Action::Verify { .. }) => "verify",
        _ => "other",
    }
}

fn honest(shelf: &mut Shelf, call: &Call, request: Request, now: Timestamp) -> CallResult<Answer> {
    let run = call.run_id.to_string();
    match request {
        Request::Snapshots(Action::Create) => {
            let made = snapshot(&run, call.tenant.as_str(), now);
            let made = shelf.entry(made.reference.clone()).or_insert(made);
            done(&[
                ("snapshot", &made.reference),
                ("bytes", "4096"),
                ("source", "disk-7"),
            ])
        }
        Request::Get(Get { reference }) => match shelf.get(&reference) {
            Some(info) => CallResult::Answered(Answer::Snapshot(info.clone())),
            None => not_found(&reference),
        },
        Request::List(List { cursor, limit }) => {
            let mut all: Vec<_> = shelf.values().cloned().collect();
            all.sort_by(|a, b| (a.taken_at, &a.reference).cmp(&(b.taken_at, &b.reference)));
            let from: usize = cursor.map_or(0, |text| text.parse().unwrap_or(0));
            let page: Vec<_> = all
                .iter()
                .skip(from)
                .take(limit as usize)
                .cloned()
                .collect();
            let listed = from + page.len();
            let next = (listed < all.len()).then(|| listed.to_string());
            CallResult::Answered(Answer::Page(Page {
                snapshots: page,
                next,
            }))
        }
        Request::Snapshots(Action::Delete { reference }) => match shelf.remove(&reference) {
            Some(_) => done(&[]),
            None => not_found(&reference),
        },
        Request::Snapshots(Action::Verify { reference }) => match shelf.get(&reference) {
            Some(_) => verified(),
            None => not_found(&reference),
        },
        _ => CallResult::Refused("nobody asks this".to_owned()),
    }
}

pub(super) fn done(evidence: &[(&str, &str)]) -> CallResult<Answer> {
    let pairs = evidence.iter();
    let pairs = pairs.map(|(kind, value)| ((*kind).to_owned(), (*value).to_owned()));
    CallResult::Answered(Answer::Step(Step::Done(Evidence(pairs.collect()))))
}

pub(super) fn verified() -> CallResult<Answer> {
    done(&[
        ("checked", "restored"),
        ("bytes", "4096"),
        ("source", "disk-7"),
    ])
}

pub(super) fn goes_on(minutes: u64) -> CallResult<Answer> {
    CallResult::Answered(Answer::Step(Step::Running(Operation {
        handle: b"operation".to_vec(),
        poll_after: std::time::Duration::from_secs(60 * minutes),
        percent: None,
        note: "at the provider".to_owned(),
    })))
}

pub(super) fn not_found(reference: &str) -> CallResult<Answer> {
    CallResult::Failed(Failure::not_found(format!("there is no `{reference}`")))
}

pub(super) fn unavailable() -> CallResult<Answer> {
    CallResult::Failed(Failure::unavailable("no answer"))
}

pub(super) fn trapped() -> CallResult<Answer> {
    CallResult::Failed(crash("unreachable"))
}

/// The answer to `get`, changed.
pub(super) fn told(
    ending: CallResult<Answer>,
    change: impl FnOnce(&mut SnapshotInfo),
) -> CallResult<Answer> {
    match ending {
        CallResult::Answered(Answer::Snapshot(mut info)) => {
            change(&mut info);
            CallResult::Answered(Answer::Snapshot(info))
        }
        other => other,
    }
}

/// The answer to `list`, changed.
pub(super) fn listed(
    ending: CallResult<Answer>,
    change: impl FnOnce(&mut Vec<SnapshotInfo>),
) -> CallResult<Answer> {
    match ending {
        CallResult::Answered(Answer::Page(mut page)) => {
            change(&mut page.snapshots);
            CallResult::Answered(Answer::Page(page))
        }
        other => other,
    }
}
