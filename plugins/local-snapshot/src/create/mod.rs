//! Makes a snapshot: beside the others, complete, and only then under its name.
//!
//! Owns: the steps and their order, so that a crash at any point leaves the shelf as it was. A run that is repeated
//! finds what it made, or begins anew. Read next: `image.rs`.

mod carry;
mod image;
mod previous;
mod survey;
mod tally;

use strongroom_plugin::files::{Change, Error, Tree};
use strongroom_plugin::{Call, Evidence, Failure, log};

use crate::config::{Config, OnUnreadable, Sqlite};
use crate::create::image::{Image, Source, on_shelf};
use crate::create::previous::Previous;
use crate::create::tally::evidence;
use crate::encoding::Digest;
use crate::manifest;
use crate::order::{join, show};
use crate::record::{self, FORMAT, Header, Record};
use crate::recorded::{METADATA, outline};
use crate::reference::{check_name, check_run, distinct, stamp, written};
use crate::shelf::{Mark, Shelf};

/// The manifest's name in a snapshot.
pub(crate) const MANIFEST: &str = "SHA256SUMS";

/// Makes the snapshot of a run, or finds it.
pub(crate) fn create(call: &Call<Config>, place: &Tree) -> Result<Evidence, Failure> {
    let run_id = check_run(&call.run_id)?;
    let shelf = Shelf::new(place, &call.tenant)?;
    let sources = open_sources(&call.config)?;
    if let Some(mark) = shelf
        .published()?
        .into_iter()
        .find(|mark| mark.run_id == run_id)
    {
        return prove(&shelf, &mark);
    }
    if call.dry_run {
        return survey::survey(&shelf, &sources, &stamp(call.due)?);
    }
    if !place.writable() {
        return Err(Failure::denied(
            "the tree `place` is granted for reading only; a snapshot is written there",
        ));
    }
    let stamp = stamp(call.due)?;
    shelf.prepare()?;
    shelf.sweep(&stamp)?;
    let mark = name(&shelf, &stamp, run_id)?;
    shelf.mark(&mark)?;
    match make(call, &shelf, &sources, &mark) {
        Ok(()) => prove(&shelf, &mark),
        Err(failure) => {
            // The failure is what counts; what could not be cleared away now is swept by the next run.
            if let Err(left) = shelf
                .clear(&shelf.partial(run_id))
                .and_then(|_| shelf.unmark(&mark))
            {
                log::warn(
                    "the unfinished snapshot could not be removed",
                    &[("reason", left.to_string())],
                );
            }
            Err(failure)
        }
    }
}

/// Opens the granted trees, in the order of their names.
fn open_sources(config: &Config) -> Result<Vec<Source>, Failure> {
    let mut names = config.sources.clone();
    names.sort();
    names.dedup();
    if names.is_empty() {
        return Err(Failure::invalid(
            "sources is empty: name at least one granted tree",
        ));
    }
    let open = |name: String| {
        let reserved = [METADATA, MANIFEST].contains(&name.as_str())
            || ["place", "restore"].contains(&name.as_str());
        if reserved {
            return Err(Failure::invalid(format!("a source cannot be named {name}")));
        }
        let tree = Tree::open(check_name("source", &name)?).map_err(|error| match error {
            Error::NotFound => Failure::denied(format!("the source {name} is not granted: grant a tree of that name for reading, or correct `sources`")),
            other => other.at(&name),
        })?;
        Ok(Source { name, tree })
    };
    names.into_iter().map(open).collect()
}

/// The folder this run gets: its stamp, or its stamp and the end of its id where another run has taken that.
fn name(shelf: &Shelf<'_>, stamp: &str, run_id: &str) -> Result<Mark, Failure> {
    let marks = shelf.marks()?;
    if let Some(mark) = marks.iter().find(|mark| mark.run_id == run_id) {
        return Ok(mark.clone());
    }
    let free = |folder: &str| -> Result<bool, Failure> {
        Ok(!marks.iter().any(|mark| mark.folder == folder) && !shelf.is_published(folder)?)
    };
    for folder in [stamp.to_owned(), distinct(stamp, run_id)] {
        if free(&folder)? {
            return Ok(Mark {
                folder,
                run_id: run_id.to_owned(),
            });
        }
    }
    Err(Failure::conflict(format!(
        "two other snapshots of {stamp} are on the shelf already"
    )))
}

/// Makes the image in its own folder, then moves it under its name.
fn make(
    call: &Call<Config>,
    shelf: &Shelf<'_>,
    sources: &[Source],
    mark: &Mark,
) -> Result<(), Failure> {
    let place = shelf.place;
    let folder = shelf.partial(&mark.run_id);
    shelf.clear(&folder)?;
    place
        .make_directory(&folder)
        .map_err(|error| error.at(&folder))?;
    let began = place
        .describe(&folder)
        .map_err(|error| error.at(&folder))?
        .metadata
        .changed
        .into();
    let root = place
        .describe("")
        .map_err(|error| error.at("place"))?
        .metadata;
    let open = |name: &str| {
        place
            .write(join(&folder, name.as_bytes()))
            .map_err(|error| error.at(&folder))
    };
    let mut files = (open(METADATA)?, open(MANIFEST)?);
    files
        .0
        .append(&record::line(&header(call, sources)))
        .map_err(|error| error.at(&folder))?;
    let previous = match shelf.before(&mark.folder)? {
        Some(before) => Previous::open(place, shelf.path(&before.folder)),
        None => Previous::none(),
    };
    let sqlite = call.config.sqlite == Sqlite::Consistent;
    let mut image = Image::new(
        place,
        folder.clone(),
        files,
        previous,
        began,
        (root.device, root.inode),
        sqlite,
    );
    let mut owner = None;
    for source in sources {
        let root = walk(&mut image, source)?;
        owner.get_or_insert(root);
    }
    let left = image.folders.take_all();
    image.tally.given_up.apply(place, left)?;
    if let Some(failure) = image
        .tally
        .incomplete()
        .filter(|_| call.config.on_unreadable == OnUnreadable::Fail)
    {
        return Err(failure);
    }
    close(image, owner)?;
    publish(call, shelf, mark, &folder)
}

