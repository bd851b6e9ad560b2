//! Configurations compared with the JSON Schema that their plugin publishes.
//!
//! Owns: each schema compiled once, and each configuration looked at once, however many schedules have it.
//! Never: changes a configuration.

use std::collections::{BTreeMap, HashMap};

use jsonschema::Validator;
use strongroom_config::{Diagnostic, Located};
use strongroom_domain::PluginName;
use strongroom_sandbox::Plugin;

/// What is wrong with a configuration: the key, and the sentence.
type Wrong = Vec<(String, String)>;

/// What was looked at so far.
#[derive(Default)]
pub(super) struct Configs<'a> {
    schemas: BTreeMap<&'a PluginName, Result<Validator, String>>,
    looked_at: HashMap<(&'a PluginName, &'a str), Wrong>,
}

impl<'a> Configs<'a> {
    /// The problems of a schedule's configuration.
    pub(super) fn check(&mut self, located: &'a Located, plugin: &Plugin) -> Vec<Diagnostic> {
        let schedule = &located.schedule;
        let schema = self.schemas.entry(&schedule.plugin).or_insert_with(|| {
            let schema = &plugin.description().config_schema;
            jsonschema::validator_for(schema).map_err(|error| error.to_string())
        });
        let schema = match schema {
            Ok(schema) => schema,
            Err(error) => {
                let message = format!(
                    "plugin `{}` publishes a configuration schema that is not one: {error}",
                    schedule.plugin
                );
                return vec![located.problem("plugin", message, None)];
            }
        };
        let config = (&schedule.plugin, &*schedule.config);
        let wrong = self
            .looked_at
            .entry(config)
            .or_insert_with(|| look(&schedule.config, schema));
        let problem = |(key, message): &(String, String)| {
            let hint = format!(
                "`strongroom plugin inspect` shows the configuration that `{}` takes",
                schedule.plugin
            );
            located.problem(key, message, Some(&hint))
        };
        wrong.iter().map(problem).collect()
    }
}

fn look(config: &str, schema: &Validator) -> Wrong {
    let Ok(config) = serde_json::from_str(config) else {
        return Vec::new();
    };
    let wrong = schema.iter_errors(&config).map(|error| {
        let path = error.instance_path().as_str();
        let path = path.trim_start_matches('/').replace('/', ".");
        let key = if path.is_empty() {
            "config".to_owned()
        } else {
            format!("config.{path}")
        };
        let message = format!("`{key}`: {error}");
        (key, message)
    });
    wrong.collect()
}
