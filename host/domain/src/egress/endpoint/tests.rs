//! Endpoints are parsed and described, and every mistake in one is named.

use super::*;

/// A valid endpoint, for tests that change one thing of it.
pub(in crate::egress) fn create() -> RawEndpoint {
    RawEndpoint {
        name: "create-snapshot".into(),
        service: "compute".into(),
        method: "POST".into(),
        path: "/projects/{project}/disks/{disk}/createSnapshot".into(),
        query: vec!["requestId".into()],
        headers: Vec::new(),
        body: "json".into(),
        fields: vec![
            "name={snapshot?}".into(),
            "labels.tenant={tenant}".into(),
            "labels.*".into(),
        ],
        access: "write".into(),
        reason: "to take snapshots".into(),
    }
}

#[test]
fn an_endpoint_is_parsed_and_shown_in_one_line() {
    let endpoint = Endpoint::parse(create()).unwrap();
    assert_eq!(
        endpoint.to_string(),
        "POST /projects/{project}/disks/{disk}/createSnapshot with name={snapshot?}, labels.tenant={tenant}"
    );
    assert_eq!(endpoint.to_bind(), BTreeSet::from(["disk", "project"]));
    assert_eq!(
        endpoint.parameters(),
        BTreeSet::from(["disk", "project", "snapshot"])
    );
}

#[test]
fn a_permission_is_shown_with_its_values() {
    let endpoint = Endpoint::parse(create()).unwrap();
    let origin = Origin::parse("https://compute.example.com/v1").unwrap();
    let bound = |name: &str, texts: &[&str]| {
        (
            name.to_owned(),
            texts.iter().map(|&text| text.to_owned()).collect(),
        )
    };
    let values = Values::from([
        bound("project", &["acme"]),
        bound("disk", &["a", "b-*"]),
        bound("tenant", &["acme"]),
    ]);
    assert_eq!(
        endpoint.permission(&origin, &values),
        "change: POST https://compute.example.com/v1/projects/acme/disks/(a|b-*)/createSnapshot; query: requestId; \
         body: name = <snapshot>, labels.tenant = acme, labels.*"
    );
}

#[test]
fn every_mistake_is_named() {
    type Change = fn(&mut RawEndpoint);
    let cases: [(Change, &str); 11] = [
        (|raw| raw.name = "Create".into(), "has a name that is not"),
        (
            |raw| raw.service = String::new(),
            "has a service that is not",
        ),
        (
            |raw| raw.method = "TRACE".into(),
            "has a method that is not",
        ),
        (
            |raw| raw.path = "projects".into(),
            "does not begin with a slash",
        ),
        (
            |raw| raw.access = "all".into(),
            "neither `read` nor `write`",
        ),
        (
            |raw| (raw.access, raw.method) = ("read".into(), "DELETE".into()),
            "reads by DELETE",
        ),
        (|raw| raw.body = "none".into(), "has fields and no body"),
        (
            |raw| raw.fields = vec!["a..b".into()],
            "has the key `a..b`, which is none",
        ),
        (
            |raw| raw.headers = vec!["x-auth-token".into()],
            "wants to set the header `x-auth-token`",
        ),
        (
            |raw| raw.headers = vec!["Accept".into()],
            "has the header `Accept`, which is none",
        ),
        (|raw| raw.reason = "x".repeat(600), "more than 512 bytes"),
    ];
    for (change, expected) in cases {
        let mut raw = create();
        change(&mut raw);
        let message = Endpoint::parse(raw).unwrap_err().to_string();
        assert!(message.contains(expected), "{message}");
    }
}
