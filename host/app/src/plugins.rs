//! The plugin files a host knows, and what a file is, imports and wants.

use std::ops::Deref;
use std::path::Path;

use serde_json::{Value, json};
use strongroom_domain::egress::Endpoint;
use strongroom_domain::json_time;
use strongroom_ledger::{OpenMode, PluginRow};
use strongroom_sandbox::{Description, Inspection, LoadError, Plugin, Sandbox};

use crate::{Error, Installation};

/// A plugin file that a host has loaded.
#[derive(Debug)]
pub struct KnownPlugin(PluginRow);

impl Deref for KnownPlugin {
    type Target = PluginRow;

    fn deref(&self) -> &PluginRow {
        &self.0
    }
}

as_json!(KnownPlugin, |row| {
    json!({
        "digest": row.digest, "name": row.name, "version": row.version, "size": row.size,
        "state": row.state.as_str(), "since": json_time::text(row.since), "by": row.person,
        "reason": row.reason, "first_seen": json_time::text(row.first_seen),
    })
});

/// Every plugin file ever loaded, by name, then first seen.
pub async fn list(at: &Installation) -> Result<Vec<KnownPlugin>, Error> {
    let rows = at.ledger(OpenMode::Reader).await?.plugins().await?;
    Ok(rows.into_iter().map(KnownPlugin).collect())
}

/// What a plugin file is, imports and wants.
pub struct InspectedPlugin<'a> {
    file: &'a Path,
    plugin: Plugin,
    /// What the component itself says.
    pub component: Inspection,
}

impl InspectedPlugin<'_> {
    /// SHA-256 of the file, hexadecimal.
    #[must_use]
    pub fn digest(&self) -> &str {
        self.plugin.digest()
    }

    /// What the plugin says of itself.
    #[must_use]
    pub fn description(&self) -> &Description {
        self.plugin.description()
    }

    /// The roles it exports.
    #[must_use]
    pub fn roles(&self) -> Vec<String> {
        self.plugin
            .roles()
            .iter()
            .map(ToString::to_string)
            .collect()
    }
}

as_json!(InspectedPlugin<'_>, |inspected| {
    let (description, component) = (inspected.description(), &inspected.component);
    json!({
        "file": inspected.file, "digest": inspected.digest(), "size": component.size, "name": description.name,
        "version": description.version, "summary": description.summary, "roles": inspected.roles(),
        "imports": component.imports, "exports": component.exports, "wants": description.wants,
        "operations": description.endpoints.iter().map(|one| endpoint(one)).collect::<Vec<_>>(),
        "features": description.features, "config_schema": description.config_schema,
    })
});

fn endpoint(endpoint: &Endpoint) -> Value {
    json!({
        "name": endpoint.name, "service": endpoint.service, "request": endpoint.to_string(),
        "access": endpoint.access, "reason": endpoint.reason, "to_bind": endpoint.to_bind(),
        "parameters": endpoint.parameters(),
    })
}

/// Looks into a plugin file; runs nothing of it but `describe`.
pub async fn inspect<'a>(at: &Installation, file: &'a Path) -> Result<InspectedPlugin<'a>, Error> {
    let bytes = read(file)?;
    let refuse = |error: LoadError| unusable(file).because(error);
    let component = Sandbox::inspect(&bytes).map_err(refuse)?;
    let plugin = at.sandbox()?.load(bytes).await.map_err(refuse)?;
    Ok(InspectedPlugin {
        file,
        plugin,
        component,
    })
}

pub(crate) fn read(file: &Path) -> Result<Vec<u8>, Error> {
    std::fs::read(file).map_err(|error| {
        Error::not_found(format!("{} cannot be read", file.display())).because(error)
    })
}

pub(crate) fn unusable(file: &Path) -> Error {
    Error::usage(format!("{} cannot be used as a plugin", file.display()))
}
