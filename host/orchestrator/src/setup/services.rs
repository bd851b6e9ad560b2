//! Services proved to fit: wanted operations against grants, credentials against their schemes and origins.
//!
//! Never: asks a service, or reads a secret.

use std::sync::Arc;

use strongroom_config::{Diagnostic, Located, ScheduleSet};
use strongroom_domain::capability::Capability;
use strongroom_domain::egress::{Disagreement, ServiceGrant, disagreements};
use strongroom_domain::schedule::Schedule;
use strongroom_egress::auth;
use strongroom_sandbox::Plugin;

use super::misfit::{Found, Misfit, Unwanted};
use crate::call::prepared::Credentials;

/// Every credential that is right; what is wrong with the others is added to the problems.
pub(super) fn credentials(set: &ScheduleSet, misfit: &mut Misfit) -> Credentials {
    let mut right = Credentials::new();
    for (name, declared) in &set.credentials {
        match auth::check(&declared.credential) {
            Ok(()) => {
                right.insert(name.clone(), Arc::clone(&declared.credential));
            }
            Err(problems) => {
                misfit.refused = false;
                let shown = problems.iter().map(|problem| {
                    declared.problem(problem.key, problem.message.clone(), Some(&problem.hint))
                });
                misfit.problems.extend(shown);
            }
        }
    }
    right
}

/// Compares what a plugin wants of the network with what its schedule grants. What is granted and not wanted is taken back
/// from `given` where that is asked for.
pub(super) fn fit(
    located: &Located,
    plugin: &Plugin,
    unwanted: Unwanted,
    credentials: &Credentials,
    given: &mut Arc<Schedule>,
    found: &mut Found,
) {
    let grants = &located.schedule.grants.http;
    for disagreement in disagreements(&plugin.description().endpoints, grants) {
        if unwanted == Unwanted::Withhold && withhold(given, &disagreement) {
            continue;
        }
        // That it is never imported was said already.
        if matches!(disagreement, Disagreement::NotWanted { .. })
            && !plugin.imports(Capability::Http)
        {
            continue;
        }
        let name = &located.schedule.plugin;
        found
            .refused
            .push(explain(located, name.as_str(), plugin, &disagreement));
    }
    for (service, grant) in grants {
        found
            .wrong
            .extend(elsewhere(located, service, grant, credentials));
    }
}

/// A credential that is declared for another server than the one it would be shown to.
fn elsewhere(
    located: &Located,
    service: &str,
    grant: &ServiceGrant,
    credentials: &Credentials,
) -> Option<Diagnostic> {
    let credential = credentials.get(grant.credential.as_ref()?)?;
    if grant.origin.same_server(&credential.origin) {
        return None;
    }
    let message = format!(
        "credential `{}` is for {}, and this service is at {}",
        credential.name, credential.origin, grant.origin
    );
    let hint = "a credential is shown to one server only: declare another one for this";
    Some(located.problem(
        &format!("grants.http.{service}.credential"),
        message,
        Some(hint),
    ))
}

/// Takes back what is granted and not wanted; false: the disagreement is something else.
fn withhold(given: &mut Arc<Schedule>, disagreement: &Disagreement) -> bool {
    let services = &mut Arc::make_mut(&mut Arc::make_mut(given).grants).http;
    match disagreement {
        Disagreement::NotWanted { service } => services.remove(service).is_some(),
        Disagreement::UnknownEndpoint {
            service, endpoint, ..
        } => services.get_mut(service).is_some_and(|grant| {
            grant.endpoints.retain(|name| name != endpoint);
            !grant.endpoints.is_empty()
        }),
        Disagreement::BindsNothing {
            service, parameter, ..
        } => services
            .get_mut(service)
            .is_some_and(|grant| grant.bind.remove(parameter).is_some()),
        Disagreement::NotGranted { .. }
        | Disagreement::Unbound { .. }
        | Disagreement::NeverFits { .. } => false,
    }
}

fn explain(
    located: &Located,
    name: &str,
    plugin: &Plugin,
    disagreement: &Disagreement,
) -> Diagnostic {
    let listed = |names: &[String]| {
        names
            .iter()
            .map(|name| format!("`{name}`"))
            .collect::<Vec<_>>()
            .join(", ")
    };
    match disagreement {
        Disagreement::NotGranted { service, wanted } => {
            let reasons = plugin.description().endpoints.iter().filter(|endpoint| endpoint.service == *service);
            let reason = reasons.map(|endpoint| endpoint.reason.as_str()).find(|reason| !reason.is_empty()).unwrap_or("no reason given");
            let message = format!("`{name}` wants to send requests to its service `{service}` ({reason}), and none is granted");
            let hint = format!("add `[schedule.grants.http.{service}]` with `origin` and `operations`; the plugin names {}", listed(wanted));
            located.problem("grants", message, Some(&hint))
        }
        Disagreement::NotWanted { service } => located.problem(
            &format!("grants.http.{service}"),
            format!("service `{service}` is granted, but `{name}` does not want it"),
            Some("remove the grant: nothing is given that is not used"),
        ),
        Disagreement::UnknownEndpoint { service, endpoint, wanted } => located.problem(
            &format!("grants.http.{service}.operations"),
            format!("`{name}` has no operation `{endpoint}` of `{service}`"),
            Some(&format!("it has {}", listed(wanted))),
        ),
        Disagreement::Unbound { service, endpoint, parameter } => located.problem(
            &format!("grants.http.{service}.bind"),
            format!("`{endpoint}` of `{service}` needs to know which `{parameter}` is meant, and nothing binds it"),
            Some(&format!("write `bind = {{ {parameter} = \"…\" }}`: only what is named there can be reached")),
        ),
        Disagreement::NeverFits { service, parameter, value } => located.problem(
            &format!("grants.http.{service}.bind.{parameter}"),
            format!("no request can have `{value}` where `{parameter}` of `{service}` stands"),
            Some("it would open nothing: write a value that the provider knows, or remove it"),
        ),
        Disagreement::BindsNothing { service, parameter, parameters } => {
            let hint = match parameters.as_slice() {
                [] => "the granted operations have no parameters; remove it".to_owned(),
                some => format!("they have {}", listed(some)),
            };
            located.problem(
                &format!("grants.http.{service}.bind"),
                format!("no granted operation of `{service}` has the parameter `{parameter}`"),
                Some(&hint),
            )
        }
    }
}
