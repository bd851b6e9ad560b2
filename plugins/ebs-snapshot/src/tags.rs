//! Tags: whose a snapshot is, which run made it, what a volume is for.
//!
//! Owns: their keys. EC2 gives ids of its own and knows no key of idempotency for snapshots, so the tags, which come into
//! being together with the snapshot, are what a repeated call finds it by.

use std::collections::BTreeMap;

/// Whose data.
pub(crate) const TENANT: &str = "strongroom:tenant";
/// The run that made it.
pub(crate) const RUN: &str = "strongroom:run";
/// What a volume was made for: [`RESTORE`] or [`VERIFY`].
pub(crate) const PURPOSE: &str = "strongroom:purpose";
/// Of a copy: `REGION/SNAPSHOT`.
pub(crate) const COPIED_FROM: &str = "strongroom:copied-from";
/// The name people see.
pub(crate) const NAME: &str = "Name";

/// A volume that was restored.
pub(crate) const RESTORE: &str = "restore";
/// A scratch volume.
pub(crate) const VERIFY: &str = "verify";

/// The tags of one thing.
pub(crate) type Tags = BTreeMap<String, String>;

/// Tags as pairs of a form, for something of this kind.
pub(crate) fn form(kind: &str, tags: &[(&str, &str)]) -> Vec<(String, String)> {
    let mut pairs = vec![(
        "TagSpecification.1.ResourceType".to_owned(),
        kind.to_owned(),
    )];
    for (at, (key, value)) in tags.iter().enumerate() {
        let tag = format!("TagSpecification.1.Tag.{}", at + 1);
        pairs.push((format!("{tag}.Key"), (*key).to_owned()));
        pairs.push((format!("{tag}.Value"), (*value).to_owned()));
    }
    pairs
}

/// Whether a thing has each of these tags.
pub(crate) fn all(tags: &Tags, wanted: &[(&str, &str)]) -> bool {
    wanted
        .iter()
        .all(|(key, value)| tags.get(*key).is_some_and(|found| found == value))
}
