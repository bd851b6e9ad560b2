//! What EC2's error codes mean to the host.
//!
//! Source: the table of error codes in EC2's API reference, client and server errors.

use std::time::Duration;

use roxmltree::Document;
use strongroom_plugin::Failure;
use strongroom_plugin::http::Response;

use crate::xml::text;

/// The provider does not let us.
const DENIED: [&str; 15] = [
    "AccessDenied",
    "AccessDeniedException",
    "AuthFailure",
    "Blocked",
    "ExpiredToken",
    "IncompleteSignature",
    "InvalidAccessKeyId",
    "InvalidClientTokenId",
    "MissingAuthenticationToken",
    "OptInRequired",
    "PendingVerification",
    "RequestExpired",
    "SignatureDoesNotMatch",
    "UnauthorizedOperation",
    "UnrecognizedClientException",
];
/// Too fast, and the least seconds to wait.
const THROTTLED: [(&str, u64); 6] = [
    ("EC2ThrottledException", 30),
    ("RequestLimitExceeded", 30),
    ("RequestThrottled", 30),
    ("SnapshotCreationPerVolumeRateExceeded", 15),
    ("Throttling", 30),
    ("ThrottlingException", 30),
];
/// Too much.
const QUOTA: [&str; 8] = [
    "ConcurrentSnapshotLimitExceeded",
    "MaxIOPSLimitExceeded",
    "PendingSnapshotLimitExceeded",
    "ResourceLimitExceeded",
    "SnapshotCopyLimitExceeded",
    "SnapshotLimitExceeded",
    "TagLimitExceeded",
    "VolumeLimitExceeded",
];
/// Not now.
const CONFLICT: [&str; 7] = [
    "IdempotentParameterMismatch",
    "IncorrectModificationState",
    "IncorrectState",
    "IncorrectVolumeState",
    "InvalidSnapshot.InUse",
    "OperationNotPermitted",
    "VolumeInUse",
];
/// The provider's own trouble.
const UNAVAILABLE: [&str; 8] = [
    "ConcurrentTagAccess",
    "InsufficientCapacity",
    "InsufficientVolumeCapacity",
    "InternalError",
    "InternalFailure",
    "RequestTimeout",
    "ServiceUnavailable",
    "Unavailable",
];
/// How codes begin that say that the request is wrong.
const INVALID: [&str; 7] = [
    "Invalid",
    "Malformed",
    "Missing",
    "UnknownParameter",
    "UnknownVolumeType",
    "Unsupported",
    "Validation",
];

/// The failure that an answer without success is.
pub(crate) fn of_answer(what: &str, response: &Response) -> Failure {
    let Some((code, message)) = told(response) else {
        return of_page(what, response);
    };
    let detail = format!("{what}: EC2 says {code}: {message}");
    let is = |codes: &[&str]| codes.contains(&code.as_str());
    if let Some((_, seconds)) = THROTTLED.iter().find(|(name, _)| *name == code) {
        let wait = response.retry_after();
        return Failure::throttled(detail, wait.unwrap_or(Duration::from_secs(*seconds)));
    }
    if is(&DENIED) {
        Failure::Denied(detail)
    } else if is(&QUOTA) {
        Failure::Quota(detail)
    } else if is(&CONFLICT) {
        Failure::Conflict(detail)
    } else if code.ends_with(".NotFound") {
        Failure::NotFound(detail)
    } else if is(&UNAVAILABLE) || response.status >= 500 {
        Failure::Unavailable(detail)
    } else if INVALID.iter().any(|begin| code.starts_with(begin)) {
        Failure::Invalid(detail)
    } else {
        Failure::Other(detail)
    }
}

/// Code and message of EC2's own error.
fn told(response: &Response) -> Option<(String, String)> {
    let document = std::str::from_utf8(&response.body).ok()?;
    let document = Document::parse(document).ok()?;
    let named = |name| {
        let found = |node: &roxmltree::Node<'_, '_>| node.tag_name().name() == name;
        document.descendants().find(found)
    };
    named("Errors")?;
    let error = named("Error")?;
    let message = text(error, "Message").unwrap_or("no word more");
    let message: String = message.chars().filter(|c| !c.is_control()).collect();
    Some((text(error, "Code")?.to_owned(), message))
}

/// A page that is not EC2's: of a proxy, of something else that answers there.
pub(crate) fn of_page(what: &str, response: &Response) -> Failure {
    let detail = format!(
        "{what}: the answer {} is not one of EC2's: {}",
        response.status,
        response.shown()
    );
    response.foreign(detail)
}
