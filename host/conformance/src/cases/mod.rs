//! The cases, by subject, in the order in which they run: what changes nothing first, what deletes last.
//!
//! Owns: the list. A case makes what it needs, so that each may run alone.

mod basics;
mod creating;
mod deleting;
mod dry;
mod features;
mod operations;
mod reading;
mod restoring;
mod tenants;
mod trouble;
mod trouble_after;

use std::collections::BTreeSet;

use super::Case;
use super::context::call::{TestCall, Told, ensure};
use super::messages;

/// Every case.
pub(super) const ALL: &[&[Case]] = &[
    basics::CASES,
    dry::FIRST,
    creating::CASES,
    operations::CASES,
    reading::CASES,
    tenants::CASES,
    dry::CASES,
    features::CASES,
    trouble::CASES,
    trouble_after::CASES,
    restoring::CASES,
    deleting::CASES,
    trouble_after::LAST,
    features::LAST,
];

/// That exactly this one is listed beside what was there before.
async fn is_the_only_new_one(
    call: &TestCall<'_>,
    before: &BTreeSet<String>,
    reference: &str,
) -> Told<()> {
    let after = call.references().await?;
    let new: BTreeSet<&str> = after.difference(before).map(String::as_str).collect();
    ensure(new == BTreeSet::from([reference]), || {
        let new = match new.len() {
            0 => "nothing new is listed".to_owned(),
            count => format!("{count} new ones are listed: {}", messages::names(&new)),
        };
        format!(
            "one snapshot was to be made, `{}`, and {new}",
            messages::short(reference)
        )
    })
}

/// That the same is listed as before.
async fn is_unchanged(call: &TestCall<'_>, before: &BTreeSet<String>, doing: &str) -> Told<()> {
    let after = call.references().await?;
    let new: Vec<&String> = after.difference(before).collect();
    let gone: Vec<&String> = before.difference(&after).collect();
    ensure(new.is_empty() && gone.is_empty(), || {
        let mut changes = Vec::new();
        if !new.is_empty() {
            changes.push(format!("{} came", messages::names(new)));
        }
        if !gone.is_empty() {
            changes.push(format!("{} went", messages::names(gone)));
        }
        format!("{doing} changed what is listed: {}", changes.join(", "))
    })
}
