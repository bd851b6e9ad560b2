//! Restores a snapshot, or paths of it, into an empty tree, and verifies every byte on the way.
//!
//! Owns: all or nothing. A damaged snapshot names its damaged files and leaves the target empty again.
//! Read next: `rebuild.rs`, the work of one batch.

mod rebuild;

use strongroom_plugin::files::{BATCH, Error, Tree};
use strongroom_plugin::{Call, Evidence, Failure, Target, log};

use crate::config::Config;
use crate::order::{show, within};
use crate::record::{Record, What};
use crate::reference;
use crate::restore::rebuild::Rebuild;
use crate::sealed::{Damage, Sealed};
use crate::shelf::Shelf;

/// Restores into the granted tree that the target names.
pub(crate) fn restore(
    call: &Call<Config>,
    place: &Tree,
    reference: &str,
    target: &Target,
) -> Result<Evidence, Failure> {
    let name = reference::folder(&call.tenant, reference)?;
    let shelf = Shelf::new(place, &call.tenant)?;
    if !shelf.is_published(name)? {
        return Err(Failure::not_found(format!(
            "{reference} is not on the shelf"
        )));
    }
    let tree = open_target(target)?;
    let folder = shelf.path(name);
    let chosen = Chosen::new(&target.paths);
    chosen.check(place, &folder, reference)?;
    if call.dry_run {
        return say(place, &folder, &chosen);
    }
    let mut records = Sealed::open(place, &folder)?;
    let sources = records.recorded.header.sources.clone();
    let mut rebuild = Rebuild::new(place, &folder, &tree);
    let result = run(&mut records, &chosen, &mut rebuild);
    let result = result.and_then(|()| tree.sync().map_err(|error| error.at(&target.place)));
    match result {
        Ok(()) => Ok(rebuild.evidence(reference)),
        Err(failure) => {
            empty_again(&tree, &sources);
            Err(failure)
        }
    }
}

fn open_target(target: &Target) -> Result<Tree, Failure> {
    if target.place == "place" {
        return Err(Failure::invalid(
            "a snapshot is not restored onto the shelf itself: name another granted tree",
        ));
    }
    let tree = Tree::open(&target.place).map_err(|error| match error {
        Error::NotFound => Failure::denied(format!(
            "the tree {} is not granted: grant an empty folder of that name for writing",
            target.place
        )),
        other => other.at(&target.place),
    })?;
    if !tree.writable() {
        return Err(Failure::denied(format!(
            "the tree {} is granted for reading only",
            target.place
        )));
    }
    let occupied = tree
        .walk("")
        .and_then(|mut walker| walker.next_batch())
        .map_err(|error| error.at(&target.place))?;
    match occupied.first() {
        None => Ok(tree),
        Some(entry) => Err(Failure::conflict(format!(
            "the target {} is not empty: it holds {}",
            target.place,
            show(&entry.path)
        ))),
    }
}

fn run(records: &mut Sealed, chosen: &Chosen, rebuild: &mut Rebuild<'_>) -> Result<(), Failure> {
    let mut damage = Damage::default();
    let mut batch = Vec::new();
    while let Some(record) = records.next(&mut damage)? {
        if chosen.takes(&record) {
            batch.push(record);
        }
        if batch.len() >= BATCH {
            rebuild.carry_out(std::mem::take(&mut batch), &mut damage)?;
        }
    }
    rebuild.carry_out(batch, &mut damage)?;
    rebuild.finish()?;
    damage.failure().map_or(Ok(()), Err)
}

/// The target was empty, so all that lies in it under the snapshot's names was written by this call.
fn empty_again(tree: &Tree, sources: &[String]) {
    for source in sources {
        match tree.remove_all(source) {
            Ok(_) | Err(Error::NotFound) => {}
            Err(error) => log::error(
                "the unfinished restore could not be removed",
                &[("path", source.clone()), ("reason", error.words())],
            ),
        }
    }
}

/// A dry run: what would be restored.
fn say(place: &Tree, folder: &[u8], chosen: &Chosen) -> Result<Evidence, Failure> {
    let mut records = Sealed::open(place, folder)?;
    let mut damage = Damage::default();
    let (mut files, mut bytes) = (0, 0);
    while let Some(record) = records.next(&mut damage)? {
        if record.kind == What::File && record.is_present() && chosen.takes(&record) {
            files += 1;
            bytes += record.bytes();
        }
    }
    match damage.failure() {
        Some(failure) => Err(failure),
        None => Ok(Evidence::new()
            .fact("would-restore-files", files)
            .fact("would-restore-bytes", bytes)),
    }
}

/// Which entries a restore takes.
struct Chosen {
    paths: Vec<Vec<u8>>,
}

impl Chosen {
    fn new(paths: &[Vec<u8>]) -> Self {
        let clean = |path: &Vec<u8>| {
            path.strip_prefix(b"./")
                .unwrap_or(path)
                .strip_suffix(b"/")
                .unwrap_or(path)
                .to_vec()
        };
        Self {
            paths: paths.iter().map(clean).collect(),
        }
    }

    /// What lies at or beneath a chosen path, and the directories that lead there.
    fn takes(&self, record: &Record) -> bool {
        let path = &record.path.0;
        let leads_there = |chosen: &Vec<u8>| record.kind == What::Directory && within(path, chosen);
        self.paths.is_empty()
            || self
                .paths
                .iter()
                .any(|chosen| within(chosen, path) || leads_there(chosen))
    }

    /// Every chosen path must be in the snapshot, before anything is written.
    fn check(&self, place: &Tree, folder: &[u8], reference: &str) -> Result<(), Failure> {
        let mut missing: Vec<&Vec<u8>> = self.paths.iter().collect();
        if missing.is_empty() {
            return Ok(());
        }
        let mut records = Sealed::open(place, folder)?;
        while let Some(record) = records
            .recorded
            .next()
            .map_err(|trouble| trouble.at(reference))?
        {
            missing.retain(|path| **path != record.path.0);
        }
        match missing.first() {
            None => Ok(()),
            Some(path) => Err(Failure::not_found(format!(
                "{} is not in {reference}; paths begin with a source's name, as in data/…",
                show(path)
            ))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::tests::entry;

    #[test]
    fn a_chosen_path_takes_what_is_beneath_and_what_leads_to_it() {
        let record = |path: &[u8], kind| Record {
            kind,
            ..Record::of(path.to_vec(), &entry(path))
        };
        let chosen = Chosen::new(&[b"./data/a/b/".to_vec()]);
        assert!(
            chosen.takes(&record(b"data", What::Directory))
                && chosen.takes(&record(b"data/a", What::Directory))
        );
        assert!(
            chosen.takes(&record(b"data/a/b", What::Directory))
                && chosen.takes(&record(b"data/a/b/c", What::File))
        );
        assert!(
            !chosen.takes(&record(b"data/a/bc", What::File))
                && !chosen.takes(&record(b"data/a/file", What::File))
        );
        assert!(Chosen::new(&[]).takes(&record(b"data/x", What::File)));
    }
}
