//! `strongroom credentials`.

use serde_json::{Value, json};
use strongroom_app::credentials::{self, CredentialEntry};
use strongroom_app::{SCHEMES, SchemeText};

use super::*;
use crate::arguments::Credentials;

pub(super) fn run(at: &Installation, json: bool, options: &Credentials) -> Result<u8, Error> {
    if options.schemes {
        return schemes(json);
    }
    let entries = credentials::list(at)?;
    print::result(json, &entries, || {
        let cells = |entry: &CredentialEntry| {
            let one = entry.credential();
            [
                one.name.to_string(),
                plain(&one.scheme),
                one.origin.to_string(),
                plain(&one.secret.to_string()),
                entry.grants.to_string(),
            ]
        };
        let rows: Vec<_> = entries.iter().map(cells).collect();
        print::table(
            ["CREDENTIAL", "SCHEME", "ONLY TO", "SECRET FROM", "GRANTS"],
            &rows,
            "No credential is declared: `[[credential]]` in a schedule file declares one.",
        );
    })
}

fn schemes(json: bool) -> Result<u8, Error> {
    let value = |scheme: &SchemeText| json!({ "scheme": scheme.name, "what": scheme.sentence, "needed": scheme.needed, "optional": scheme.optional });
    let values: Vec<Value> = SCHEMES.iter().map(value).collect();
    print::result(json, &values, || {
        out!("Every credential has `name`, `scheme`, `origin` and `secret`.");
        for scheme in &SCHEMES {
            out!("\n{}\n  {}", scheme.name, scheme.sentence);
            for (what, keys) in [("needs", scheme.needed), ("may have", scheme.optional)] {
                if !keys.is_empty() {
                    out!("  {what} {}", keys.join(", "));
                }
            }
        }
    })
}
