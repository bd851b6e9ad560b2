//! What a plugin says about itself, built as data.

use schemars::JsonSchema;

use crate::bindings::{egress, plugin as host};
use crate::http::Endpoint;

/// Which access a plugin asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Looks.
    Read,
    /// Looks and changes.
    Write,
}

impl Access {
    fn word(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Want {
    capability: &'static str,
    name: String,
    access: Access,
    required: bool,
    reason: String,
}

/// A plugin's name, version, wants and features. Its configuration's schema is added by the SDK.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Description {
    name: String,
    version: String,
    summary: String,
    wants: Vec<Want>,
    endpoints: Vec<Endpoint>,
    features: Vec<(String, String)>,
}

impl Description {
    /// `name`: lower-case words joined by hyphens. `version`: semantic. `summary`: one sentence.
    #[must_use]
    pub fn new(name: &str, version: &str, summary: &str) -> Self {
        Self {
            name: name.to_owned(),
            version: version.to_owned(),
            summary: summary.to_owned(),
            wants: Vec::new(),
            endpoints: Vec::new(),
            features: Vec::new(),
        }
    }

    /// Asks for a tree without which the plugin cannot work. `*` stands for any names the operator chooses.
    #[must_use]
    pub fn needs_files(self, name: &str, access: Access, reason: &str) -> Self {
        self.want("files", name, access, true, reason)
    }

    /// Asks for a tree that only some calls use.
    #[must_use]
    pub fn uses_files(self, name: &str, access: Access, reason: &str) -> Self {
        self.want("files", name, access, false, reason)
    }

    /// Asks for the plugin's own durable values, without which it cannot work.
    #[must_use]
    pub fn needs_state(self, reason: &str) -> Self {
        self.want("state", "*", Access::Write, true, reason)
    }

    /// Asks for API calls of services.
    #[must_use]
    pub fn endpoints(mut self, endpoints: impl IntoIterator<Item = Endpoint>) -> Self {
        self.endpoints.extend(endpoints);
        self
    }

    /// Says what this plugin does; each role lists its features in `wit/`.
    #[must_use]
    pub fn has(self, features: &[&str]) -> Self {
        let told = |told: Self, feature: &&str| told.feature(feature, true);
        features.iter().fold(self, told)
    }

    /// Says what this plugin does not do.
    #[must_use]
    pub fn lacks(self, features: &[&str]) -> Self {
        let told = |told: Self, feature: &&str| told.feature(feature, false);
        features.iter().fold(self, told)
    }

    /// Says how this plugin differs, with a value of its own.
    #[must_use]
    pub fn feature(mut self, key: &str, value: impl ToString) -> Self {
        self.features.push((key.to_owned(), value.to_string()));
        self
    }

    fn want(
        mut self,
        capability: &'static str,
        name: &str,
        access: Access,
        required: bool,
        reason: &str,
    ) -> Self {
        self.wants.push(Want {
            capability,
            name: name.to_owned(),
            access,
            required,
            reason: reason.to_owned(),
        });
        self
    }

    pub(crate) fn endpoints_for_host(self) -> Vec<egress::Endpoint> {
        self.endpoints.into_iter().map(Endpoint::for_host).collect()
    }

    pub(crate) fn for_host<C: JsonSchema>(self) -> host::Description {
        let wants = self.wants.into_iter().map(|want| host::Want {
            capability: want.capability.to_owned(),
            name: want.name,
            access: want.access.word().to_owned(),
            required: want.required,
            reason: want.reason,
            extra: Vec::new(),
        });
        host::Description {
            wants: wants.collect(),
            name: self.name,
            version: self.version,
            summary: self.summary,
            config_schema: schema::<C>(),
            features: self.features,
        }
    }
}

/// The JSON Schema (2020-12) of a configuration type.
fn schema<C: JsonSchema>() -> String {
    schemars::schema_for!(C).as_value().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(JsonSchema)]
    #[expect(dead_code, reason = "only its schema is used")]
    struct Config {
        /// How often to greet.
        times: u32,
    }

    #[test]
    fn the_schema_is_made_from_the_configuration_type() {
        let described = Description::new("greeter", "1.2.3", "Greets.")
            .needs_state("remembers")
            .for_host::<Config>();
        let schema: serde_json::Value = serde_json::from_str(&described.config_schema).unwrap();
        assert_eq!(
            schema["$schema"],
            "https://json-schema.org/draft/2020-12/schema"
        );
        assert_eq!(
            schema["properties"]["times"]["description"],
            "How often to greet."
        );
        assert_eq!(schema["required"][0], "times");
        assert_eq!(
            (
                described.wants[0].capability.as_str(),
                described.wants[0].access.as_str()
            ),
            ("state", "write")
        );
    }
}
