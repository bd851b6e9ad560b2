//! `strongroom plugin`: the plugin files a host knows, and what a file is, imports and wants.

use std::path::Path;

use strongroom_app::plugins::{self, InspectedPlugin, KnownPlugin};
use strongroom_domain::grants::Access;

use super::*;
use crate::arguments::Plugin;

pub(super) async fn run(at: &Installation, json: bool, command: &Plugin) -> Result<u8, Error> {
    match command {
        Plugin::List => list(at, json).await,
        Plugin::Inspect { file } => inspect(at, json, file).await,
        Plugin::Test(options) => plugin_test::test(at, json, options).await,
    }
}

async fn list(at: &Installation, json: bool) -> Result<u8, Error> {
    let rows = plugins::list(at).await?;
    print::result(json, &rows, || {
        let cells = |row: &KnownPlugin| {
            [
                row.name.to_string(),
                plain(&row.version),
                row.digest.chars().take(12).collect(),
                row.state.as_str().to_owned(),
                utc(row.since),
                plain(&row.person),
                plain(&row.reason),
            ]
        };
        let rows: Vec<_> = rows.iter().map(cells).collect();
        let headings = ["PLUGIN", "VERSION", "DIGEST", "STATE", "SINCE", "BY", "WHY"];
        print::table(headings, &rows, "No host has loaded a plugin yet.");
    })
}

async fn inspect(at: &Installation, json: bool, file: &Path) -> Result<u8, Error> {
    let inspected = plugins::inspect(at, file).await?;
    print::result(json, &inspected, || {
        let description = inspected.description();
        let (name, version) = (&description.name, &description.version);
        out!("{name} {version}: {}", plain(&description.summary));
        out!("digest    sha256:{}", inspected.digest());
        out!("size      {}", size(inspected.component.size));
        out!("roles     {}", inspected.roles().join(", "));
        out!("imports");
        for import in &inspected.component.imports {
            out!("  {}", plain(import));
        }
        asks(&inspected);
        out!("features");
        for (name, value) in &description.features {
            out!("  {}: {}", plain(name), plain(value));
        }
        out!("configuration");
        let schema = serde_json::to_string_pretty(&description.config_schema).unwrap_or_default();
        for text in schema.lines() {
            out!("  {}", plain(text));
        }
    })
}

/// What it wants, and what it asks of the network.
fn asks(inspected: &InspectedPlugin<'_>) {
    let description = inspected.description();
    out!("wants");
    for want in &description.wants {
        let must = match want.required {
            true => "required",
            false => "optional",
        };
        let access = match want.access {
            Access::Read => "read",
            Access::Write => "write",
        };
        let (capability, name, reason) = (&want.capability, plain(&want.name), plain(&want.reason));
        out!("  {capability} `{name}` to {access} ({must}): {reason}");
    }
    if !description.endpoints.is_empty() {
        out!("asks of the network");
    }
    for endpoint in &description.endpoints {
        let verb = match endpoint.access {
            Access::Read => "reads",
            Access::Write => "changes",
        };
        out!("  {} of `{}`: {endpoint}", endpoint.name, endpoint.service);
        out!("    {verb}: {}", plain(&endpoint.reason));
        let bind: Vec<&str> = endpoint.to_bind().into_iter().collect();
        if !bind.is_empty() {
            out!("    to bind: {}", bind.join(", "));
        }
    }
}
