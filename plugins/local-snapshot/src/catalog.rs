//! Reads snapshots back, lists them, deletes one.
//!
//! Owns: that nothing half-made or half-deleted is ever listed, and that a deletion touches exactly what was named.

use strongroom_plugin::files::Tree;
use strongroom_plugin::{Call, Evidence, Failure, Instant, Page, Snapshot, SnapshotState};

use crate::config::Config;
use crate::create::{MANIFEST, digest};
use crate::order::{join, show};
use crate::recorded::{Trouble, outline};
use crate::reference;
use crate::shelf::{Mark, Shelf};

/// Reads one snapshot back from the disk.
pub(crate) fn get(call: &Call<Config>, place: &Tree, reference: &str) -> Result<Snapshot, Failure> {
    let folder = reference::folder(&call.tenant, reference)?;
    let shelf = Shelf::new(place, &call.tenant)?;
    if !shelf.is_published(folder)? {
        return Err(Failure::not_found(format!(
            "{reference} is not on the shelf"
        )));
    }
    let path = shelf.path(folder);
    let mut snapshot =
        describe(&shelf, folder, None).map_err(|trouble| trouble.at(&show(&path)))?;
    snapshot.labels.push((
        "manifest".to_owned(),
        digest(place, &join(&path, MANIFEST.as_bytes()))?.to_string(),
    ));
    Ok(snapshot)
}

/// The tenant's snapshots, oldest first. The cursor is the last folder of the page before.
pub(crate) fn list(
    call: &Call<Config>,
    place: &Tree,
    cursor: Option<&str>,
    limit: u32,
) -> Result<Page, Failure> {
    if let Some(cursor) = cursor.filter(|cursor| !reference::is_folder(cursor)) {
        return Err(Failure::invalid(format!(
            "{cursor:?} is no cursor of this plugin"
        )));
    }
    let shelf = Shelf::new(place, &call.tenant)?;
    let mut marks = shelf.published()?;
    marks.retain(|mark| cursor.is_none_or(|cursor| mark.folder.as_str() > cursor));
    let cursor = |mark: &Mark| mark.folder.clone();
    Ok(Page::first(marks, limit, cursor, |mark| {
        // One damaged snapshot must not hide the others.
        describe(&shelf, &mark.folder, Some(mark)).unwrap_or_else(|_| broken(&shelf, call, mark))
    }))
}

fn describe(shelf: &Shelf<'_>, folder: &str, mark: Option<&Mark>) -> Result<Snapshot, Trouble> {
    let (header, end) = outline(shelf.place, &shelf.path(folder))?;
    if mark.is_some_and(|mark| mark.run_id != header.run_id) {
        return Err(Trouble::Damaged(
            "it names another run than the index".to_owned(),
        ));
    }
    let totals = end.end;
    let mut labels = vec![
        ("files".to_owned(), totals.files.to_string()),
        ("directories".to_owned(), totals.directories.to_string()),
        ("new-bytes".to_owned(), totals.new_bytes.to_string()),
        ("linked".to_owned(), totals.linked.to_string()),
    ];
    if totals.warnings > 0 {
        labels.push(("warnings".to_owned(), totals.warnings.to_string()));
    }
    Ok(Snapshot {
        reference: shelf.reference(folder),
        tenant: header.tenant,
        run_id: Some(header.run_id),
        taken_at: Instant(header.due_ms),
        state: SnapshotState::Ready,
        size: Some(totals.bytes),
        source: None,
        place: None,
        labels,
    })
}

fn broken(shelf: &Shelf<'_>, call: &Call<Config>, mark: &Mark) -> Snapshot {
    Snapshot {
        reference: shelf.reference(&mark.folder),
        tenant: call.tenant.clone(),
        run_id: Some(mark.run_id.clone()),
        taken_at: reference::due(&mark.folder),
        state: SnapshotState::Failed,
        size: None,
        source: None,
        place: None,
        labels: Vec::new(),
    }
}

/// Deletes exactly this snapshot: out of sight first, then its content.
pub(crate) fn delete(
    call: &Call<Config>,
    place: &Tree,
    reference: &str,
) -> Result<Evidence, Failure> {
    let folder = reference::folder(&call.tenant, reference)?;
    let shelf = Shelf::new(place, &call.tenant)?;
    let is_there = shelf.is_published(folder)?;
    if call.dry_run {
        return Ok(
            Evidence::new().fact(if is_there { "would-delete" } else { "absent" }, reference)
        );
    }
    let away = shelf.deleting(folder);
    let mut entries = shelf.clear(&away)?;
    if is_there {
        shelf.point_latest(Some(folder))?;
        place
            .rename(shelf.path(folder), &away)
            .map_err(|error| error.at(shelf.path(folder)))?;
        entries += shelf.clear(&away)?;
    }
    for mark in shelf.marks()?.iter().filter(|mark| mark.folder == folder) {
        // A run that is making this snapshot anew keeps its mark.
        if !place
            .exists(shelf.partial(&mark.run_id))
            .map_err(|error| error.at(&away))?
        {
            shelf.unmark(mark)?;
        }
    }
    place.sync().map_err(|error| error.at("place"))?;
    Ok(Evidence::new()
        .fact(if entries > 0 { "deleted" } else { "absent" }, reference)
        .fact("entries", entries))
}
