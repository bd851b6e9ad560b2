//! What an operator grants: where a service is, which of the wanted endpoints, with which values.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::address::AddressRange;
use super::endpoint::Endpoint;
use super::origin::Origin;
use super::template::Values;
use crate::CredentialName;

/// The grant of one service of a plugin.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ServiceGrant {
    /// Where the service is.
    pub origin: Origin,
    /// The names of the endpoints, in order, none twice.
    #[serde(rename = "operations")]
    pub endpoints: Vec<String>,
    /// The values of parameters; `{tenant}` stands for the tenant's name, `*` for any run of characters.
    pub bind: BTreeMap<String, Vec<String>>,
    /// The credential the host shows there; absent: none.
    pub credential: Option<CredentialName>,
    /// Addresses that are not public and may be dialled all the same.
    pub addresses: Vec<AddressRange>,
    /// A file of certificates (PEM) that are trusted instead of the system's.
    pub trust: Option<PathBuf>,
    /// From the first byte sent to the last received of one request.
    pub time: Duration,
    /// The most bytes of one answer.
    pub bytes: u64,
}

impl ServiceGrant {
    /// The values parameters may have for one tenant.
    #[must_use]
    pub fn values(&self, tenant: &str) -> Values {
        let filled = |patterns: &Vec<String>| {
            patterns
                .iter()
                .map(|text| text.replace("{tenant}", tenant))
                .collect()
        };
        let mut values: Values = self
            .bind
            .iter()
            .map(|(name, patterns)| (name.clone(), filled(patterns)))
            .collect();
        values.insert(super::template::TENANT.to_owned(), vec![tenant.to_owned()]);
        values
    }
}

/// A difference between the endpoints that a plugin wants and those that are granted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Disagreement {
    /// The plugin wants endpoints of a service, and none is granted.
    NotGranted {
        /// The service.
        service: String,
        /// The endpoints that the plugin wants there.
        wanted: Vec<String>,
    },
    /// A service is granted that the plugin does not want.
    NotWanted {
        /// The service.
        service: String,
    },
    /// An endpoint is granted that the plugin does not want.
    UnknownEndpoint {
        /// The service.
        service: String,
        /// The endpoint.
        endpoint: String,
        /// The endpoints that the plugin wants there.
        wanted: Vec<String>,
    },
    /// A parameter of a granted endpoint has no value.
    Unbound {
        /// The service.
        service: String,
        /// The endpoint.
        endpoint: String,
        /// The parameter.
        parameter: String,
    },
    /// A value is given to a parameter that no granted endpoint has.
    BindsNothing {
        /// The service.
        service: String,
        /// The parameter.
        parameter: String,
        /// The parameters there are.
        parameters: Vec<String>,
    },
    /// A value is given that no request can have where its parameter stands.
    NeverFits {
        /// The service.
        service: String,
        /// The parameter.
        parameter: String,
        /// The value.
        value: String,
    },
}

/// Compares what a plugin wants with what is granted; empty if they agree.
#[must_use]
pub fn disagreements(
    wanted: &[Arc<Endpoint>],
    granted: &BTreeMap<String, ServiceGrant>,
) -> Vec<Disagreement> {
    let mut found = Vec::new();
    let services: BTreeSet<&str> = wanted
        .iter()
        .map(|endpoint| endpoint.service.as_str())
        .collect();
    for service in services {
        if granted
            .get(service)
            .is_none_or(|grant| grant.endpoints.is_empty())
        {
            let wanted = of(wanted, service)
                .map(|endpoint| endpoint.name.clone())
                .collect();
            found.push(Disagreement::NotGranted {
                service: service.to_owned(),
                wanted,
            });
        }
    }
    for (service, grant) in granted {
        let offered: Vec<&Endpoint> = of(wanted, service).collect();
        if offered.is_empty() {
            found.push(Disagreement::NotWanted {
                service: service.clone(),
            });
            continue;
        }
        one_service(service, grant, &offered, &mut found);
    }
    found
}

fn of<'a>(wanted: &'a [Arc<Endpoint>], service: &str) -> impl Iterator<Item = &'a Endpoint> {
    wanted
        .iter()
        .map(AsRef::as_ref)
        .filter(move |endpoint: &&Endpoint| endpoint.service == service)
}

