//! Replies in place of plugins: from a cassette, or assumed.
//!
//! Owns: which entry of a cassette answers a call, and a model of the shelf, so that reading back and deletion are true.
//! Never: reads a file. Read next: `shelf`, `recording`, `strongroom_config::cassette`.

mod kind;
mod placeholders;
mod recording;
mod shelf;

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use jiff::Timestamp;
use strongroom_config::ScheduleSet;
use strongroom_config::cassette::{CallKind, Cassette, Entry, Reply};
use strongroom_domain::role::Role;
use strongroom_domain::schedule::{Placement, Schedule};
use strongroom_domain::{Evidence, ScheduleName, TenantName};
use strongroom_sandbox::call::{Call, CallResult, Operation, Step, crash};
use strongroom_sandbox::role::{Answer, Request};

use crate::call::context::CallContext;
use crate::call::prepared::{Prepared, Replies, Served};
use crate::setup::Setup;
use kind::kind_of;
use placeholders::Placeholders;
pub use recording::Recorder;
use shelf::Shelf;

/// Answers from a cassette; what it does not answer succeeds at once.
struct Replayer {
    cassette: Cassette,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// How often each entry fitted a call, by schedule and tenant.
    fitted: HashMap<(usize, ScheduleName, TenantName), u32>,
    /// How often it answered one.
    given: HashMap<(usize, ScheduleName, TenantName), u32>,
    shelf: Shelf,
}

/// Everything that is due, served by a cassette and no plugin; an empty one lets everything succeed.
#[must_use]
pub fn replay(cassette: Cassette, set: &ScheduleSet) -> Setup {
    let drilled: BTreeSet<_> = (set.schedules.iter())
        .filter_map(|one| one.schedule.drill_of())
        .collect();
    let roles: Vec<Role> = (set.schedules.iter().map(|one| &one.schedule))
        .map(|one| {
            let drilled = one.drill_of().is_some() || drilled.contains(&one.name);
            role(&cassette, one, drilled)
        })
        .collect();
    let replies: Arc<dyn Replies> = Arc::new(Replayer {
        cassette,
        state: Mutex::default(),
    });
    let schedules = set.schedules.iter().zip(roles);
    let schedules = schedules.map(|(located, role)| Prepared {
        schedule: located.schedule.clone(),
        served: Served::Replies(replies.clone()),
        role,
    });
    Setup::new(schedules.collect(), set.limits.clone())
}

impl Replayer {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The first entry that fits, counted.
    fn choose(
        &self,
        schedule: &Schedule,
        call: &Call,
        kind: CallKind,
        now: Timestamp,
    ) -> Option<&Entry> {
        let mut state = self.lock();
        for (number, entry) in self.cassette.entries.iter().enumerate() {
            if !fits(entry, schedule, call, kind, now) {
                continue;
            }
            let key = (number, schedule.name.clone(), call.tenant.clone());
            let fitted = state.fitted.entry(key.clone()).or_default();
            *fitted = fitted.saturating_add(1);
            if entry.nth.is_some_and(|nth| nth != *fitted) {
                continue;
            }
            let given = state.given.entry(key).or_default();
            if entry.times.is_some_and(|times| *given >= times) {
                continue;
            }
            *given = given.saturating_add(1);
            return Some(entry);
        }
        None
    }
}

#[async_trait]
impl Replies for Replayer {
    async fn reply(
        &self,
        context: &CallContext,
        schedule: &Schedule,
        call: &Call,
        request: Request,
    ) -> CallResult<Answer> {
        let began = context.clock.now();
        if let Request::List(list) = &request {
            return self.lock().shelf.list(call, list);
        }
        let Some(kind) = kind_of(&request) else {
            return CallResult::Refused("a simulation has no reply to this call".to_owned());
        };
        let chosen = self.choose(schedule, call, kind, began);
        let assumed = Reply::Done(Evidence::default());
        let (reply, takes) = match chosen {
            Some(entry) => (&entry.reply, entry.takes),
            None => (&assumed, std::time::Duration::ZERO),
        };
        let ready = began.checked_add(takes).unwrap_or(Timestamp::MAX);
        context.clock.sleep_until(ready.min(call.deadline)).await;
        if ready > call.deadline {
            return CallResult::TimedOut;
        }
        let placeholders = Placeholders::of(call);
        match reply {
            Reply::Done(evidence) => {
                let pair =
                    |(kind, value): &(String, String)| (kind.clone(), placeholders.fill(value));
                let evidence = Evidence(evidence.0.iter().map(pair).collect());
                let mut state = self.lock();
                state.shelf.done(call, &request, evidence, began)
            }
            Reply::Running {
                poll_after,
                percent,
                note,
            } => {
                let handle = shelf::handle(&request, began);
                CallResult::Answered(Answer::Step(Step::Running(Operation {
                    handle,
                    poll_after: *poll_after,
                    percent: *percent,
                    note: placeholders.fill(note),
                })))
            }
            Reply::Failure(failure) => CallResult::Failed(placeholders.fill_failure(failure)),
            Reply::Trap(detail) => CallResult::Failed(crash(&placeholders.fill(detail))),
        }
    }

    fn offers(&self, feature: &str) -> bool {
        feature == "verify"
    }
}

fn fits(entry: &Entry, schedule: &Schedule, call: &Call, kind: CallKind, now: Timestamp) -> bool {
    let (named, plugin) = (entry.schedule.as_ref(), entry.plugin.as_ref());
    named.is_none_or(|name| *name == schedule.name)
        && plugin.is_none_or(|name| *name == schedule.plugin)
        && entry
            .tenant
            .as_ref()
            .is_none_or(|name| *name == call.tenant)
        && entry.call.is_none_or(|wanted| wanted == kind)
        && entry.due.is_none_or(|due| due == call.due)
        && entry.since.is_none_or(|since| now >= since)
        && entry.until.is_none_or(|until| now < until)
}

/// The role of a schedule, as far as file and cassette tell: the one that is written, else `snapshots` with retention, a
/// drill, an age, a place, a first shelf, or replies to calls that only providers of snapshots get.
fn role(cassette: &Cassette, schedule: &Schedule, drilled: bool) -> Role {
    if let Some(role) = schedule.role {
        return role;
    }
    let named = |entry: &&Entry| {
        entry.schedule.as_ref() == Some(&schedule.name)
            || (entry.schedule.is_none() && entry.plugin.as_ref() == Some(&schedule.plugin))
    };
    let mut entries = cassette.entries.iter().filter(named);
    let snapshots = entries.any(|entry| entry.call.is_some_and(CallKind::of_snapshots));
    let placed = schedule.snapshots.placement != Placement::default();
    if snapshots || schedule.retention().is_some() || placed || drilled {
        Role::Snapshots
    } else {
        Role::Task
    }
}
