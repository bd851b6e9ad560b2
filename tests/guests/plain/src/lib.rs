//! Uses every part of the contract once and tells what it saw, in both roles or in one (`features`).
//!
//! Owns: the sources of `tests/released/`, whose README says how those files were built. It uses the raw bindings and no
//! library, so that a file stays small.
//! Never: shipped, or built for anything but a component. Read next: `snapshots.rs`, `task.rs`.

#![cfg(target_arch = "wasm32")]

#[cfg(feature = "snapshots")]
mod snapshots;
#[cfg(feature = "task")]
mod task;

use strongroom_plugin::bindings::types::{Call, Evidence, Failure, FailureKind, Operation, Step};
use strongroom_plugin::bindings::{egress, plugin};
use strongroom_plugin::bindings::{endpoints, every};

struct Plain;

impl plugin::Guest for Plain {
    fn describe() -> plugin::Description {
        let want = |capability: &str, name: &str| plugin::Want {
            capability: capability.to_owned(),
            name: name.to_owned(),
            access: "write".to_owned(),
            required: false,
            reason: "to use it once".to_owned(),
            extra: extra(),
        };
        plugin::Description {
            name: "plain".to_owned(),
            version: "0.1.0".to_owned(),
            summary: "Uses every part of the contract once.".to_owned(),
            config_schema: r#"{"type":"object"}"#.to_owned(),
            wants: vec![want("files", "data"), want("state", "*")],
            features: vec![pair("restore", "true"), pair("a-later-feature", "true")],
        }
    }
}

impl egress::Guest for Plain {
    fn endpoints() -> Vec<egress::Endpoint> {
        vec![egress::Endpoint {
            name: "look".to_owned(),
            service: "things".to_owned(),
            method: "GET".to_owned(),
            path: "/things/{thing}".to_owned(),
            query: vec!["detail".to_owned()],
            headers: vec!["x-trace".to_owned()],
            body: "none".to_owned(),
            fields: Vec::new(),
            access: "read".to_owned(),
            reason: "to look at things".to_owned(),
            extra: extra(),
        }]
    }
}

fn pair(key: &str, value: &str) -> (String, String) {
    (key.to_owned(), value.to_owned())
}

/// A key that no version defines: it must be ignored wherever it stands.
fn extra() -> Vec<(String, String)> {
    vec![pair("of-a-later-version", "ignored")]
}

/// Done, with everything that the call carried beside these facts.
fn done(call: Call, mut facts: Vec<(String, String)>) -> Step {
    facts.extend([
        ("run".to_owned(), call.run_id),
        ("attempt".to_owned(), call.attempt.to_string()),
        ("tenant".to_owned(), call.tenant),
        ("due".to_owned(), call.due.to_string()),
        ("deadline".to_owned(), call.deadline.to_string()),
        ("dry-run".to_owned(), call.dry_run.to_string()),
        ("config".to_owned(), call.config),
    ]);
    Step::Done(Evidence {
        facts,
        extra: extra(),
    })
}

fn running(handle: &[u8]) -> Step {
    Step::Running(Operation {
        handle: handle.to_owned(),
        poll_after: 250,
        percent: Some(50),
        note: "half of it".to_owned(),
        extra: extra(),
    })
}

fn failed(kind: FailureKind, detail: &str) -> Failure {
    Failure {
        retry_after: matches!(kind, FailureKind::Throttled).then_some(1_500),
        kind,
        detail: detail.to_owned(),
        extra: extra(),
    }
}

/// Fails in the way that a handle or a reference names.
fn fails(name: &str) -> Option<Failure> {
    let kind = match name {
        "invalid" => FailureKind::Invalid,
        "denied" => FailureKind::Denied,
        "not-found" => FailureKind::NotFound,
        "conflict" => FailureKind::Conflict,
        "quota" => FailureKind::Quota,
        "throttled" => FailureKind::Throttled,
        "unavailable" => FailureKind::Unavailable,
        "corrupt" => FailureKind::Corrupt,
        "lapsed" => FailureKind::Other(name.to_owned()),
        _ => return None,
    };
    Some(failed(kind, "as it was asked to"))
}

/// A step that no version defines.
fn later() -> Step {
    Step::Other(("of-a-later-version".to_owned(), extra()))
}

every::export_plugin!(Plain with_types_in every);
endpoints::export_endpoints!(Plain with_types_in endpoints);
