//! What errors mean for the host.

use std::time::Duration;

use strongroom_plugin::Snapshots;
use strongroom_plugin::http::Response;

use super::*;
use crate::GcpSnapshot;

fn kind(failure: &Failure) -> &'static str {
    match failure {
        Failure::Invalid(_) => "invalid",
        Failure::Denied(_) => "denied",
        Failure::NotFound(_) => "not-found",
        Failure::Conflict(_) => "conflict",
        Failure::Quota(_) => "quota",
        Failure::Throttled(..) => "throttled",
        Failure::Unavailable(_) => "unavailable",
        Failure::Corrupt(_) => "corrupt",
        _ => "other",
    }
}

#[test]
fn an_error_says_what_the_host_does_next() {
    let concurrent = json!({"error": {"code": 403, "message": "x", "errors": [],
        "details": [{"@type": "…", "reason": "CONCURRENT_OPERATIONS_QUOTA_EXCEEDED"}]}});
    for (status, body, expected) in [
        (400, refused(400, "invalid"), "invalid"),
        (400, refused(400, "resourceNotReady"), "conflict"),
        (401, refused(401, "authError"), "denied"),
        (403, refused(403, "forbidden"), "denied"),
        (403, refused(403, "insufficientPermissions"), "denied"),
        (403, refused(403, "rateLimitExceeded"), "throttled"),
        (403, concurrent, "throttled"),
        (403, refused(403, "quotaExceeded"), "quota"),
        (404, refused(404, "notFound"), "not-found"),
        (404, refused(404, "somethingElse"), "other"),
        (404, refused(200, "notFound"), "other"),
        (412, refused(412, "conditionNotMet"), "conflict"),
        (429, refused(429, "rateLimitExceeded"), "throttled"),
        (500, refused(500, "internalError"), "unavailable"),
        (503, refused(503, "backendError"), "unavailable"),
        (418, refused(418, "teapot"), "other"),
    ] {
        let script = Script::new()
            .then("GET /zones/us-central1-a/disks/data-acme", 200, &disk())
            .then("POST /global/snapshots", status, &body);
        let failure = GcpSnapshot::start_create(call()).unwrap_err();
        script.ended();
        assert_eq!(kind(&failure), expected, "{status} {body}");
    }
}

#[test]
fn a_wait_that_google_asks_for_is_kept() {
    let mut answer = answer(403, &refused(403, "rateLimitExceeded"));
    for (header, expected) in [(None, 60), (Some("7"), 7)] {
        if let Some(seconds) = header {
            answer
                .headers
                .push(("retry-after".to_owned(), seconds.to_owned()));
        }
        let _script = Script::new().answer("GET /zones", Ok(answer.clone()));
        assert_eq!(
            GcpSnapshot::start_create(call()).unwrap_err(),
            Failure::throttled("said by the test", Duration::from_secs(expected))
        );
    }
}

#[test]
fn a_page_that_is_not_googles_proves_nothing() {
    for (status, expected) in [
        (200, "other"),
        (302, "other"),
        (403, "other"),
        (404, "other"),
        (502, "unavailable"),
    ] {
        let page = Response {
            status,
            headers: Vec::new(),
            body: b"<html> somebody else </html>".to_vec(),
        };
        let _script = Script::new().answer("GET /global/snapshots/", Ok(page));
        let failure = GcpSnapshot::get(call(), REFERENCE).unwrap_err();
        assert_eq!(kind(&failure), expected, "{status}: {failure}");
        assert!(failure.detail().contains("somebody else"), "{failure}");
    }
}

#[test]
fn an_operation_that_is_done_with_an_error_has_failed() {
    for (code, status, expected) in [
        ("RESOURCE_OPERATION_RATE_EXCEEDED", 403, "throttled"),
        ("QUOTA_EXCEEDED", 403, "quota"),
        ("INTERNAL_ERROR", 503, "unavailable"),
        ("ZONE_RESOURCE_POOL_EXHAUSTED", 503, "unavailable"),
        ("RESOURCE_ALREADY_EXISTS", 409, "conflict"),
        ("PERMISSIONS_ERROR", 403, "denied"),
        ("SOMETHING_NEW", 400, "invalid"),
        ("SOMETHING_NEW", 200, "other"),
    ] {
        let error = json!({"error": {"errors": [{"code": code, "message": "x"}]}, "httpErrorStatusCode": status});
        let script = Script::new()
            .then("GET /zones/us-central1-a/disks/data-acme", 200, &disk())
            .then("POST /global/snapshots", 200, &operation("PENDING"))
            .then(
                "GET /global/operations/operation-8",
                200,
                &with(&operation("DONE"), &error),
            );
        let first = running(GcpSnapshot::start_create(call()));
        let failure = GcpSnapshot::poll(call(), first.handle).unwrap_err();
        script.ended();
        assert_eq!(kind(&failure), expected, "{code} {status}");
        assert!(failure.detail().contains(code), "{failure}");
    }
}

#[test]
fn a_disk_that_is_not_there_or_not_ready_is_said_so() {
    let _script = Script::new().then("GET /zones", 404, &refused(404, "notFound"));
    let failure = GcpSnapshot::start_create(call()).unwrap_err();
    assert!(
        matches!(&failure, Failure::NotFound(detail) if detail.contains("no disk data-acme in the zone us-central1-a")),
        "{failure:?}"
    );
    let _script = Script::new().then(
        "GET /zones",
        200,
        &with(&disk(), &json!({"status": "RESTORING"})),
    );
    assert!(matches!(
        GcpSnapshot::start_create(call()),
        Err(Failure::Conflict(_))
    ));
}
