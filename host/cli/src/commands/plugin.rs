//! `strongroom plugin`: the plugin files a host knows, and what a file is, imports and wants.

use std::path::Path;

use serde_json::json;
use strongroom_domain::egress::Endpoint;
use strongroom_domain::grants::Access;
use strongroom_ledger::{OpenMode, PluginRow};
use strongroom_sandbox::{Description, Sandbox};

use super::plugin_test;
use crate::arguments::{Arguments, Plugin};
use crate::compose;
use crate::error::CliError;
use crate::print;

pub(crate) async fn run(arguments: &Arguments, command: &Plugin) -> Result<u8, CliError> {
    match command {
        Plugin::List => list(arguments).await,
        Plugin::Inspect { file } => inspect(arguments, file).await,
        Plugin::Test(options) => plugin_test::test(arguments, options).await,
    }
}

async fn list(arguments: &Arguments) -> Result<u8, CliError> {
    let ledger = compose::ledger(arguments, OpenMode::Reader).await?;
    let rows = ledger.plugins().await?;
    if arguments.json {
        let value = |row: &PluginRow| {
            json!({
                "digest": row.digest, "name": row.name, "version": row.version, "size": row.size,
                "state": row.state.as_str(), "since": row.since, "by": row.person, "reason": row.reason,
                "first_seen": row.first_seen,
            })
        };
        return print::json(&rows.iter().map(value).collect::<Vec<_>>()).map(|()| 0);
    }
    if rows.is_empty() {
        print::line("No host has loaded a plugin yet.");
        return Ok(0);
    }
    let cells = |row: &PluginRow| {
        vec![
            row.name.to_string(),
            print::plain(&row.version),
            row.digest.chars().take(12).collect(),
            row.state.as_str().to_owned(),
            print::utc(row.since),
            print::plain(&row.person),
            print::plain(&row.reason),
        ]
    };
    let cells: Vec<Vec<String>> = rows.iter().map(cells).collect();
    print::table(
        &["PLUGIN", "VERSION", "DIGEST", "STATE", "SINCE", "BY", "WHY"],
        &cells,
    );
    Ok(0)
}

fn verb(endpoint: &Endpoint) -> &'static str {
    match endpoint.access {
        Access::Read => "reads",
        Access::Write => "changes",
    }
}

fn endpoint(endpoint: &Endpoint) -> serde_json::Value {
    json!({
        "name": endpoint.name, "service": endpoint.service, "request": endpoint.to_string(),
        "access": endpoint.access, "reason": endpoint.reason, "to_bind": endpoint.to_bind(),
        "parameters": endpoint.parameters(),
    })
}

async fn inspect(arguments: &Arguments, file: &Path) -> Result<u8, CliError> {
    let bytes = std::fs::read(file).map_err(|error| {
        CliError::not_found(format!("{} cannot be read", file.display())).because(error)
    })?;
    let refuse = |error: strongroom_sandbox::LoadError| {
        CliError::usage(format!("{} cannot be used as a plugin", file.display())).because(error)
    };
    let inspection = Sandbox::inspect(&bytes).map_err(refuse)?;
    let sandbox = compose::sandbox(arguments)?;
    let plugin = sandbox.load(bytes).await.map_err(refuse)?;
    let description = plugin.description();
    let roles: Vec<String> = plugin.roles().iter().map(ToString::to_string).collect();
    if arguments.json {
        return print::json(&json!({
            "file": file, "digest": plugin.digest(), "size": inspection.size, "name": description.name,
            "version": description.version, "summary": description.summary, "roles": roles,
            "imports": inspection.imports, "exports": inspection.exports, "wants": description.wants,
            "operations": description.endpoints.iter().map(|one| endpoint(one)).collect::<Vec<_>>(),
            "features": description.features, "config_schema": description.config_schema,
        }))
        .map(|()| 0);
    }
    print::line(&format!(
        "{} {}: {}",
        description.name,
        description.version,
        print::plain(&description.summary)
    ));
    print::line(&format!("digest    sha256:{}", plugin.digest()));
    print::line(&format!("size      {}", print::size(inspection.size)));
    print::line(&format!("roles     {}", roles.join(", ")));
    print::line("imports");
    for import in &inspection.imports {
        print::line(&format!("  {}", print::plain(import)));
    }
    asks(description);
    print::line("features");
    for (name, value) in &description.features {
        print::line(&format!(
            "  {}: {}",
            print::plain(name),
            print::plain(value)
        ));
    }
    print::line("configuration");
    let schema = serde_json::to_string_pretty(&description.config_schema).unwrap_or_default();
    for text in schema.lines() {
        print::line(&format!("  {}", print::plain(text)));
    }
    Ok(0)
}

/// What it wants, and what it asks of the network.
fn asks(description: &Description) {
    print::line("wants");
    for want in &description.wants {
        let must = if want.required {
            "required"
        } else {
            "optional"
        };
        let access = if want.access == Access::Read {
            "read"
        } else {
            "write"
        };
        print::line(&format!(
            "  {} `{}` to {access} ({must}): {}",
            want.capability,
            print::plain(&want.name),
            print::plain(&want.reason)
        ));
    }
    if !description.endpoints.is_empty() {
        print::line("asks of the network");
    }
    for endpoint in &description.endpoints {
        print::line(&format!(
            "  {} of `{}`: {endpoint}",
            endpoint.name, endpoint.service
        ));
        print::line(&format!(
            "    {}: {}",
            verb(endpoint),
            print::plain(&endpoint.reason)
        ));
        let bind: Vec<&str> = endpoint.to_bind().into_iter().collect();
        if !bind.is_empty() {
            print::line(&format!("    to bind: {}", bind.join(", ")));
        }
    }
}