fn one_service(
    service: &str,
    grant: &ServiceGrant,
    offered: &[&Endpoint],
    found: &mut Vec<Disagreement>,
) {
    let service = service.to_owned();
    let mut parameters = BTreeSet::new();
    let granted = |endpoint: &&Endpoint| grant.endpoints.contains(&endpoint.name);
    let granted: Vec<&Endpoint> = offered.iter().copied().filter(granted).collect();
    for name in &grant.endpoints {
        let Some(endpoint) = offered.iter().find(|endpoint| endpoint.name == *name) else {
            found.push(Disagreement::UnknownEndpoint {
                service: service.clone(),
                endpoint: name.clone(),
                wanted: offered
                    .iter()
                    .map(|endpoint| endpoint.name.clone())
                    .collect(),
            });
            continue;
        };
        parameters.extend(endpoint.parameters());
        let unbound = endpoint
            .to_bind()
            .into_iter()
            .filter(|name| !grant.bind.contains_key(*name));
        found.extend(unbound.map(|parameter| Disagreement::Unbound {
            service: service.clone(),
            endpoint: name.clone(),
            parameter: parameter.to_owned(),
        }));
    }
    let idle = grant
        .bind
        .keys()
        .filter(|name| !parameters.contains(name.as_str()));
    found.extend(idle.map(|parameter| Disagreement::BindsNothing {
        service: service.clone(),
        parameter: parameter.clone(),
        parameters: parameters.iter().map(|&name| name.to_owned()).collect(),
    }));
    for (parameter, values) in &grant.bind {
        let about: Vec<&&Endpoint> = granted
            .iter()
            .filter(|one| one.parameters().contains(parameter.as_str()))
            .collect();
        let never = |value: &&String| {
            !about.is_empty() && !about.iter().any(|one| one.could_take(parameter, value))
        };
        let never = values.iter().filter(never);
        found.extend(never.map(|value| Disagreement::NeverFits {
            service: service.clone(),
            parameter: parameter.clone(),
            value: value.clone(),
        }));
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::egress::endpoint::tests::create;

    /// A grant of these endpoints with these values.
    pub(in crate::egress) fn grant(endpoints: &[&str], bind: &[(&str, &[&str])]) -> ServiceGrant {
        let values = |values: &[&str]| values.iter().map(|&value| value.to_owned()).collect();
        ServiceGrant {
            origin: Origin::parse("https://compute.example.com/v1").unwrap(),
            endpoints: endpoints.iter().map(|&name| name.to_owned()).collect(),
            bind: bind
                .iter()
                .map(|(name, texts)| ((*name).to_owned(), values(texts)))
                .collect(),
            credential: None,
            addresses: Vec::new(),
            trust: None,
            time: Duration::from_secs(30),
            bytes: 1 << 20,
        }
    }

    #[test]
    fn every_difference_is_named() {
        let wanted = [Arc::new(Endpoint::parse(create()).unwrap())];
        let compared = |grants: &[(&str, ServiceGrant)]| {
            let granted = grants
                .iter()
                .map(|(name, grant)| ((*name).to_owned(), grant.clone()))
                .collect();
            disagreements(&wanted, &granted)
        };
        let bind: &[(&str, &[&str])] = &[("project", &["acme"]), ("disk", &["data"])];
        assert_eq!(
            compared(&[("compute", grant(&["create-snapshot"], bind))]),
            []
        );
        assert!(
            matches!(&compared(&[])[..], [Disagreement::NotGranted { service, .. }] if service == "compute")
        );
        assert!(
            matches!(&compared(&[("compute", grant(&["create-snapshot"], bind)), ("mail", grant(&[], &[]))])[..],
            [Disagreement::NotWanted { service }] if service == "mail")
        );
        assert!(
            matches!(&compared(&[("compute", grant(&["create-snapshot", "drop-all"], bind))])[..],
            [Disagreement::UnknownEndpoint { endpoint, .. }] if endpoint == "drop-all")
        );
        assert!(
            matches!(&compared(&[("compute", grant(&["create-snapshot"], &bind[..1]))])[..],
            [Disagreement::Unbound { parameter, .. }] if parameter == "disk")
        );
        let more: &[(&str, &[&str])] = &[
            ("project", &["acme"]),
            ("disk", &["data"]),
            ("zone", &["a"]),
        ];
        assert!(
            matches!(&compared(&[("compute", grant(&["create-snapshot"], more))])[..],
            [Disagreement::BindsNothing { parameter, .. }] if parameter == "zone")
        );
        let never: &[(&str, &[&str])] = &[("project", &["acme", ".."]), ("disk", &["a\\b"])];
        let found = compared(&[("compute", grant(&["create-snapshot"], never))]);
        let values: Vec<&str> = found
            .iter()
            .filter_map(|one| match one {
                Disagreement::NeverFits { value, .. } => Some(value.as_str()),
                _ => None,
            })
            .collect();
        assert_eq!(values, ["a\\b", ".."]);
        let fits: &[(&str, &[&str])] = &[("project", &["acme", "*"]), ("disk", &["{tenant}-*"])];
        assert_eq!(
            compared(&[("compute", grant(&["create-snapshot"], fits))]),
            []
        );
    }
}
