//! Services that a schedule opens to its plugin: `[schedule.grants.http.SERVICE]`.
//!
//! Owns: what a grant must have by itself.
//! Never: whether the plugin wants it, or whether the credential exists.
//! Read next: `strongroom_domain::egress`.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::ops::RangeInclusive;
use std::time::Duration;

use serde_json::Value;
use strongroom_domain::CredentialName;
use strongroom_domain::egress::{AddressRange, Origin, Scheme, ServiceGrant};

use super::lengths::length;
use super::names::named;
use super::paths::file;
use super::size;
use crate::problems::{Problems, shortened};
use crate::raw::RawService;
use crate::reader::{At, RawTable};

/// How long a request takes if nothing is said.
const TIMEOUT: Duration = Duration::from_secs(30);
/// A provider that works for longer on one request answers with an operation.
const TIMEOUTS: RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_secs(600);
/// The largest answer if nothing is said.
const ANSWER: u64 = 8 << 20;
/// Answers are held whole.
const ANSWERS: RangeInclusive<u64> = 1 << 10..=64 << 20;

/// The services; what is wrong is reported and left out.
pub(super) fn services(
    raw: Option<&At<BTreeMap<String, At<RawService>>>>,
    problems: &mut Problems,
) -> BTreeMap<String, ServiceGrant> {
    let found = raw.into_iter().flat_map(|at| &at.value);
    found
        .filter_map(|(name, raw)| Some((name.clone(), service(name, raw, problems)?)))
        .collect()
}

fn service(name: &str, raw: &At<RawService>, problems: &mut Problems) -> Option<ServiceGrant> {
    for key in raw.missing() {
        let what = format!("the granted service `{}`", shortened(name));
        problems.missing(&what, key, &raw.span);
    }
    let origin = raw.origin.as_ref().and_then(|at| place(at, problems));
    let addresses = addresses(raw.addresses.as_ref(), problems);
    if let (
        Some(at),
        Some(Origin {
            scheme: Scheme::Http,
            ..
        }),
    ) = (&raw.origin, &origin)
        && addresses.is_empty()
    {
        let hint = "write `https://`, or name the address of a machine of your own in `addresses`";
        problems.error(
            &at.span,
            "requests would travel in the clear to any address",
            hint,
        );
    }
    let credential = raw.credential.as_ref();
    let credential =
        credential.and_then(|at| named("a credential", CredentialName::new, at, problems));
    let bytes = raw.answer.as_ref().map_or(Some(ANSWER), |at| {
        size::bytes_within("answer", at, ANSWERS, problems)
    });
    Some(ServiceGrant {
        endpoints: operations(raw.operations.as_ref(), problems),
        bind: raw
            .bind
            .as_ref()
            .map(|at| bind(at, problems))
            .unwrap_or_default(),
        credential,
        addresses,
        trust: raw.trust.as_ref().and_then(|at| file(at, problems)),
        time: length("timeout", raw.timeout.as_ref(), TIMEOUT, TIMEOUTS, problems),
        bytes: bytes?,
        origin: origin?,
    })
}

/// Where something is.
pub(super) fn place(at: &At<String>, problems: &mut Problems) -> Option<Origin> {
    said(
        at,
        Origin::parse(&at.value),
        "is not a place",
        "write scheme and host, as in `\"https://compute.example.com\"`",
        problems,
    )
}

/// Addresses that are not public.
pub(super) fn addresses(
    raw: Option<&At<Vec<At<String>>>>,
    problems: &mut Problems,
) -> Vec<AddressRange> {
    let mut ranges: Vec<AddressRange> = raw
        .iter()
        .flat_map(|at| &at.value)
        .filter_map(|at| {
            said(
                at,
                AddressRange::parse(&at.value),
                "is not a range of addresses",
                "write an address or a range, as in `\"10.20.0.0/16\"`",
                problems,
            )
        })
        .collect();
    ranges.sort();
    ranges.dedup();
    ranges
}

fn said<T, E: Display>(
    at: &At<String>,
    read: Result<T, E>,
    what: &str,
    hint: &str,
    problems: &mut Problems,
) -> Option<T> {
    read.map_err(|reason| {
        problems.error(
            &at.span,
            format!("`{}` {what}: {reason}", shortened(&at.value)),
            hint,
        );
    })
    .ok()
}

fn operations(raw: Option<&At<Vec<At<String>>>>, problems: &mut Problems) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for at in raw.iter().flat_map(|at| &at.value) {
        if at.value == "*" {
            let hint = "name each one: a new version of the plugin may want more";
            problems.error(&at.span, "`*` is not an operation", hint);
        } else if names.contains(&at.value) {
            problems.error(
                &at.span,
                format!("the operation `{}` is there twice", shortened(&at.value)),
                "remove one of them",
            );
        } else {
            names.push(at.value.clone());
        }
    }
    if let Some(at) = raw.filter(|at| at.value.is_empty()) {
        problems.error(
            &at.span,
            "no operation is allowed",
            "name at least one, or remove the grant",
        );
    }
    names.sort();
    names
}

fn bind(
    at: &At<serde_json::Map<String, Value>>,
    problems: &mut Problems,
) -> BTreeMap<String, Vec<String>> {
    let mut bound = BTreeMap::new();
    for (name, value) in &at.value {
        let texts: Option<Vec<String>> = match value {
            Value::String(text) => Some(vec![text.clone()]),
            Value::Array(list) => list
                .iter()
                .map(|item| item.as_str().map(str::to_owned))
                .collect(),
            _ => None,
        };
        if texts.as_ref().is_some_and(Vec::is_empty) {
            let message = format!(
                "`bind.{}` is an empty list: it fits nothing",
                shortened(name)
            );
            problems.error(
                &at.span,
                message,
                "name at least one value, or remove the operations that need it",
            );
            continue;
        }
        let Some(texts) = texts.filter(|texts| !texts.is_empty()) else {
            let message = format!(
                "`bind.{}` is neither a text nor a list of texts",
                shortened(name)
            );
            problems.error(
                &at.span,
                message,
                "for example: `bind = { project = \"acme\", zone = [\"a\", \"b\"] }`",
            );
            continue;
        };
        if name == "tenant" {
            let message = "`bind.tenant` is always the name of the tenant";
            problems.error(&at.span, message, "remove it");
            continue;
        }
        let braces = |text: &String| {
            text.replace("{tenant}", "").contains(['{', '}', '/'])
                || text.contains(char::is_control)
        };
        if let Some(text) = texts.iter().find(|text| text.is_empty() || braces(text)) {
            let message = format!("`bind.{}` cannot be `{}`", shortened(name), shortened(text));
            problems.error(
                &at.span,
                message,
                "a value is one part of a path: no slash, and no braces but `{tenant}`",
            );
            continue;
        }
        bound.insert(name.clone(), texts);
    }
    bound
}
