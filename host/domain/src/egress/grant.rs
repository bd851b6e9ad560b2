//! What an operator gives: where a service is, which of the wanted operations, with which values.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::address::AddressRange;
use super::operation::Operation;
use super::origin::Origin;
use super::template::Values;
use crate::CredentialName;

/// One service of a plugin, opened to it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ServiceGrant {
    /// Where it is.
    pub origin: Origin,
    /// The names of the operations, in order, none twice.
    pub operations: Vec<String>,
    /// What parameters may be; `{tenant}` stands for the tenant's name, `*` for any run of characters.
    pub bind: BTreeMap<String, Vec<String>>,
    /// How the host proves there who it is; absent: it does not.
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
    /// What parameters may be for one tenant.
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

/// A difference between the operations that a plugin wants and those that are granted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Disagreement {
    /// The plugin wants operations of a service, and none is granted.
    NotGranted {
        /// The service.
        service: String,
        /// What the plugin wants of it.
        wanted: Vec<String>,
    },
    /// A service is granted that the plugin does not want.
    NotWanted {
        /// The service.
        service: String,
    },
    /// An operation is granted that the plugin does not want.
    UnknownOperation {
        /// The service.
        service: String,
        /// The operation.
        operation: String,
        /// What the plugin wants of it.
        wanted: Vec<String>,
    },
    /// A parameter of a granted operation has no value.
    Unbound {
        /// The service.
        service: String,
        /// The operation.
        operation: String,
        /// The parameter.
        parameter: String,
    },
    /// A value is given to a parameter that no granted operation has.
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

/// Compares; empty: they agree.
#[must_use]
pub fn disagreements(
    wanted: &[Operation],
    granted: &BTreeMap<String, ServiceGrant>,
) -> Vec<Disagreement> {
    let mut found = Vec::new();
    let services: BTreeSet<&str> = wanted
        .iter()
        .map(|operation| operation.service.as_str())
        .collect();
    for service in services {
        if granted
            .get(service)
            .is_none_or(|grant| grant.operations.is_empty())
        {
            let wanted = of(wanted, service)
                .map(|operation| operation.name.clone())
                .collect();
            found.push(Disagreement::NotGranted {
                service: service.to_owned(),
                wanted,
            });
        }
    }
    for (service, grant) in granted {
        let offered: Vec<&Operation> = of(wanted, service).collect();
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

fn of<'a>(wanted: &'a [Operation], service: &str) -> impl Iterator<Item = &'a Operation> {
    wanted
        .iter()
        .filter(move |operation| operation.service == service)
}

fn one_service(
    service: &str,
    grant: &ServiceGrant,
    offered: &[&Operation],
    found: &mut Vec<Disagreement>,
) {
    let service = service.to_owned();
    let mut parameters = BTreeSet::new();
    let granted = |operation: &&Operation| grant.operations.contains(&operation.name);
    let granted: Vec<&Operation> = offered.iter().copied().filter(granted).collect();
    for name in &grant.operations {
        let Some(operation) = offered.iter().find(|operation| operation.name == *name) else {
            found.push(Disagreement::UnknownOperation {
                service: service.clone(),
                operation: name.clone(),
                wanted: offered
                    .iter()
                    .map(|operation| operation.name.clone())
                    .collect(),
            });
            continue;
        };
        parameters.extend(operation.parameters());
        let unbound = operation
            .to_bind()
            .into_iter()
            .filter(|name| !grant.bind.contains_key(*name));
        found.extend(unbound.map(|parameter| Disagreement::Unbound {
            service: service.clone(),
            operation: name.clone(),
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
        let about: Vec<&&Operation> = granted
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
    use crate::egress::operation::tests::create;

    /// A grant of these operations with these values.
    pub(in crate::egress) fn grant(operations: &[&str], bind: &[(&str, &[&str])]) -> ServiceGrant {
        let values = |values: &[&str]| values.iter().map(|&value| value.to_owned()).collect();
        ServiceGrant {
            origin: Origin::parse("https://compute.example.com/v1").unwrap(),
            operations: operations.iter().map(|&name| name.to_owned()).collect(),
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
        let wanted = [Operation::read(create()).unwrap()];
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
            [Disagreement::UnknownOperation { operation, .. }] if operation == "drop-all")
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
