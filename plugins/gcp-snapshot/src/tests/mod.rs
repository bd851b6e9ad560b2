//! The plugin's logic against answers as Google gives them.
//!
//! Owns: a script of requests and answers, and resources as they look when nothing is wrong.

mod copying;
mod creating;
mod deleting;
mod lies;
mod refusing;
mod restoring;

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

use serde_json::{Value, json};
use strongroom_plugin::http::{Error, Request, Response};
use strongroom_plugin::testing;
use strongroom_plugin::testing::http::{json as answer, serve};
use strongroom_plugin::{Call, Failure, Instant, Operation, Step};

use crate::config::Config;

pub(crate) const RUN: &str = "0192f7a0-1111-7222-8333-444455556666";
pub(crate) const NAME: &str = "sr-acme-20261128t030000000-8333444455556666";
pub(crate) const REFERENCE: &str =
    "strongroom-test/sr-acme-20261128t030000000-8333444455556666/9000000000000000007";
const LINKS: &str = "https://www.googleapis.com/compute/v1/projects/strongroom-test";

/// A call of the tenant `acme`, due on 2026-11-28 at 03:00 UTC.
pub(crate) fn call() -> Call<Config> {
    let config =
        json!({"project": "strongroom-test", "zone": "us-central1-a", "disk": "data-{tenant}"});
    Call {
        run_id: RUN.to_owned(),
        due: Instant(1_795_834_800_000),
        ..testing::call(serde_json::from_value(config).unwrap())
    }
}

type Answer = Result<Response, Error>;

/// Requests that are expected one after the other, each by how it begins, with their answers.
#[derive(Clone, Default)]
pub(crate) struct Script {
    steps: Rc<RefCell<VecDeque<(String, Answer)>>>,
    seen: Rc<RefCell<Vec<Request>>>,
}

impl Script {
    pub(crate) fn new() -> Self {
        let script = Self::default();
        let (steps, seen) = (Rc::clone(&script.steps), Rc::clone(&script.seen));
        serve(move |request| {
            let said = format!("{} {}", request.method, request.target);
            let said = said.replace("/compute/v1/projects/strongroom-test", "");
            let (expected, answer) = steps
                .borrow_mut()
                .pop_front()
                .unwrap_or_else(|| panic!("nobody expects {said}"));
            assert!(said.starts_with(&expected), "{said}\nexpected {expected}");
            seen.borrow_mut().push(request.clone());
            answer
        });
        script
    }

    pub(crate) fn then(self, expected: &str, status: u16, body: &Value) -> Self {
        self.answer(expected, Ok(answer(status, body)))
    }

    pub(crate) fn answer(self, expected: &str, answer: Answer) -> Self {
        self.steps
            .borrow_mut()
            .push_back((expected.to_owned(), answer));
        self
    }

    /// Everything was asked for.
    pub(crate) fn ended(&self) {
        assert!(self.steps.borrow().is_empty(), "{:?}", self.steps.borrow());
    }

    pub(crate) fn seen(&self, at: usize) -> Request {
        self.seen.borrow()[at].clone()
    }
}

pub(crate) fn running(step: Result<Step, Failure>) -> Operation {
    match step {
        Ok(Step::Running(operation)) => operation,
        other => panic!("not running: {other:?}"),
    }
}

pub(crate) fn done(step: Result<Step, Failure>) -> Vec<(String, String)> {
    match step {
        Ok(Step::Done(evidence)) => evidence.pairs().to_vec(),
        other => panic!("not done: {other:?}"),
    }
}

pub(crate) fn pair(kind: &str, value: &str) -> (String, String) {
    (kind.to_owned(), value.to_owned())
}

/// The body with other values for some fields.
pub(crate) fn with(body: &Value, changes: &Value) -> Value {
    let mut body = body.clone();
    for (key, value) in changes.as_object().unwrap() {
        body[key] = value.clone();
    }
    body
}

pub(crate) fn disk() -> Value {
    json!({
        "kind": "compute#disk", "id": "9000000000000000001", "name": "data-acme", "sizeGb": "10", "status": "READY",
        "selfLink": format!("{LINKS}/zones/us-central1-a/disks/data-acme"),
    })
}

pub(crate) fn snapshot(status: &str) -> Value {
    json!({
        "kind": "compute#snapshot", "id": "9000000000000000007", "name": NAME, "status": status, "diskSizeGb": "10",
        "creationTimestamp": "2026-11-27T19:00:01.000-08:00", "storageLocations": ["us"], "storageBytes": "16",
        "selfLink": format!("{LINKS}/global/snapshots/{NAME}"),
        "sourceDisk": format!("{LINKS}/zones/us-central1-a/disks/data-acme"), "sourceDiskId": "9000000000000000001",
        "labels": {"strongroom_tenant": "acme", "strongroom_run": RUN}, "somethingNew": {"a": 1},
    })
}

/// A global operation about the snapshot.
pub(crate) fn operation(status: &str) -> Value {
    json!({
        "kind": "compute#operation", "id": "9000000000000000008", "name": "operation-8", "status": status, "progress": 50,
        "selfLink": format!("{LINKS}/global/operations/operation-8"),
        "targetLink": format!("{LINKS}/global/snapshots/{NAME}"), "targetId": "9000000000000000007",
    })
}

/// A zone's operation about a disk.
pub(crate) fn disk_operation(status: &str, disk: &str) -> Value {
    json!({
        "kind": "compute#operation", "id": "9000000000000000018", "name": "operation-18", "status": status,
        "selfLink": format!("{LINKS}/zones/us-central1-a/operations/operation-18"),
        "targetLink": format!("{LINKS}/zones/us-central1-a/disks/{disk}"), "targetId": "9000000000000000017",
    })
}

/// A disk that was made of the snapshot.
pub(crate) fn restored(name: &str, used: &str) -> Value {
    json!({
        "kind": "compute#disk", "id": "9000000000000000017", "name": name, "sizeGb": "10", "status": "READY",
        "selfLink": format!("{LINKS}/zones/us-central1-a/disks/{name}"),
        "sourceSnapshot": format!("{LINKS}/global/snapshots/{NAME}"), "sourceSnapshotId": "9000000000000000007",
        "labels": {"strongroom_tenant": "acme", "strongroom_run": RUN, "strongroom_use": used},
    })
}

pub(crate) fn list(items: &[Value]) -> Value {
    json!({"kind": "compute#snapshotList", "items": items})
}

pub(crate) fn refused(status: u16, reason: &str) -> Value {
    json!({"error": {"code": status, "message": "said by the test", "errors": [{"domain": "global", "reason": reason}]}})
}
