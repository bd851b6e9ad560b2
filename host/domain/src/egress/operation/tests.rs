//! Operations read, said in words, and every mistake in one named.

use super::*;

/// Something to change one thing of.
pub(in crate::egress) fn create() -> OperationText {
    OperationText {
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
fn an_operation_is_read_and_said_in_one_line() {
    let operation = Operation::read(create()).unwrap();
    assert_eq!(
        operation.to_string(),
        "POST /projects/{project}/disks/{disk}/createSnapshot with name={snapshot?}, labels.tenant={tenant}"
    );
    assert_eq!(operation.to_bind(), BTreeSet::from(["disk", "project"]));
    assert_eq!(
        operation.parameters(),
        BTreeSet::from(["disk", "project", "snapshot"])
    );
}

#[test]
fn a_permission_is_said_with_its_values() {
    let operation = Operation::read(create()).unwrap();
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
        operation.permission(&origin, &values),
        "change: POST https://compute.example.com/v1/projects/acme/disks/(a|b-*)/createSnapshot; query: requestId; \
         body: name = <snapshot>, labels.tenant = acme, labels.*"
    );
}

#[test]
fn every_mistake_is_named() {
    type Change = fn(&mut OperationText);
    let cases: [(Change, &str); 11] = [
        (|o| o.name = "Create".into(), "has a name that is not"),
        (|o| o.service = String::new(), "has a service that is not"),
        (|o| o.method = "TRACE".into(), "has a method that is not"),
        (
            |o| o.path = "projects".into(),
            "does not begin with a slash",
        ),
        (|o| o.access = "all".into(), "neither `read` nor `write`"),
        (
            |o| (o.access, o.method) = ("read".into(), "DELETE".into()),
            "reads by DELETE",
        ),
        (|o| o.body = "none".into(), "has fields and no body"),
        (
            |o| o.fields = vec!["a..b".into()],
            "has the key `a..b`, which is none",
        ),
        (
            |o| o.headers = vec!["x-auth-token".into()],
            "wants to set the header `x-auth-token`",
        ),
        (
            |o| o.headers = vec!["Accept".into()],
            "has the header `Accept`, which is none",
        ),
        (|o| o.reason = "x".repeat(600), "more than 512 bytes"),
    ];
    for (change, expected) in cases {
        let mut text = create();
        change(&mut text);
        let message = Operation::read(text).unwrap_err().to_string();
        assert!(message.contains(expected), "{message}");
    }
}

#[test]
fn keys_may_hold_numbers_and_any_names() {
    let covers = |rule: &str, key: &str| {
        let key: Vec<String> = key.split('.').map(str::to_owned).collect();
        Rule::parse(rule).unwrap().covers(&key)
    };
    assert!(covers("Tag.#.Key", "Tag.12.Key"));
    assert!(!covers("Tag.#.Key", "Tag.x.Key"));
    assert!(covers("labels.*", "labels.tenant"));
    assert!(!covers("labels.*", "labels.a.b"));
    assert!(covers("config.**", "config.a.b"));
    assert!(!covers("name", "names"));
}
