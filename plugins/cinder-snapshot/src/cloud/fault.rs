//! What the service says when it does not do something, in the contract's words.
//!
//! Owns: which answer means which failure. Never: "not found" from a page that names nothing, or a proxy's.

use std::time::Duration;

use serde::Deserialize;
use serde_json::{Map, Value};
use strongroom_plugin::Failure;
use strongroom_plugin::http::Response;

/// Characters of the service's own sentence that are passed on.
const SENTENCE: usize = 400;

/// The service's own words: `{"itemNotFound": {"code": 404, "message": "…"}}`.
struct Fault {
    kind: String,
    message: String,
    retry_after: u64,
}

#[derive(Deserialize)]
struct Words {
    message: String,
    #[serde(default, rename = "retryAfter")]
    retry_after: Value,
}

impl Fault {
    fn read(response: &Response) -> Option<Self> {
        let fault: Map<String, Value> = serde_json::from_slice(&response.body).ok()?;
        let (kind, words) = fault.into_iter().next()?;
        let words: Words = serde_json::from_value(words).ok()?;
        let retry_after = match &words.retry_after {
            Value::String(text) => text.parse().ok(),
            other => other.as_u64(),
        };
        Some(Self {
            kind,
            message: words.message,
            retry_after: retry_after.unwrap_or(0),
        })
    }
}

/// Whether the service itself says that this id is not there. A page of a proxy, or of a wrong path, says nothing about it.
pub(crate) fn is_absent(response: &Response, id: &str) -> bool {
    response.status == 404
        && Fault::read(response)
            .is_some_and(|fault| fault.kind == "itemNotFound" && fault.message.contains(id))
}

/// What an answer means that is no success. `what` is what was tried: `take a snapshot of volume x`.
pub(crate) fn failure(response: &Response, what: &str) -> Failure {
    let fault = Fault::read(response);
    let said = fault.as_ref().map_or_else(
        || response.shown(),
        |fault| fault.message.chars().take(SENTENCE).collect(),
    );
    let request = response
        .header("x-openstack-request-id")
        .map_or_else(String::new, |id| format!(", {id}"));
    let detail = format!(
        "the provider would not {what}: {} ({}{request})",
        said.trim_end_matches('.'),
        response.status
    );
    match (response.status, fault) {
        (413, Some(fault)) => over_limit(response, &fault, detail),
        (400, Some(fault)) => refused(&fault, detail),
        (404, fault)
            if fault
                .as_ref()
                .is_none_or(|fault| fault.kind != "itemNotFound") =>
        {
            Failure::invalid(format!(
                "{detail}: nothing that is missing is named; are the origin of the grant and `project` right?"
            ))
        }
        (406, _) => Failure::invalid(format!(
            "{detail}: this plugin speaks version {}",
            crate::endpoints::VERSION
        )),
        _ => response.failure(detail),
    }
}

/// A quota has no time after which it is worth another try; a limit of rates has.
fn over_limit(response: &Response, fault: &Fault, detail: String) -> Failure {
    let wait = response.retry_after().unwrap_or_default();
    let wait = wait.max(Duration::from_secs(fault.retry_after.min(86_400)));
    if wait.is_zero() {
        Failure::quota(detail)
    } else {
        Failure::throttled(detail, wait)
    }
}

/// 400 is both a request that is wrong and a state that does not allow it now.
fn refused(fault: &Fault, detail: String) -> Failure {
    let message = fault.message.as_str();
    if message.contains("Malformed request url") {
        Failure::invalid(format!(
            "{detail}: is `project` the id of the project that the credential is for?"
        ))
    } else if message.starts_with("Invalid volume:") || message.starts_with("Invalid snapshot:") {
        Failure::conflict(detail)
    } else {
        Failure::invalid(detail)
    }
}
