//! The decision: is this request one of the operations that were granted, with values that were bound?

use std::collections::BTreeMap;

use serde_json::Value;

use super::asked::{Asked, Content};
use super::grant::ServiceGrant;
use super::operation::{Body, Operation, Rule};
use super::template::{Misfit, Values};
use crate::TenantName;
use crate::grants::Access;

/// What one tenant's run may ask of one service.
#[derive(Debug, Clone)]
pub struct Policy {
    service: String,
    operations: Vec<Operation>,
    values: Values,
}

/// Why a request is not allowed; one sentence for the plugin's log and the security event.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Denial(pub String);

/// How near a request came to an operation; the nearest one explains the denial.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Distance {
    Path,
    Inside(String),
}

type Fits = Result<(), Distance>;

impl Policy {
    /// What is wanted and granted, for one tenant. In a dry run nothing that changes anything.
    #[must_use]
    pub fn new(
        service: &str,
        wanted: &[Operation],
        grant: &ServiceGrant,
        tenant: &TenantName,
        dry_run: bool,
    ) -> Self {
        let granted = |operation: &&Operation| {
            operation.service == service
                && grant.operations.contains(&operation.name)
                && !(dry_run && operation.access == Access::Write)
        };
        Self {
            service: service.to_owned(),
            operations: wanted.iter().filter(granted).cloned().collect(),
            values: grant.values(tenant.as_str()),
        }
    }

    /// The operation that a request is.
    ///
    /// # Errors
    /// [`Denial`] says which operation is nearest and what of it does not fit.
    pub fn decide(&self, asked: &Asked) -> Result<&Operation, Denial> {
        let mut nearest: Option<(&Operation, String)> = None;
        for operation in &self.operations {
            match self.fits(operation, asked) {
                Ok(()) => return Ok(operation),
                Err(Distance::Inside(reason)) => nearest = Some((operation, reason)),
                Err(Distance::Path) => {}
            }
        }
        let target = asked.target();
        let path: String = target
            .split('?')
            .next()
            .unwrap_or_default()
            .chars()
            .take(200)
            .collect();
        let request = format!("{} {path} of `{}`", asked.method, self.service);
        Err(Denial(match nearest {
            Some((operation, reason)) => {
                format!("{request} is not allowed as `{}`: {reason}", operation.name)
            }
            None => format!("{request} is none of the granted operations"),
        }))
    }

    fn fits(&self, operation: &Operation, asked: &Asked) -> Fits {
        if operation.method != asked.method {
            return Err(Distance::Path);
        }
        let mut taken = BTreeMap::new();
        operation
            .path
            .fits_parts(&asked.path, &self.values, &mut taken)
            .map_err(distance)?;
        let mut check = Check {
            values: &self.values,
            taken,
        };
        check.named("the query", &operation.query, &asked.query)?;
        check.headers(&operation.headers, &asked.headers)?;
        match (&operation.body, &asked.content) {
            (Body::None, Content::Empty) => Ok(()),
            (Body::Form(rules), Content::Form(pairs)) => check.named("the form", rules, pairs),
            (Body::Form(rules), Content::Empty) => check.named("the form", rules, &[]),
            (Body::Json(rules), Content::Json(value)) => check.json(rules, value),
            (Body::Json(rules), Content::Empty) => check.required("the JSON", rules, &[]),
            _ => Err(Distance::Inside("its body is of another kind".to_owned())),
        }
    }
}

fn distance(misfit: Misfit) -> Distance {
    match misfit {
        Misfit::Other => Distance::Path,
        value => Distance::Inside(explained(value)),
    }
}

fn explained(misfit: Misfit) -> String {
    match misfit {
        Misfit::Other => "it has another shape".to_owned(),
        Misfit::Value {
            parameter,
            given,
            allowed,
        } => {
            let given: String = given
                .chars()
                .filter(|c| !c.is_control())
                .take(100)
                .collect();
            match allowed.as_slice() {
                [] => format!("`{parameter}` is not bound"),
                [one] => format!("`{parameter}` is `{given}`, and only `{one}` is allowed"),
                many => format!(
                    "`{parameter}` is `{given}`, and only {} are allowed",
                    many.join(", ")
                ),
            }
        }
    }
}

/// Headers a plugin may always set: they say how to read, or whether to.
const HARMLESS: [&str; 6] = [
    "accept",
    "accept-language",
    "content-language",
    "content-type",
    "if-match",
    "if-none-match",
];

struct Check<'a> {
    values: &'a Values,
    taken: BTreeMap<String, String>,
}

