//! What a run counted, and what a person must be told of it.

use strongroom_plugin::files::Error;
use strongroom_plugin::{Evidence, Failure};

use crate::apply::GivenUp;
use crate::order::show;
use crate::record::{End, Totals};

/// Warnings kept word by word; the rest is counted.
const KEPT: usize = 100;
/// Bytes of a warning.
const WARNING: usize = 1000;
/// Unreadable paths named in a failure.
const NAMED: usize = 5;

/// The counts of one run.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) totals: Totals,
    warnings: Vec<String>,
    pub(crate) given_up: GivenUp,
    unreadable: u64,
    unreadable_named: Vec<String>,
    denied: bool,
}

impl Tally {
    pub(crate) fn warn(&mut self, mut sentence: String) {
        self.totals.warnings += 1;
        if self.warnings.len() < KEPT {
            sentence.truncate(
                (0..=WARNING.min(sentence.len()))
                    .rev()
                    .find(|&end| sentence.is_char_boundary(end))
                    .unwrap_or(0),
            );
            self.warnings.push(sentence);
        }
    }

    /// A path that could not be read, although it is there.
    pub(crate) fn unreadable(&mut self, path: &[u8], error: &Error) {
        self.unreadable += 1;
        self.denied |= matches!(error, Error::Permission);
        let named = format!("{}: {}", show(path), error.words());
        if self.unreadable_named.len() < NAMED {
            self.unreadable_named.push(named.clone());
        }
        self.warn(format!("not in the snapshot: {named}"));
    }

    /// The failure of a run that must not leave anything out.
    pub(crate) fn incomplete(&self) -> Option<Failure> {
        if self.unreadable == 0 {
            return None;
        }
        let more = match self.unreadable - self.unreadable_named.len() as u64 {
            0 => String::new(),
            more => format!("; and {more} more"),
        };
        let detail = format!(
            "{} of the source could not be read, so no snapshot was kept: {}{more}. Let the host's user read them, or set on-unreadable = \"report\"",
            self.unreadable,
            self.unreadable_named.join("; "),
        );
        Some(if self.denied {
            Failure::denied(detail)
        } else {
            Failure::other(detail)
        })
    }

    /// The last line of the metadata.
    pub(crate) fn end(&mut self) -> End {
        let given_up = std::mem::take(&mut self.given_up);
        if given_up.owners > 0 {
            self.warn(format!("{} owners are not kept on the shelf, because the host's user may not give files away; METADATA.jsonl has them", given_up.owners));
        }
        if given_up.attributes > 0 {
            self.warn(format!(
                "the attributes of {} files are not kept on the shelf; METADATA.jsonl has them",
                given_up.attributes
            ));
        }
        End {
            end: self.totals,
            warnings: self.warnings.clone(),
        }
    }
}

/// The proof of a snapshot, the same however often it is asked for.
pub(crate) fn evidence(reference: &str, run_id: &str, end: &End, manifest: &str) -> Evidence {
    let totals = &end.end;
    let evidence = Evidence::new()
        .snapshot(reference)
        .fact("run", run_id)
        .files(totals.files)
        .bytes(totals.bytes)
        .fact("new-bytes", totals.new_bytes)
        .fact("linked", totals.linked)
        .fact("directories", totals.directories)
        .fact("symlinks", totals.symlinks)
        .fact("manifest", manifest);
    let evidence = end
        .warnings
        .iter()
        .fold(evidence, |evidence, warning| evidence.warning(warning));
    match totals.warnings.saturating_sub(end.warnings.len() as u64) {
        0 => evidence,
        more => evidence.warning(format!("and {more} more warnings")),
    }
}
