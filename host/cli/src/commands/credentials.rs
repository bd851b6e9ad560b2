//! `strongroom credentials`: how the host proves who it is, and the schemes there are. Never a secret.

use serde_json::json;
use strongroom_orchestrator::{SCHEMES, SchemeText};

use crate::arguments::{Arguments, Credentials};
use crate::compose;
use crate::error::CliError;
use crate::print;

pub(crate) fn run(arguments: &Arguments, options: &Credentials) -> Result<u8, CliError> {
    if options.schemes {
        return schemes(arguments);
    }
    let set = compose::schedules(arguments)?;
    let used = |name: &strongroom_domain::CredentialName| {
        let grants = set
            .schedules
            .iter()
            .flat_map(|located| located.schedule.grants.http.values());
        grants
            .filter(|grant| grant.credential.as_ref() == Some(name))
            .count()
    };
    if arguments.json {
        let value = |(name, declared): (
            &strongroom_domain::CredentialName,
            &strongroom_config::Declared,
        )| {
            let credential = &declared.credential;
            json!({
                "name": name, "scheme": credential.scheme, "origin": credential.origin, "secret": credential.secret.to_string(),
                "user": credential.user, "file": declared.file(), "grants": used(name),
            })
        };
        return print::json(&set.credentials.iter().map(value).collect::<Vec<_>>()).map(|()| 0);
    }
    if set.credentials.is_empty() {
        print::line("No credential is declared: `[[credential]]` in a schedule file declares one.");
        return Ok(0);
    }
    let cells = |(name, declared): (
        &strongroom_domain::CredentialName,
        &strongroom_config::Declared,
    )| {
        let credential = &declared.credential;
        vec![
            name.to_string(),
            print::plain(&credential.scheme),
            credential.origin.to_string(),
            print::plain(&credential.secret.to_string()),
            used(name).to_string(),
        ]
    };
    let cells: Vec<Vec<String>> = set.credentials.iter().map(cells).collect();
    print::table(
        &["CREDENTIAL", "SCHEME", "ONLY TO", "SECRET FROM", "GRANTS"],
        &cells,
    );
    Ok(0)
}

fn schemes(arguments: &Arguments) -> Result<u8, CliError> {
    if arguments.json {
        let value = |scheme: &SchemeText| json!({ "scheme": scheme.name, "what": scheme.sentence, "needed": scheme.needed, "optional": scheme.optional });
        return print::json(&SCHEMES.iter().map(value).collect::<Vec<_>>()).map(|()| 0);
    }
    print::line("Every credential has `name`, `scheme`, `origin` and `secret`.");
    for scheme in &SCHEMES {
        print::line("");
        print::line(scheme.name);
        print::line(&format!("  {}", scheme.sentence));
        for (what, keys) in [("needs", scheme.needed), ("may have", scheme.optional)] {
            if !keys.is_empty() {
                print::line(&format!("  {what} {}", keys.join(", ")));
            }
        }
    }
    Ok(0)
}
