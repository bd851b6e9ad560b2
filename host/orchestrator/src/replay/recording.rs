//! Recording: what plugins really answered, as a cassette that can be played again, also over other times.
//!
//! Owns: places instead of run ids, tenants and due times; the same answer several times in a row written once.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use strongroom_config::cassette::{CallKind, Cassette, Entry, Reply};
use strongroom_domain::retry::{Failure, FailureKind};
use strongroom_domain::schedule::Schedule;
use strongroom_domain::{Evidence, ScheduleName, TenantName};
use strongroom_sandbox::call::{Call, CallResult, Step};
use strongroom_sandbox::role::{Answer, Request};

use super::kind::kind_of;
use super::placeholders::Placeholders;
use crate::call::context::AnswerObserver;

/// Hears what plugins answer.
#[derive(Default)]
pub struct Recorder(Mutex<BTreeMap<(ScheduleName, TenantName, CallKind), Vec<Entry>>>);

impl AnswerObserver for Recorder {
    /// Notes one answer and how long it took.
    fn answered(
        &self,
        schedule: &Schedule,
        call: &Call,
        request: &Request,
        result: &CallResult<Answer>,
        took: Duration,
    ) {
        let Some(kind) = kind_of(request) else { return };
        // Longer than any call may take: it times out again.
        let takes = match result {
            CallResult::TimedOut => schedule.timeout,
            _ => took,
        };
        let reply = reply(&Placeholders::of(call), kind, result);
        let entry = Entry {
            schedule: Some(schedule.name.clone()),
            tenant: Some(call.tenant.clone()),
            plugin: None,
            call: Some(kind),
            due: None,
            since: None,
            until: None,
            nth: None,
            times: Some(1),
            takes,
            reply,
        };
        let key = (schedule.name.clone(), call.tenant.clone(), kind);
        let mut heard = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let heard = heard.entry(key).or_default();
        match heard.last_mut() {
            Some(last) if last.reply == entry.reply => {
                last.times = last.times.map(|times| times.saturating_add(1));
                last.takes = last.takes.max(entry.takes);
            }
            _ => heard.push(entry),
        }
    }
}

impl Recorder {
    /// Everything heard. The last answer to each call is given for ever: time may go on.
    #[must_use]
    pub fn cassette(&self) -> Cassette {
        let heard = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut cassette = Cassette::default();
        for entries in heard.values() {
            cassette.entries.extend(entries.iter().cloned());
            if let Some(last) = cassette.entries.last_mut() {
                last.times = None;
            }
        }
        cassette
    }
}

fn reply(placeholders: &Placeholders, kind: CallKind, result: &CallResult<Answer>) -> Reply {
    match result {
        CallResult::Answered(Answer::Step(Step::Done(evidence))) => done(placeholders, evidence),
        CallResult::Answered(Answer::Step(Step::Running(operation))) => Reply::Running {
            poll_after: operation.poll_after,
            percent: operation.percent,
            note: placeholders.blank(&operation.note),
        },
        // What is read back comes from the shelf; a deletion is read back too, and then nothing is there.
        CallResult::Failed(failure)
            if failure.kind == FailureKind::NotFound && kind == CallKind::Get =>
        {
            Reply::Done(Evidence::default())
        }
        CallResult::Answered(Answer::Snapshot(_) | Answer::Page(_)) => {
            Reply::Done(Evidence::default())
        }
        CallResult::Failed(Failure {
            kind: FailureKind::Crashed,
            detail,
            ..
        }) => {
            // The words around it are said again when it is played.
            let seen = detail
                .split_once(": ")
                .map_or(detail.as_str(), |(_, seen)| seen);
            Reply::Trap(placeholders.blank(seen))
        }
        CallResult::Failed(failure) => Reply::Failure(placeholders.blank_failure(failure)),
        CallResult::TimedOut => Reply::Trap("no answer in time".to_owned()),
        CallResult::Refused(detail) => Reply::Trap(placeholders.blank(detail)),
    }
}

fn done(placeholders: &Placeholders, evidence: &Evidence) -> Reply {
    let pairs = evidence.0.iter().filter_map(|(kind, value)| {
        let value = placeholders.blank(value);
        // A reference that would be the same for every run is no reference: the shelf makes one.
        let lost = kind == "snapshot"
            && !["{run}", "{due}", "{due-name}"]
                .iter()
                .any(|place| value.contains(place));
        (!lost).then(|| (kind.clone(), value))
    });
    Reply::Done(Evidence(pairs.collect()))
}
