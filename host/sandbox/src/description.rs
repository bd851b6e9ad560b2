//! What a plugin says about itself, asked once when it is loaded and believed only after these checks.
//!
//! Owns: the checks. Never: whether the wants are granted (`strongroom_domain::grants`). Read next: `wit/plugin.wit`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use semver::Version;
use serde_json::Value;
use strongroom_domain::PluginName;
use strongroom_domain::capability::Capability;
use strongroom_domain::egress::{Endpoint, RawEndpoint};
use strongroom_domain::grants::{Access, Want};

use crate::contract::v0_1::exports::strongroom::plugin::{egress, plugin as wit};
use crate::{extra, text};

/// Wants and features of one plugin: a person reads them all.
const ITEMS_LIMIT: usize = 64;
/// Bytes of a sentence.
const SENTENCE_LIMIT: usize = 512;
/// Bytes of a name or word.
const WORD_LIMIT: usize = 128;
/// Bytes of the JSON Schema.
const SCHEMA_LIMIT: usize = 256 * 1024;

/// `description` of `wit/plugin.wit`, validated.
#[derive(Debug, Clone, PartialEq)]
pub struct Description {
    /// The name schedules use.
    pub name: PluginName,
    /// Semantic version.
    pub version: String,
    /// One sentence.
    pub summary: String,
    /// JSON Schema of the configuration; an object.
    pub config_schema: Value,
    /// Permissions it asks for.
    pub wants: Vec<Want>,
    /// The API calls it makes.
    pub endpoints: Vec<Arc<Endpoint>>,
    /// How the provider differs.
    pub features: BTreeMap<String, String>,
}

impl Description {
    /// Checks what a plugin answered; an error is half a sentence.
    pub(crate) fn check(
        given: wit::Description,
        endpoints: Vec<egress::Endpoint>,
    ) -> Result<Self, String> {
        let name = PluginName::new(&given.name).map_err(|e| text::one_line(&e.to_string()))?;
        if given.version.len() > WORD_LIMIT {
            return Err(format!("its version has more than {WORD_LIMIT} bytes"));
        }
        let version = Version::parse(&given.version)
            .map_err(|e| {
                format!(
                    "its version `{}` is not semantic: {e}",
                    shown(&given.version)
                )
            })?
            .to_string();
        if given.config_schema.len() > SCHEMA_LIMIT {
            return Err(format!(
                "its configuration schema has more than {SCHEMA_LIMIT} bytes"
            ));
        }
        let config_schema: Value = serde_json::from_str(&given.config_schema)
            .map_err(|e| format!("its configuration schema is not JSON: {e}"))?;
        if !config_schema.is_object() {
            return Err("its configuration schema is not a JSON object".into());
        }
        if given.wants.len() > ITEMS_LIMIT || given.features.len() > ITEMS_LIMIT {
            return Err(format!(
                "it names more than {ITEMS_LIMIT} wants or features"
            ));
        }
        let wants = given
            .wants
            .into_iter()
            .map(want)
            .collect::<Result<_, _>>()?;
        let mut features = BTreeMap::new();
        for (key, value) in given.features {
            if key.is_empty() || key.len() > WORD_LIMIT || value.len() > SENTENCE_LIMIT {
                return Err(format!(
                    "its feature `{}` is empty or too long",
                    shown(&key)
                ));
            }
            if features.insert(word(&key), word(&value)).is_some() {
                return Err(format!("it names the feature `{}` twice", shown(&key)));
            }
        }
        let summary = sentence(&given.summary);
        let endpoints = published(endpoints)?;
        Ok(Self {
            name,
            version,
            summary,
            config_schema,
            wants,
            endpoints,
            features,
        })
    }
}

fn published(given: Vec<egress::Endpoint>) -> Result<Vec<Arc<Endpoint>>, String> {
    if given.len() > ITEMS_LIMIT {
        return Err(format!("it names more than {ITEMS_LIMIT} endpoints"));
    }
    let mut names = BTreeSet::new();
    let mut endpoints = Vec::new();
    for given in given {
        extra::check(&given.extra).map_err(|limit| format!("one of its endpoints has {limit}"))?;
        let endpoint = Endpoint::parse(RawEndpoint {
            name: given.name,
            service: given.service,
            method: given.method,
            path: given.path,
            query: given.query,
            headers: given.headers,
            body: given.body,
            fields: given.fields,
            access: given.access,
            reason: sentence(&given.reason),
        })
        .map_err(|e| text::one_line(&e.to_string()))?;
        if !names.insert(endpoint.name.clone()) {
            return Err(format!("it names the endpoint `{}` twice", endpoint.name));
        }
        endpoints.push(Arc::new(endpoint));
    }
    Ok(endpoints)
}

