//! Names of schedules, plugins and tenants.
//!
//! Owns: what to say of a name that is none, and lists of tenants.
//! Never: the rule for names; the domain has it.

use std::collections::HashMap;
use std::ops::Range;

use strongroom_domain::{InvalidName, TenantName};

use crate::interner::Interner;
use crate::problems::{Problems, shortened};
use crate::raw::TENANTS_LIMIT;
use crate::reader::At;

/// The name, or `None` and a reported problem.
pub(super) fn named<T>(
    what: &str,
    new: impl Fn(&str) -> Result<T, InvalidName>,
    at: &At<String>,
    problems: &mut Problems,
) -> Option<T> {
    let invalid = match new(&at.value) {
        Ok(name) => return Some(name),
        Err(invalid) => invalid,
    };
    let message = format!(
        "`{}` cannot be the name of {what}: {}",
        shortened(&at.value),
        invalid.reason
    );
    let mended = mended(&at.value);
    let hint = match new(&mended) {
        Ok(_) => format!("write `\"{mended}\"`"),
        Err(_) => "names are 1 to 63 lower-case letters, digits and inner hyphens".to_owned(),
    };
    problems.error(&at.span, message, hint);
    None
}

/// The name that a person probably wants.
fn mended(text: &str) -> String {
    let letters = text.trim().chars().map(|c| {
        if c.is_ascii_alphanumeric() {
            c.to_ascii_lowercase()
        } else {
            '-'
        }
    });
    let joined: String = letters.collect();
    joined
        .split('-')
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join("-")
}

/// The tenants; what is wrong is reported and left out.
pub(super) fn tenants(
    raw: Option<&At<Vec<At<String>>>>,
    interner: &mut Interner,
    problems: &mut Problems,
) -> Vec<TenantName> {
    let Some(list) = raw else {
        return Vec::new();
    };
    if list.value.is_empty() {
        problems.error(
            &list.span,
            "`tenants` names nobody",
            "write at least one, as in `tenants = [\"acme\"]`",
        );
    }
    if list.value.len() > TENANTS_LIMIT {
        let message = format!("`tenants` names {} tenants", list.value.len());
        problems.error(
            &list.span,
            message,
            format!("at most {TENANTS_LIMIT}; divide them over several schedules"),
        );
    }
    let mut first: HashMap<TenantName, &Range<usize>> = HashMap::new();
    let mut tenants = Vec::with_capacity(list.value.len());
    for at in &list.value {
        let Some(tenant) = named("a tenant", TenantName::new, at, problems) else {
            continue;
        };
        if let Some(before) = first.get(&tenant) {
            let problem = problems.at(&at.span, format!("`{tenant}` is named twice"), "remove one");
            let problem = problem.noted(&problems.source, (*before).clone(), "first named here");
            problems.add(problem);
        } else {
            if list.value.len() > 1 {
                first.insert(tenant.clone(), &at.span);
            }
            tenants.push(interner.tenant(tenant));
        }
    }
    tenants
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bad_name_is_mended_to_a_likely_one() {
        assert_eq!(mended(" Acme Daily_(new) "), "acme-daily-new");
        assert_eq!(mended("é"), "");
    }
}
