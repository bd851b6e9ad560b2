//! What Google's errors mean: by their own words first, then by their status.
//!
//! Owns: the translation into failures. A page that is not Google's says nothing about what exists: only Google's own
//! `notFound` means that something is not there.

use std::time::Duration;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use strongroom_plugin::Failure;
use strongroom_plugin::http::Response;

use crate::resources::Operation;

/// Buckets of requests are filled anew each minute.
const NEXT_MINUTE: Duration = Duration::from_secs(60);
/// A disk takes one snapshot in ten minutes.
const NEXT_SNAPSHOT: Duration = Duration::from_secs(600);

/// Why a request did not succeed.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// Google says that what was named is not there.
    NotFound(String),
    /// Google says that the name is taken.
    Exists(String),
    /// Anything else.
    Failure(Failure),
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::NotFound(detail) => Self::NotFound(detail),
            Refusal::Exists(detail) => Self::Conflict(detail),
            Refusal::Failure(failure) => failure,
        }
    }
}

#[derive(Deserialize)]
struct Body {
    error: Said,
}

#[derive(Deserialize)]
struct Said {
    code: u16,
    #[serde(default)]
    message: String,
    #[serde(default)]
    errors: Vec<Reason>,
    #[serde(default)]
    details: Vec<Detail>,
}

#[derive(Deserialize)]
struct Reason {
    #[serde(default)]
    reason: String,
}

#[derive(Deserialize)]
struct Detail {
    #[serde(default)]
    reason: String,
}

/// Reads an answer.
pub(crate) fn read<T: DeserializeOwned>(response: &Response) -> Result<T, Refusal> {
    if response.status == 200 {
        return response.json().map_err(Refusal::Failure);
    }
    Err(refusal(response))
}

fn refusal(response: &Response) -> Refusal {
    let said = serde_json::from_slice::<Body>(&response.body)
        .ok()
        .map(|body| body.error)
        .filter(|said| said.code == response.status);
    let Some(said) = said else {
        return Refusal::Failure(stranger(response));
    };
    let message = shortened(&said.message);
    let has = |word: &str| {
        let reasons = said.errors.iter().map(|one| &one.reason);
        reasons
            .chain(said.details.iter().map(|one| &one.reason))
            .any(|reason| reason == word)
    };
    let wait = response.retry_after().unwrap_or(NEXT_MINUTE);
    Refusal::Failure(match response.status {
        404 if has("notFound") => return Refusal::NotFound(message),
        409 if has("alreadyExists") => return Refusal::Exists(message),
        400 if has("resourceNotReady") || has("resourceInUseByAnotherResource") => {
            Failure::conflict(message)
        }
        403 if has("rateLimitExceeded") || has("CONCURRENT_OPERATIONS_QUOTA_EXCEEDED") => {
            Failure::throttled(message, wait)
        }
        403 if has("quotaExceeded") || has("QUOTA_EXCEEDED") => Failure::quota(message),
        404 => Failure::other(message),
        429 => Failure::throttled(message, wait),
        _ => response.failure(message),
    })
}

/// What an answer means that Google did not write: a proxy, a front end, somebody else.
fn stranger(response: &Response) -> Failure {
    let detail = format!(
        "the answer {} is not one of Compute Engine: {}",
        response.status,
        response.shown()
    );
    response.foreign(detail)
}

/// What an operation's error means, or its lack of one.
pub(crate) fn failed(operation: &Operation) -> Option<Failure> {
    let status = operation.http_error_status_code.unwrap_or(200);
    if operation.error.is_none() && status < 400 {
        return None;
    }
    let errors = operation.error.as_ref();
    let first = errors.and_then(|error| error.errors.first());
    let code = first.map_or("", |error| error.code.as_str());
    let message = first.map_or("", |error| error.message.as_str());
    let detail = format!(
        "the operation {} failed with {}: {}",
        operation.name,
        shortened(code),
        shortened(message)
    );
    Some(match code {
        "RESOURCE_OPERATION_RATE_EXCEEDED" => Failure::throttled(detail, NEXT_SNAPSHOT),
        "RATE_LIMIT_EXCEEDED" | "rateLimitExceeded" | "CONCURRENT_OPERATIONS_QUOTA_EXCEEDED" => {
            Failure::throttled(detail, NEXT_MINUTE)
        }
        "QUOTA_EXCEEDED" | "QUOTA_LIMIT_EXCEEDED" => Failure::quota(detail),
        "INTERNAL_ERROR"
        | "ZONE_RESOURCE_POOL_EXHAUSTED"
        | "ZONE_RESOURCE_POOL_EXHAUSTED_WITH_DETAILS" => Failure::unavailable(detail),
        "RESOURCE_NOT_READY"
        | "RESOURCE_IN_USE_BY_ANOTHER_RESOURCE"
        | "RESOURCE_ALREADY_EXISTS" => Failure::conflict(detail),
        // A source that is not there; for the snapshot itself it is asked again.
        "RESOURCE_NOT_FOUND" => Failure::conflict(detail),
        _ => match status {
            400 => Failure::invalid(detail),
            401 | 403 => Failure::denied(detail),
            429 => Failure::throttled(detail, NEXT_MINUTE),
            500 | 502..=504 => Failure::unavailable(detail),
            _ => Failure::other(detail),
        },
    })
}

/// One line of at most 300 characters.
fn shortened(text: &str) -> String {
    let line: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
    line.chars().filter(|c| !c.is_control()).take(300).collect()
}
