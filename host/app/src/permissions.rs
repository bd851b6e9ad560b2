//! What schedules may do, in words a person can approve; and what their plugins want beside and do not get.
//!
//! Owns: the words. Never: decides; what is said is what the host enforces.

use std::path::Path;

use serde::Serialize;
use strongroom_domain::capability::Capability;
use strongroom_domain::egress::{Endpoint, ServiceGrant};
use strongroom_domain::grants::{Access, Want};
use strongroom_orchestrator::{Prepared, Served};

/// What one schedule may do.
#[derive(Default, PartialEq, Eq, Serialize)]
pub struct Permissions {
    /// One line for each permission.
    pub may: Vec<String>,
    /// One line for each wish of the plugin that is not granted.
    pub may_not: Vec<String>,
}

impl Permissions {
    pub(crate) fn of(prepared: &Prepared) -> Self {
        let Served::Plugin {
            plugin,
            credentials,
            ..
        } = &prepared.served
        else {
            return Self::default();
        };
        let grants = &prepared.schedule.grants;
        let description = plugin.description();
        let mut said = Self::default();
        for (name, tree) in &grants.files {
            said.may.push(folder(name, tree.access, &tree.path));
        }
        if grants.state {
            let line = "keep: small notes between runs, for each tenant apart";
            said.may.push(line.to_owned());
        }
        for (service, grant) in &grants.http {
            let wanted = description.endpoints.iter();
            let granted =
                wanted.filter(|one| one.service == *service && grant.endpoints.contains(&one.name));
            said.may
                .extend(granted.map(|one| one.permission(&grant.origin, &grant.bind)));
            let scheme = grant
                .credential
                .as_ref()
                .and_then(|name| credentials.get(name))
                .map(|credential| credential.scheme.as_str());
            said.may.extend(how(grant, scheme));
        }
        for want in &description.wants {
            let granted = match want.capability {
                Capability::Files => want.name == "*" || grants.files.contains_key(&want.name),
                Capability::State => grants.state,
                // What of the network is granted, the endpoints say; the others need no grant.
                Capability::Http | Capability::Log | Capability::Progress => true,
            };
            if !granted {
                said.may_not.push(wish(want));
            }
        }
        for endpoint in &description.endpoints {
            let granted = grants.http.get(&endpoint.service);
            if !granted.is_some_and(|grant| grant.endpoints.contains(&endpoint.name)) {
                said.may_not
                    .push(format!("`{}`: {}", endpoint.name, endpoint_wish(endpoint)));
            }
        }
        said
    }
}

fn folder(name: &str, access: Access, path: &Path) -> String {
    let path = path.display();
    match access {
        Access::Read => format!("read: everything in {path}, as `{name}`"),
        Access::Write => {
            format!("read, make, change and remove: everything in {path}, as `{name}`")
        }
    }
}

/// How a service is reached, and as whom.
fn how(grant: &ServiceGrant, scheme: Option<&str>) -> Vec<String> {
    let mut lines = Vec::new();
    match &grant.credential {
        Some(name) => {
            let scheme = scheme.map_or_else(String::new, |scheme| format!(" ({scheme})"));
            lines.push(format!("as `{name}`{scheme}, which only the host knows"));
        }
        None => lines.push(format!(
            "as nobody: {} is shown no credential",
            grant.origin
        )),
    }
    if !grant.addresses.is_empty() {
        let listed: Vec<String> = grant.addresses.iter().map(ToString::to_string).collect();
        lines.push(format!(
            "at addresses that are not public: {}",
            listed.join(", ")
        ));
    }
    if let Some(file) = &grant.trust {
        lines.push(format!(
            "trusting only the certificates in {}",
            file.display()
        ));
    }
    lines
}

fn wish(want: &Want) -> String {
    let verb = match (want.capability, want.access) {
        (Capability::Files, Access::Read) => format!("read a folder as `{}`", want.name),
        (Capability::Files, Access::Write) => format!("change a folder as `{}`", want.name),
        (Capability::State, _) => "keep small notes between runs".to_owned(),
        (Capability::Http, _) => "send requests".to_owned(),
        (Capability::Log, _) => "write to the log".to_owned(),
        (Capability::Progress, _) => "tell how far it is".to_owned(),
    };
    because(verb, &want.reason)
}

fn endpoint_wish(endpoint: &Endpoint) -> String {
    because(
        format!("{endpoint} of `{}`", endpoint.service),
        &endpoint.reason,
    )
}

fn because(what: String, reason: &str) -> String {
    if reason.is_empty() {
        what
    } else {
        format!("{what} ({reason})")
    }
}
