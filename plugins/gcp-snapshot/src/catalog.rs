//! Reads snapshots back and lists them.

use strongroom_plugin::{Failure, Page, Snapshot as Info};

use crate::compute::{Compute, same};
use crate::facts::{info, referred};
use crate::names::Reference;

/// The most that Google gives a page.
const MOST: u32 = 500;

/// Reads one snapshot back.
pub(crate) fn get(compute: &Compute<'_>, text: &str) -> Result<Info, Failure> {
    let reference = Reference::read(compute.call, text)?;
    info(compute.call, &referred(compute, &reference)?)
}

/// A page of the tenant's snapshots. Google sorts by name, and names of one tenant sort by due time.
pub(crate) fn list(
    compute: &Compute<'_>,
    cursor: Option<&str>,
    limit: u32,
) -> Result<Page, Failure> {
    let found = compute.snapshots(cursor, limit.clamp(1, MOST))?;
    let mut snapshots = Vec::with_capacity(found.items.len());
    for item in &found.items {
        same(
            "snapshot",
            &item.self_link,
            &compute.snapshot_path(&item.name),
        )?;
        snapshots.push(info(compute.call, item)?);
    }
    if snapshots.len() > limit as usize {
        return Err(Failure::other(format!(
            "asked for {limit} snapshots, the provider answered with {}",
            snapshots.len()
        )));
    }
    let next = found.next_page_token.filter(|next| !next.is_empty());
    if next.is_some() && next.as_deref() == cursor {
        return Err(Failure::other("the provider's list goes round in circles"));
    }
    snapshots
        .sort_by(|one, two| (one.taken_at, &one.reference).cmp(&(two.taken_at, &two.reference)));
    Ok(Page { snapshots, next })
}
