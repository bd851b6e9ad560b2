//! What is allowed, what is denied, and whether the denial says why.

use super::*;
use crate::egress::RawEndpoint;
use crate::egress::endpoint::tests::create;
use crate::egress::grant::tests::grant;

fn tenant() -> TenantName {
    TenantName::new("acme").unwrap()
}

fn policy(dry_run: bool) -> Policy {
    let list = RawEndpoint {
        name: "list".into(),
        method: "GET".into(),
        path: "/projects/{project}/snapshots".into(),
        query: vec!["filter=tenant:{tenant}".into(), "pageToken".into()],
        body: "none".into(),
        fields: Vec::new(),
        access: "read".into(),
        ..create()
    };
    let form = RawEndpoint {
        name: "form".into(),
        path: "/".into(),
        query: Vec::new(),
        body: "form".into(),
        fields: vec![
            "Action=Delete".into(),
            "Id={disk}".into(),
            "Tag.#.Key".into(),
            "Dry?=true".into(),
        ],
        ..create()
    };
    let wanted: Vec<_> = [create(), list, form]
        .map(|text| Arc::new(Endpoint::parse(text).unwrap()))
        .into();
    let bind: &[(&str, &[&str])] = &[("project", &["{tenant}-prod"]), ("disk", &["data-*"])];
    Policy::new(
        "compute",
        &wanted,
        &grant(&["create-snapshot", "list", "form"], bind),
        &tenant(),
        dry_run,
    )
}

fn decide(
    policy: &Policy,
    method: &str,
    target: &str,
    kind: &str,
    body: &str,
) -> Result<String, String> {
    let headers = vec![("content-type".to_owned(), kind.to_owned())];
    let request = ParsedRequest::parse(method, target, headers, body.as_bytes()).unwrap();
    policy
        .decide(&request)
        .map(|endpoint| endpoint.name.clone())
        .map_err(|denial| denial.0)
}

const CREATE: &str = "/projects/acme-prod/disks/data-1/createSnapshot";

fn json(target: &str, body: &str) -> Result<String, String> {
    decide(&policy(false), "POST", target, "application/json", body)
}