fn want(given: wit::Want) -> Result<Want, String> {
    extra::check(&given.extra).map_err(|limit| format!("one of its wants has {limit}"))?;
    let capability = match Capability::named(&given.capability) {
        Some(capability @ (Capability::Files | Capability::State)) => capability,
        Some(Capability::Http | Capability::Log | Capability::Progress) | None => {
            return Err(format!(
                "it wants `{}`; grants are for `files` and `state`",
                shown(&given.capability)
            ));
        }
    };
    let access = match given.access.as_str() {
        "read" => Access::Read,
        "write" => Access::Write,
        other => {
            return Err(format!(
                "it wants the access `{}`; there are `read` and `write`",
                shown(other)
            ));
        }
    };
    let named =
        !given.name.is_empty() && given.name.len() <= WORD_LIMIT && word(&given.name) == given.name;
    if capability == Capability::Files && !named {
        return Err(format!(
            "it wants a tree named `{}`, which is no name",
            shown(&given.name)
        ));
    }
    let name = word(&given.name);
    Ok(Want {
        capability,
        name,
        access,
        required: given.required,
        reason: sentence(&given.reason),
    })
}

/// A guest's word inside a message.
fn shown(word: &str) -> String {
    text::cut(&text::line(&text::cut(word, 64)), 64).into_owned()
}

fn word(text: &str) -> String {
    text::line(text).into_owned()
}

fn sentence(text: &str) -> String {
    text::cut(
        &text::line(&text::cut(text, SENTENCE_LIMIT)),
        SENTENCE_LIMIT,
    )
    .into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given() -> wit::Description {
        wit::Description {
            name: "local-snapshot".into(),
            version: "0.1.0".into(),
            summary: "Takes\nimages.".into(),
            config_schema: "{}".into(),
            wants: vec![wit::Want {
                capability: "files".into(),
                name: "*".into(),
                access: "read".into(),
                required: true,
                reason: "to read".into(),
                extra: Vec::new(),
            }],
            features: vec![("restore".into(), "true".into())],
        }
    }

    fn changed(change: impl FnOnce(&mut wit::Description)) -> Result<Description, String> {
        let mut description = given();
        change(&mut description);
        Description::check(description, Vec::new())
    }

    #[test]
    fn a_good_description_is_taken_over() {
        let description = changed(|_| {}).unwrap();
        assert_eq!(description.version, "0.1.0");
        assert_eq!(description.summary, "Takes\\nimages.");
        assert_eq!(description.wants[0].access, Access::Read);
        assert_eq!(description.features["restore"], "true");
    }

    #[test]
    fn every_bad_part_is_named() {
        type Change = fn(&mut wit::Description);
        let cases: [(Change, &str); 11] = [
            (|d| d.name = "Local".into(), "`Local` is not a name"),
            (
                |d| d.version = "one".into(),
                "its version `one` is not semantic",
            ),
            (
                |d| d.config_schema = "{".into(),
                "its configuration schema is not JSON",
            ),
            (
                |d| d.config_schema = "[]".into(),
                "its configuration schema is not a JSON object",
            ),
            (
                |d| d.config_schema = " ".repeat(300_000),
                "more than 262144 bytes",
            ),
            (
                |d| d.wants[0].capability = "sql".into(),
                "it wants `sql`; grants are for `files` and `state`",
            ),
            (
                |d| d.wants[0].access = "all".into(),
                "it wants the access `all`",
            ),
            (
                |d| d.wants[0].name = "a\nb".into(),
                "it wants a tree named `a\\nb`, which is no name",
            ),
            (
                |d| d.features.push(d.features[0].clone()),
                "it names the feature `restore` twice",
            ),
            (
                |d| d.wants = vec![d.wants[0].clone(); 65],
                "it names more than 64 wants or features",
            ),
            (
                |d| d.wants[0].extra = vec![Default::default(); 33],
                "one of its wants has 33 pairs in `extra`, 32 are allowed",
            ),
        ];
        for (change, expected) in cases {
            let error = changed(change).unwrap_err();
            assert!(error.contains(expected), "{error}");
        }
    }
}