/// Walks one source into the image. Returns its root.
fn walk(image: &mut Image<'_>, source: &Source) -> Result<Record, Failure> {
    let root = source
        .tree
        .describe("")
        .map_err(|error| error.at(&source.name))?;
    let planned = image.plan(source, root)?;
    let record = planned.record.clone();
    image.carry_out(source, vec![planned])?;
    let mut walker = source
        .tree
        .walk("")
        .map_err(|error| error.at(&source.name))?;
    loop {
        let entries = walker
            .next_batch()
            .map_err(|error| error.at(&source.name))?;
        if entries.is_empty() {
            return Ok(record);
        }
        let batch = entries
            .into_iter()
            .map(|entry| image.plan(source, entry))
            .collect::<Result<Vec<_>, _>>()?;
        image.carry_out(source, batch)?;
    }
}

fn header(call: &Call<Config>, sources: &[Source]) -> Header {
    Header {
        format: FORMAT,
        tenant: call.tenant.clone(),
        run_id: call.run_id.clone(),
        due: written(call.due),
        due_ms: call.due.0,
        plugin: env!("CARGO_PKG_NAME").to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        sources: sources.iter().map(|source| source.name.clone()).collect(),
    }
}

/// Ends the metadata, lists it in the manifest, and shows the folder to those who may see the first source.
fn close(image: Image<'_>, owner: Option<Record>) -> Result<(), Failure> {
    let Image {
        place,
        folder,
        mut metadata,
        manifest: mut sums,
        mut tally,
        ..
    } = image;
    let metadata_path = join(&folder, METADATA.as_bytes());
    let end = tally.end();
    metadata
        .append(&record::line(&end))
        .and_then(|()| metadata.finish())
        .map_err(|error| error.at(&metadata_path))?;
    let digest = digest(place, &metadata_path)?;
    sums.append(&manifest::line(&digest, METADATA.as_bytes()))
        .and_then(|()| sums.finish())
        .map_err(|error| error.at(&folder))?;
    let Some(owner) = owner else { return Ok(()) };
    let folder_change = |path: Vec<u8>, bits: u32| {
        let shown = on_shelf(b"", &owner);
        Change {
            mode: shown.mode.map(|mode| mode & bits | 0o400),
            owner: shown.owner,
            ..Change::of(path)
        }
    };
    let changes = vec![
        folder_change(metadata_path, 0o444),
        folder_change(join(&folder, MANIFEST.as_bytes()), 0o444),
        folder_change(folder, 0o555),
    ];
    tally.given_up.apply(place, changes)
}

/// Everything is on disk before the snapshot gets its name, and has its name before `latest` points at it.
fn publish(
    call: &Call<Config>,
    shelf: &Shelf<'_>,
    mark: &Mark,
    folder: &[u8],
) -> Result<(), Failure> {
    let place = shelf.place;
    let due = strongroom_plugin::files::Time {
        seconds: call.due.0.div_euclid(1000),
        nanoseconds: u32::try_from(call.due.0.rem_euclid(1000)).unwrap_or(0) * 1_000_000,
    };
    let dated = Change {
        modified: Some(due),
        ..Change::of(folder)
    };
    place
        .set(&[dated])
        .into_iter()
        .collect::<Result<Vec<()>, Error>>()
        .map_err(|error| error.at(folder))?;
    place.sync().map_err(|error| error.at("place"))?;
    place
        .rename(folder, shelf.path(&mark.folder))
        .map_err(|error| error.at(shelf.path(&mark.folder)))?;
    shelf.point_latest(None)?;
    place.sync().map_err(|error| error.at("place"))
}

/// The evidence of a published snapshot, read back from it.
fn prove(shelf: &Shelf<'_>, mark: &Mark) -> Result<Evidence, Failure> {
    let folder = shelf.path(&mark.folder);
    let (header, end) =
        outline(shelf.place, &folder).map_err(|trouble| trouble.at(&show(&folder)))?;
    if header.run_id != mark.run_id {
        return Err(Failure::conflict(format!(
            "{} was made by run {}, not by {}",
            show(&folder),
            header.run_id,
            mark.run_id
        )));
    }
    // A run that was cut off between the two steps is finished here.
    if shelf.place.writable() {
        shelf.point_latest(None)?;
    }
    let manifest = digest(shelf.place, &join(&folder, MANIFEST.as_bytes()))?;
    Ok(evidence(
        &shelf.reference(&mark.folder),
        &mark.run_id,
        &end,
        &manifest.to_string(),
    ))
}

/// The digest of one file on the shelf.
pub(crate) fn digest(place: &Tree, path: &[u8]) -> Result<Digest, Failure> {
    let answer = place.digest(&[path.to_vec()]).into_iter().next();
    let (_, digest) = answer
        .unwrap_or_else(|| Err(Error::Other("no answer".to_owned())))
        .map_err(|error| error.at(path))?;
    Digest::from_slice(&digest)
        .ok_or_else(|| Failure::other(format!("{}: the host gave no SHA-256", show(path))))
}
