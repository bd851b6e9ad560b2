//! What LXD's refusals mean to the host.
//!
//! Owns: the words by which failures of operations are told apart: LXD gives all of them the code 400.

use strongroom_plugin::Failure;
use strongroom_plugin::http::Response;

/// Words of messages that mean a limit was reached.
const FULL: [&str; 5] = [
    "no space left",
    "disk quota",
    "quota exceeded",
    "not enough space",
    "limit reached",
];

/// The failure that an answer with an error is.
pub(crate) fn of_answer(what: &str, response: &Response, error: &str) -> Failure {
    let detail = format!("{what}: LXD says {error:?}");
    if is_full(error) {
        return Failure::Quota(detail);
    }
    let lower = error.to_lowercase();
    let elsewhere = ["pool not found", "project not found", "member not found"];
    if elsewhere.iter().any(|words| lower.contains(words)) {
        // That nothing was found there says nothing about what is asked for.
        return Failure::Invalid(detail);
    }
    match response.failure(detail) {
        // Whatever else it refuses with this code, it will refuse it again.
        Failure::Unavailable(detail) if response.status == 500 => Failure::Other(detail),
        failure => failure,
    }
}

/// The failure of an operation that ended badly, although the request was taken with 202.
pub(crate) fn of_operation(what: &str, error: &str) -> Failure {
    let detail = format!("{what}: LXD's operation failed: {error:?}");
    let lower = error.to_lowercase();
    let says = |words: &str| lower.contains(words);
    if is_full(error) {
        Failure::Quota(detail)
    } else if says("not found") || says("does not exist") {
        Failure::NotFound(detail)
    } else if says("already") || says("in use") || says("protected") || says("busy") {
        Failure::Conflict(detail)
    } else {
        Failure::Other(detail)
    }
}

/// A page that is not LXD's: of a proxy, of something else that answers there.
pub(crate) fn of_page(what: &str, response: &Response) -> Failure {
    let detail = format!(
        "{what}: the answer {} is not one of LXD's: {}",
        response.status,
        response.shown()
    );
    response.foreign(detail)
}

fn is_full(error: &str) -> bool {
    let lower = error.to_lowercase();
    FULL.iter().any(|words| lower.contains(words))
}
