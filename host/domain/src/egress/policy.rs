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
enum Distance {
    Path,
    Inside(Misread),
}

/// Why a request with the right path is not an operation. The one of which the most fits was meant; of two alike, the one
/// that lacks nothing but another value.
struct Misread {
    fitted: usize,
    value: bool,
    reason: String,
}

impl From<String> for Distance {
    fn from(reason: String) -> Self {
        Self::Inside(Misread {
            fitted: 0,
            value: false,
            reason,
        })
    }
}

impl Misread {
    fn nearness(&self) -> (usize, bool) {
        (self.fitted, self.value)
    }
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
        let mut nearest: Option<(&Operation, Misread)> = None;
        for operation in &self.operations {
            match self.fits(operation, asked) {
                Ok(()) => return Ok(operation),
                Err(Distance::Inside(misread)) => {
                    let before = nearest.as_ref().map(|(_, before)| before.nearness());
                    if before.is_none_or(|before| misread.nearness() >= before) {
                        nearest = Some((operation, misread));
                    }
                }
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
            Some((operation, misread)) => format!(
                "{request} is not allowed as `{}`: {}",
                operation.name, misread.reason
            ),
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
            fitted: 0,
        };
        check
            .whole(operation, asked)
            .map_err(|distance| match distance {
                Distance::Path => Distance::Path,
                Distance::Inside(misread) => Distance::Inside(Misread {
                    fitted: check.fitted,
                    ..misread
                }),
            })
    }
}

fn distance(misfit: Misfit) -> Distance {
    match misfit {
        Misfit::Other => Distance::Path,
        value => other_value(value),
    }
}

/// Everything fits but a parameter's value.
fn other_value(misfit: Misfit) -> Distance {
    Distance::Inside(Misread {
        fitted: 0,
        value: true,
        reason: explained(misfit),
    })
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
    /// Keys that fit so far.
    fitted: usize,
}

impl Check<'_> {
    /// Query, headers and body.
    fn whole(&mut self, operation: &Operation, asked: &Asked) -> Fits {
        self.named("the query", &operation.query, &asked.query)?;
        self.headers(&operation.headers, &asked.headers)?;
        match (&operation.body, &asked.content) {
            (Body::None, Content::Empty) => Ok(()),
            (Body::Form(rules), Content::Form(pairs)) => self.named("the form", rules, pairs),
            (Body::Form(rules), Content::Empty) => self.named("the form", rules, &[]),
            (Body::Json(rules), Content::Json(value)) => self.json(rules, value),
            (Body::Json(rules), Content::Empty) => self.required("the JSON", rules, &[]),
            _ => Err("its body is of another kind".to_owned().into()),
        }
    }

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
                return Err(format!("the JSON has the key `{name}`, which holds a dot").into());
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
            return Err(format!("{place} may not have `{shown}`").into());
        }
        let Some(template) = about.iter().find_map(|rule| rule.value()) else {
            self.fitted += 1;
            return Ok(());
        };
        let fits = text.map_or(Err(Misfit::Other), |text| {
            template.fits(text, self.values, &mut self.taken)
        });
        match fits {
            Ok(()) => {
                self.fitted += 1;
                Ok(())
            }
            Err(Misfit::Other) => Err(format!("`{shown}` in {place} is not `{template}`").into()),
            Err(value) => Err(other_value(value)),
        }
    }

    fn required(&self, place: &str, rules: &[Rule], keys: &[Vec<String>]) -> Fits {
        let missing = rules
            .iter()
            .find(|rule| rule.required() && !keys.iter().any(|key| rule.covers(key)));
        missing.map_or(Ok(()), |rule| Err(format!("{place} lacks `{rule}`").into()))
    }
}

fn split(key: &str) -> Vec<String> {
    key.split('.').map(str::to_owned).collect()
}

#[cfg(test)]
mod tests;
