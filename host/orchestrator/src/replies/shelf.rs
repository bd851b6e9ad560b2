//! A small model of what a provider holds: every reference handed out and not deleted.

use std::collections::HashMap;

use jiff::Timestamp;
use strongroom_domain::Evidence;
use strongroom_domain::retry::Failure;
use strongroom_sandbox::call::{Answer, Ending, Request, SnapshotInfo, SnapshotState, Step};

use crate::executor::Errand;

const CREATE: &str = "create ";
const DELETE: &str = "delete ";

/// What is there, by reference.
#[derive(Default)]
pub(super) struct Shelf(HashMap<String, SnapshotInfo>);

impl Shelf {
    /// Does what a call asks for, successfully.
    pub(super) fn done(
        &mut self,
        errand: &Errand<'_>,
        request: &Request,
        mut evidence: Evidence,
        began: Timestamp,
    ) -> Ending {
        match Doing::of(errand, request, began) {
            Doing::Other => {}
            Doing::Create(began) => {
                let reference = match evidence.get("snapshot") {
                    Some(reference) => reference.to_owned(),
                    None => {
                        let reference = format!("{}/{}", errand.tenant, errand.run);
                        evidence.push("snapshot", reference.clone());
                        reference
                    }
                };
                let info = SnapshotInfo {
                    reference: reference.clone(),
                    tenant: errand.tenant.as_str().to_owned(),
                    run_id: Some(errand.run.to_string()),
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
                    Some(info) => Ending::Answered(Answer::Snapshot(info.clone())),
                    None => Ending::Failed(not_there(reference)),
                };
            }
            Doing::Delete(reference) => {
                if self.0.remove(reference).is_none() {
                    return Ending::Failed(not_there(reference));
                }
            }
        }
        Ending::Answered(Answer::Step(Step::Done(evidence)))
    }
}

fn not_there(reference: &str) -> Failure {
    Failure::NotFound {
        detail: format!("there is no snapshot `{reference}`"),
    }
}

/// What a call, or the call that began the operation it asks after, is to do.
enum Doing<'a> {
    /// With the time at which it began.
    Create(Timestamp),
    Get(&'a str),
    Delete(&'a str),
    Other,
}

impl<'a> Doing<'a> {
    fn of(errand: &Errand<'_>, request: &'a Request, began: Timestamp) -> Self {
        match request {
            Request::StartCreate | Request::StartCopy { .. } => Self::Create(began),
            Request::Get { reference } => Self::Get(reference),
            Request::StartDelete { reference } => Self::Delete(reference),
            Request::PollSnapshots { handle } => {
                let handle = std::str::from_utf8(handle).unwrap_or_default();
                if let Some(reference) = handle.strip_prefix(DELETE) {
                    return Self::Delete(reference);
                }
                let time = handle.strip_prefix(CREATE);
                let time = time.and_then(|time| time.parse().ok());
                Self::Create(time.unwrap_or(errand.due))
            }
            _ => Self::Other,
        }
    }
}

/// The handle of an operation that a call begins or asks after.
pub(super) fn handle(request: &Request, began: Timestamp) -> Vec<u8> {
    match request {
        Request::PollSnapshots { handle } | Request::PollTask { handle } => handle.clone(),
        Request::StartDelete { reference } => format!("{DELETE}{reference}").into_bytes(),
        _ => format!("{CREATE}{began}").into_bytes(),
    }
}
