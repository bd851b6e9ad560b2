//! A small model of what a provider holds: every reference handed out and not deleted.

use std::collections::HashMap;

use jiff::Timestamp;
use strongroom_domain::Evidence;
use strongroom_domain::retry::Failure;
use strongroom_sandbox::call::{Call, CallResult, Step};
use strongroom_sandbox::role::snapshots::{Action, Get, List, Page, SnapshotInfo, SnapshotState};
use strongroom_sandbox::role::{Answer, Request, task};

const CREATE: &str = "create ";
const DELETE: &str = "delete ";
const VERIFY: &str = "verify ";

/// What is there, by reference.
#[derive(Default)]
pub(super) struct Shelf(HashMap<String, SnapshotInfo>);

impl Shelf {
    /// Does what a call asks for, successfully.
    pub(super) fn done(
        &mut self,
        call: &Call,
        request: &Request,
        mut evidence: Evidence,
        began: Timestamp,
    ) -> CallResult<Answer> {
        match Doing::of(call, request, began) {
            Doing::Other => {}
            Doing::Create(began) => {
                let reference = match evidence.get("snapshot") {
                    Some(reference) => reference.to_owned(),
                    None => {
                        let reference = format!("{}/{}", call.tenant, call.run_id);
                        evidence.push("snapshot", reference.clone());
                        reference
                    }
                };
                let info = SnapshotInfo {
                    reference: reference.clone(),
                    tenant: call.tenant.as_str().to_owned(),
                    run_id: Some(call.run_id.to_string()),
                    taken_at: began,
                    state: SnapshotState::Ready,
                    size: evidence.get("bytes").and_then(|text| text.parse().ok()),
                    source: evidence.get("source").map(str::to_owned),
                    place: None,
                    labels: Vec::new(),
                };
                self.0.insert(reference, info);
            }
            Doing::Get(reference) => {
                return match self.0.get(reference) {
                    Some(info) => CallResult::Answered(Answer::Snapshot(info.clone())),
                    None => CallResult::Failed(not_there(reference)),
                };
            }
            Doing::Verify(reference) => match self.0.get(reference) {
                None => return CallResult::Failed(not_there(reference)),
                Some(info) => restored(info, &mut evidence),
            },
            Doing::Delete(reference) => {
                if self.0.remove(reference).is_none() {
                    return CallResult::Failed(not_there(reference));
                }
            }
        }
        CallResult::Answered(Answer::Step(Step::Done(evidence)))
    }

    /// The tenant's snapshots, oldest first; the cursor says how many were listed before.
    pub(super) fn list(&self, call: &Call, asked: &List) -> CallResult<Answer> {
        let tenant = call.tenant.as_str();
        let mut all: Vec<_> = self.0.values().filter(|one| one.tenant == tenant).collect();
        all.sort_by(|a, b| (a.taken_at, &a.reference).cmp(&(b.taken_at, &b.reference)));
        let from = asked
            .cursor
            .as_ref()
            .and_then(|text| text.parse::<usize>().ok())
            .unwrap_or(0);
        let limit = usize::try_from(asked.limit).unwrap_or(usize::MAX);
        let snapshots: Vec<_> = all
            .iter()
            .skip(from)
            .take(limit)
            .map(|one| (*one).clone())
            .collect();
        let listed = from.saturating_add(snapshots.len());
        let next = (listed < all.len()).then(|| listed.to_string());
        CallResult::Answered(Answer::Page(Page { snapshots, next }))
    }
}

/// What a whole restore proves, where a cassette says nothing else.
fn restored(info: &SnapshotInfo, evidence: &mut Evidence) {
    let facts = [
        ("checked", Some("restored".to_owned())),
        ("bytes", info.size.map(|size| size.to_string())),
        ("source", info.source.clone()),
    ];
    for (kind, fact) in facts {
        if let (Some(fact), None) = (fact, evidence.get(kind)) {
            evidence.push(kind, fact);
        }
    }
}

fn not_there(reference: &str) -> Failure {
    Failure::not_found(format!("there is no snapshot `{reference}`"))
}

/// What a call, or the call that began the operation it asks after, is to do.
enum Doing<'a> {
    /// With the time at which it began.
    Create(Timestamp),
    Get(&'a str),
    Delete(&'a str),
    Verify(&'a str),
    Other,
}

impl<'a> Doing<'a> {
    fn of(call: &Call, request: &'a Request, began: Timestamp) -> Self {
        match request {
            Request::Snapshots(Action::Create | Action::Copy { .. }) => Self::Create(began),
            Request::Get(Get { reference }) => Self::Get(reference),
            Request::Snapshots(Action::Delete { reference }) => Self::Delete(reference),
            Request::Snapshots(Action::Verify { reference }) => Self::Verify(reference),
            Request::Snapshots(Action::Poll { handle }) => {
                let handle = std::str::from_utf8(handle).unwrap_or_default();
                if let Some(reference) = handle.strip_prefix(DELETE) {
                    return Self::Delete(reference);
                }
                if let Some(reference) = handle.strip_prefix(VERIFY) {
                    return Self::Verify(reference);
                }
                let time = handle.strip_prefix(CREATE);
                let time = time.and_then(|time| time.parse().ok());
                Self::Create(time.unwrap_or(call.due))
            }
            Request::Snapshots(Action::Restore { .. }) | Request::List(_) | Request::Task(_) => {
                Self::Other
            }
        }
    }
}

/// The handle of an operation that a call begins or asks after.
pub(super) fn handle(request: &Request, began: Timestamp) -> Vec<u8> {
    match request {
        Request::Snapshots(Action::Poll { handle })
        | Request::Task(task::Action::Poll { handle }) => handle.clone(),
        Request::Snapshots(Action::Delete { reference }) => {
            format!("{DELETE}{reference}").into_bytes()
        }
        Request::Snapshots(Action::Verify { reference }) => {
            format!("{VERIFY}{reference}").into_bytes()
        }
        _ => format!("{CREATE}{began}").into_bytes(),
    }
}