impl Check<'_> {
    /// Keys with texts: each covered by a rule whose value fits, and nothing required missing.
    fn named(&mut self, place: &str, rules: &[Rule], pairs: &[(String, String)]) -> Fits {
        let keys: Vec<Vec<String>> = pairs.iter().map(|(key, _)| split(key)).collect();
        for ((_, value), key) in pairs.iter().zip(&keys) {
            self.text(place, rules, key, Some(value))?;
        }
        self.required(place, rules, &keys)
    }

    fn headers(&mut self, rules: &[Rule], headers: &[(String, String)]) -> Fits {
        let special = headers
            .iter()
            .filter(|(name, _)| !HARMLESS.contains(&name.as_str()));
        let special: Vec<(String, String)> = special.cloned().collect();
        self.named("the headers", rules, &special)
    }

    fn json(&mut self, rules: &[Rule], value: &Value) -> Fits {
        let mut keys = Vec::new();
        self.value(rules, &mut Vec::new(), value, &mut keys)?;
        self.required("the JSON", rules, &keys)
    }

    /// Every value that has nothing below it.
    fn value(
        &mut self,
        rules: &[Rule],
        key: &mut Vec<String>,
        value: &Value,
        keys: &mut Vec<Vec<String>>,
    ) -> Fits {
        let entries: Vec<(String, &Value)> = match value {
            Value::Object(entries) => entries
                .iter()
                .map(|(name, value)| (name.clone(), value))
                .collect(),
            Value::Array(items) => items
                .iter()
                .enumerate()
                .map(|(at, value)| (at.to_string(), value))
                .collect(),
            leaf => {
                let text = leaf
                    .as_str()
                    .map_or_else(|| leaf.to_string(), str::to_owned);
                self.text("the JSON", rules, key, Some(&text))?;
                keys.push(key.clone());
                return Ok(());
            }
        };
        if entries.is_empty() {
            keys.push(key.clone());
            return if key.is_empty() || rules.iter().any(|rule| rule.covers_below(key)) {
                Ok(())
            } else {
                self.text("the JSON", rules, key, None)
            };
        }
        for (name, value) in entries {
            // A key with a dot would be read as two, and a rule about the two would let it pass.
            if name.contains('.') && !rules.iter().any(|rule| rule.covers_any_below(key)) {
                return Err(Distance::Inside(format!(
                    "the JSON has the key `{name}`, which holds a dot"
                )));
            }
            key.push(name);
            self.value(rules, key, value, keys)?;
            key.pop();
        }
        Ok(())
    }

    /// One key and its text (`None`: something that is no text) against the rules about it; the first that has a value
    /// decides.
    fn text(&mut self, place: &str, rules: &[Rule], key: &[String], text: Option<&str>) -> Fits {
        let about: Vec<&Rule> = rules.iter().filter(|rule| rule.covers(key)).collect();
        let shown: String = key.join(".").chars().take(100).collect();
        if about.is_empty() {
            return Err(Distance::Inside(format!("{place} may not have `{shown}`")));
        }
        let Some(template) = about.iter().find_map(|rule| rule.value()) else {
            return Ok(());
        };
        let fits = text.map_or(Err(Misfit::Other), |text| {
            template.fits(text, self.values, &mut self.taken)
        });
        fits.map_err(|misfit| match misfit {
            Misfit::Other => Distance::Inside(format!("`{shown}` in {place} is not `{template}`")),
            value => Distance::Inside(explained(value)),
        })
    }

    fn required(&self, place: &str, rules: &[Rule], keys: &[Vec<String>]) -> Fits {
        let missing = rules
            .iter()
            .find(|rule| rule.required() && !keys.iter().any(|key| rule.covers(key)));
        missing.map_or(Ok(()), |rule| {
            Err(Distance::Inside(format!("{place} lacks `{rule}`")))
        })
    }
}

fn split(key: &str) -> Vec<String> {
    key.split('.').map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::egress::OperationText;
    use crate::egress::grant::tests::grant;
    use crate::egress::operation::tests::create;

    fn tenant() -> TenantName {
        TenantName::new("acme").unwrap()
    }

    fn policy(dry_run: bool) -> Policy {
        let list = OperationText {
            name: "list".into(),
            method: "GET".into(),
            path: "/projects/{project}/snapshots".into(),
            query: vec!["filter=tenant:{tenant}".into(), "pageToken".into()],
            body: "none".into(),
            fields: Vec::new(),
            access: "read".into(),
            ..create()
        };
        let form = OperationText {
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
            .map(|text| Operation::read(text).unwrap())
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
        let asked = Asked::read(method, target, headers, body.as_bytes()).unwrap();
        policy
            .decide(&asked)
            .map(|operation| operation.name.clone())
            .map_err(|denial| denial.0)
    }

    const CREATE: &str = "/projects/acme-prod/disks/data-1/createSnapshot";

    fn json(target: &str, body: &str) -> Result<String, String> {
        decide(&policy(false), "POST", target, "application/json", body)
    }

    #[test]
    fn a_granted_operation_passes() {
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
            let asked = Asked::read(
                "POST",
                target,
                vec![("content-type".into(), "application/json".into())],
                body.as_bytes(),
            );
            let Ok(asked) = asked else {
                assert_eq!(expected, "", "{target}");
                continue;
            };
            let message = policy(false).decide(&asked).unwrap_err().0;
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
        assert!(
            form("Action=Delete&Id=data-7&Dry=false").contains("`Dry` in the form is not `true`")
        );
        assert!(json("/", "{}").unwrap_err().contains("of another kind"));
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
    fn headers_that_the_operation_does_not_name_are_denied() {
        let ask = |name: &str, value: &str| {
            let headers = vec![(name.to_owned(), value.to_owned())];
            let asked = Asked::read(
                "GET",
                "/projects/acme-prod/snapshots?filter=tenant:acme",
                headers,
                b"",
            )
            .unwrap();
            policy(false)
                .decide(&asked)
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
}