#[test]
fn a_granted_endpoint_passes() {
    let body = r#"{"name": "s1", "labels": {"tenant": "acme", "run": "1"}}"#;
    assert_eq!(
        json(&format!("{CREATE}?requestId=1"), body).unwrap(),
        "create-snapshot"
    );
    assert_eq!(
        decide(
            &policy(false),
            "GET",
            "/projects/acme-prod/snapshots?filter=tenant:acme",
            "",
            ""
        )
        .unwrap(),
        "list"
    );
    let form = "Action=Delete&Id=data-7&Tag.1.Key=x";
    assert_eq!(
        decide(
            &policy(false),
            "POST",
            "/",
            "application/x-www-form-urlencoded",
            form
        )
        .unwrap(),
        "form"
    );
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn everything_else_is_denied_and_says_why() {
    let good = r#"{"name": "s1", "labels": {"tenant": "acme"}}"#;
    for (target, body, expected) in [
        (
            "/projects/globex-prod/disks/data-1/createSnapshot",
            good,
            "`project` is `globex-prod`, and only `acme-prod`",
        ),
        (
            "/projects/acme-prod/disks/root/createSnapshot",
            good,
            "`disk` is `root`",
        ),
        (
            "/projects/acme-prod/disks/data-1/delete",
            good,
            "none of the granted operations",
        ),
        (
            "/projects/acme-prod/disks/data-1%2Fx/createSnapshot",
            good,
            "",
        ),
        (
            &format!("{CREATE}?force=1"),
            good,
            "the query may not have `force`",
        ),
        (
            CREATE,
            r#"{"name": "s1", "labels": {"tenant": "globex"}}"#,
            "`tenant` is `globex`",
        ),
        (
            CREATE,
            r#"{"name": "s1"}"#,
            "the JSON lacks `labels.tenant={tenant}`",
        ),
        (
            CREATE,
            r#"{"labels": {"tenant": "acme"}}"#,
            "the JSON lacks `name={snapshot?}`",
        ),
        (
            CREATE,
            r#"{"name": {"x": 1}, "labels": {"tenant": "acme"}}"#,
            "may not have `name.x`",
        ),
        (
            CREATE,
            r#"{"name": [], "labels": {"tenant": "acme"}}"#,
            "`name` in the JSON is not",
        ),
        (
            CREATE,
            r#"{"name": "a/b", "labels": {"tenant": "acme"}}"#,
            "`name` in the JSON is not",
        ),
        (
            CREATE,
            r#"{"name": "s1", "labels": {"tenant": "acme"}, "source": "x"}"#,
            "may not have `source`",
        ),
        (
            CREATE,
            r#"{"name": "s1", "labels.tenant": "acme"}"#,
            "holds a dot",
        ),
        (CREATE, "", "the JSON lacks"),
    ] {
        let request = ParsedRequest::parse(
            "POST",
            target,
            vec![("content-type".into(), "application/json".into())],
            body.as_bytes(),
        );
        let Ok(request) = request else {
            assert_eq!(expected, "", "{target}");
            continue;
        };
        let message = policy(false).decide(&request).unwrap_err().0;
        assert!(
            !expected.is_empty() && message.contains(expected),
            "{message}"
        );
    }
    let form = |body| {
        decide(
            &policy(false),
            "POST",
            "/",
            "application/x-www-form-urlencoded",
            body,
        )
        .unwrap_err()
    };
    assert!(form("Action=Create&Id=data-7").contains("`Action` in the form is not `Delete`"));
    assert!(form("Action=Delete").contains("the form lacks `Id={disk}`"));
    assert!(form("Action=Delete&Id=data-7&Dry=false").contains("`Dry` in the form is not `true`"));
    assert!(json("/", "{}").unwrap_err().contains("of another kind"));
}

#[test]
fn the_endpoint_of_which_most_fits_explains_the_denial() {
    let form = |name: &str, fields: &[&str]| {
        let text = RawEndpoint {
            name: name.into(),
            path: "/".into(),
            query: Vec::new(),
            body: "form".into(),
            fields: fields.iter().map(|&field| field.into()).collect(),
            ..create()
        };
        Arc::new(Endpoint::parse(text).unwrap())
    };
    let wanted = [
        form("look", &["Action=Look", "Id={disk}"]),
        form("look-at-all", &["Action=Look", "Max"]),
        form("delete", &["Action=Delete", "Id={disk}"]),
    ];
    let granted = grant(&["look", "look-at-all", "delete"], &[("disk", &["data-*"])]);
    let policy = Policy::new("compute", &wanted, &granted, &tenant(), false);
    let kind = "application/x-www-form-urlencoded";
    let denial = |body| decide(&policy, "POST", "/", kind, body).unwrap_err();
    assert!(
        denial("Action=Look&Id=root")
            .ends_with("as `look`: `disk` is `root`, and only `data-*` is allowed")
    );
    assert!(
        denial("Action=Look&Max=1&Id=data-1")
            .contains("as `look-at-all`: the form may not have `Id`")
    );
    assert!(denial("Action=Drop&Id=data-1").contains("`Action` in the form is not"));
}

#[test]
fn a_dry_run_changes_nothing() {
    let body = r#"{"name": "s1", "labels": {"tenant": "acme"}}"#;
    assert!(decide(&policy(true), "POST", CREATE, "application/json", body).is_err());
    assert!(
        decide(
            &policy(true),
            "GET",
            "/projects/acme-prod/snapshots?filter=tenant:acme",
            "",
            ""
        )
        .is_ok()
    );
}

#[test]
fn headers_that_the_endpoint_does_not_name_are_denied() {
    let ask = |name: &str, value: &str| {
        let headers = vec![(name.to_owned(), value.to_owned())];
        let request = ParsedRequest::parse(
            "GET",
            "/projects/acme-prod/snapshots?filter=tenant:acme",
            headers,
            b"",
        )
        .unwrap();
        policy(false)
            .decide(&request)
            .map(drop)
            .map_err(|denial| denial.0)
    };
    assert_eq!(ask("accept", "application/json"), Ok(()));
    assert!(
        ask("x-http-method-override", "DELETE")
            .unwrap_err()
            .contains("the headers may not have `x-http-method-override`")
    );
}
