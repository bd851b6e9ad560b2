//! A provider that is honest but for one lie.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use jiff::Timestamp;
use strongroom_domain::Evidence;
use strongroom_domain::retry::Failure;
use strongroom_orchestrator::executor::PluginCall;
use strongroom_orchestrator::{CallContext, Replies};
use strongroom_sandbox::call::{
    Answer, Ending, Operation, Request, SnapshotInfo, SnapshotState, Step,
};

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
pub(super) type Lie = dyn Fn(&Asked, &mut Shelf, Ending) -> Ending + Send + Sync;

pub(super) struct Provider {
    lie: Box<Lie>,
    state: Mutex<(Shelf, BTreeMap<&'static str, usize>)>,
}

impl Provider {
    pub(super) fn new(
        lie: impl Fn(&Asked, &mut Shelf, Ending) -> Ending + Send + Sync + 'static,
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
        plugin_call: &PluginCall<'_>,
        request: Request,
    ) -> Ending {
        let now = context.clock.now();
        let call = word(&request);
        let ending = {
            let mut state = self.state.lock().unwrap();
            let nth = state.1.entry(call).or_default();
            *nth += 1;
            let asked = Asked {
                call,
                nth: *nth,
                now,
                run: plugin_call.run.to_string(),
                schedule: plugin_call.prepared.schedule.name.to_string(),
            };
            let honest = honest(&mut state.0, plugin_call, request, now);
            (self.lie)(&asked, &mut state.0, honest)
        };
        if ending == Ending::TimedOut {
            context.clock.sleep_until(plugin_call.deadline).await;
        }
        ending
    }

    fn offers(&self, feature: &str) -> bool {
        feature == "verify"
    }
}

fn word(request: &Request) -> &'static str {
    match request {
        Request::StartCreate => "create",
        Request::PollSnapshots { .. } => "poll",
        Request::Get { .. } => "get",
        Request::List { .. } => "list",
        Request::StartDelete { .. } => "delete",
        Request::StartVerify { .. } => "verify",
        _ => "other",
    }
}

fn honest(
    shelf: &mut Shelf,
    plugin_call: &PluginCall<'_>,
    request: Request,
    now: Timestamp,
) -> Ending {
    let run = plugin_call.run.to_string();
    match request {
        Request::StartCreate => {
            let made = snapshot(&run, plugin_call.tenant.as_str(), now);
            let made = shelf.entry(made.reference.clone()).or_insert(made);
            done(&[
                ("snapshot", &made.reference),
                ("bytes", "4096"),
                ("source", "disk-7"),
            ])
        }
        Request::Get { reference } => match shelf.get(&reference) {
            Some(info) => Ending::Answered(Answer::Snapshot(info.clone())),
            None => not_found(&reference),
        },
        Request::List { cursor, limit } => {
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
            Ending::Answered(Answer::Page(page, next))
        }
        Request::StartDelete { reference } => match shelf.remove(&reference) {
            Some(_) => done(&[]),
            None => not_found(&reference),
        },
        Request::StartVerify { reference } => match shelf.get(&reference) {
            Some(_) => verified(),
            None => not_found(&reference),
        },
        _ => Ending::Refused {
            detail: "nobody asks this".to_owned(),
        },
    }
}

pub(super) fn done(evidence: &[(&str, &str)]) -> Ending {
    let pairs = evidence.iter();
    let pairs = pairs.map(|(kind, value)| ((*kind).to_owned(), (*value).to_owned()));
    Ending::Answered(Answer::Step(Step::Done(Evidence(pairs.collect()))))
}

pub(super) fn verified() -> Ending {
    done(&[
        ("checked", "restored"),
        ("bytes", "4096"),
        ("source", "disk-7"),
    ])
}

pub(super) fn goes_on(minutes: u64) -> Ending {
    Ending::Answered(Answer::Step(Step::Running(Operation {
        handle: b"operation".to_vec(),
        poll_after: std::time::Duration::from_secs(60 * minutes),
        percent: None,
        note: "at the provider".to_owned(),
    })))
}

pub(super) fn not_found(reference: &str) -> Ending {
    Ending::Failed(Failure::not_found(format!("there is no `{reference}`")))
}

pub(super) fn unavailable() -> Ending {
    Ending::Failed(Failure::unavailable("no answer"))
}

pub(super) fn trapped() -> Ending {
    Ending::Trapped {
        detail: "unreachable".to_owned(),
    }
}

/// The answer to `get`, changed.
pub(super) fn told(ending: Ending, change: impl FnOnce(&mut SnapshotInfo)) -> Ending {
    match ending {
        Ending::Answered(Answer::Snapshot(mut info)) => {
            change(&mut info);
            Ending::Answered(Answer::Snapshot(info))
        }
        other => other,
    }
}

/// The answer to `list`, changed.
pub(super) fn listed(ending: Ending, change: impl FnOnce(&mut Vec<SnapshotInfo>)) -> Ending {
    match ending {
        Ending::Answered(Answer::Page(mut page, next)) => {
            change(&mut page);
            Ending::Answered(Answer::Page(page, next))
        }
        other => other,
    }
}
