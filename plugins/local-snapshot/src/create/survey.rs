//! A dry run: walks the sources and says what a snapshot would hold and copy. Changes nothing.

use strongroom_plugin::files::Kind;
use strongroom_plugin::{Evidence, Failure};

use crate::create::image::Source;
use crate::create::previous::{Before, Previous};
use crate::order::{join, show};
use crate::record::Record;
use crate::shelf::Shelf;
use crate::unchanged::{Verdict, judge};

/// Counts what is there, and checks that it would fit.
pub(crate) fn survey(
    shelf: &Shelf<'_>,
    sources: &[Source],
    stamp: &str,
) -> Result<Evidence, Failure> {
    let mut previous = match shelf.before(stamp)? {
        Some(before) => Previous::open(shelf.place, shelf.path(&before.folder)),
        None => Previous::none(),
    };
    let (mut files, mut bytes, mut new_bytes, mut directories) = (0, 0, 0, 0);
    let mut unreadable = Vec::new();
    for source in sources {
        let mut walker = source
            .tree
            .walk("")
            .map_err(|error| error.at(&source.name))?;
        loop {
            let batch = walker
                .next_batch()
                .map_err(|error| error.at(&source.name))?;
            if batch.is_empty() {
                break;
            }
            for entry in batch {
                let record = Record::of(join(source.name.as_bytes(), &entry.path), &entry);
                if let Some(error) = &entry.error {
                    unreadable.push(format!("{}: {}", show(&record.path.0), error.words()));
                }
                match entry.metadata.kind {
                    Kind::Directory => directories += 1,
                    Kind::File => {
                        files += 1;
                        bytes += record.size;
                        let changed = match previous.find(&record.path.0) {
                            Before::Intact(before) => judge(&before, &record) == Verdict::Changed,
                            Before::Altered | Before::Nothing => true,
                        };
                        new_bytes += if changed { record.size } else { 0 };
                    }
                    Kind::Symlink | Kind::Special | Kind::Other(_) => {}
                }
            }
        }
    }
    let (free, _) = shelf.place.space().map_err(|error| error.at("place"))?;
    if new_bytes > free {
        return Err(Failure::quota(format!(
            "the snapshot needs {new_bytes} bytes and the place has {free} free"
        )));
    }
    let evidence = Evidence::new()
        .files(files)
        .bytes(bytes)
        .fact("would-copy-bytes", new_bytes)
        .fact("directories", directories)
        .fact("free-bytes", free);
    Ok(unreadable
        .iter()
        .fold(evidence, |evidence, warning| evidence.warning(warning)))
}
