//! `progress`: how far a call has come.
//!
//! Owns: the limits on what a report says. Never: showing it.

use wasmtime::component::{HasData, Linker};

use crate::contract::v0_1::strongroom::plugin::progress as wit;
use crate::text;

/// Longest unit: a word.
const UNIT_LIMIT: usize = 32;

/// Longest note: a line on a terminal, with room.
const NOTE_LIMIT: usize = 512;

/// The host's half: takes reports of how far a call has come.
pub trait Progress: Send + Sync + 'static {
    /// Takes a report. Never blocks.
    fn report(&self, report: Report);
}

impl Progress for () {
    fn report(&self, _: Report) {}
}

/// How far a call has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// So many are done.
    pub done: u64,
    /// Of so many; 0: unknown.
    pub total: u64,
    /// `bytes`, `files`, …
    pub unit: String,
    /// For a person.
    pub note: String,
}

/// The view: the host's half.
pub(crate) struct ProgressView<'a>(pub(crate) &'a dyn Progress);

impl HasData for ProgressView<'static> {
    type Data<'a> = ProgressView<'a>;
}

impl wit::Host for ProgressView<'_> {
    fn report(
        &mut self,
        done: u64,
        total: u64,
        unit: String,
        note: String,
    ) -> wasmtime::Result<()> {
        let fit =
            |text: &str, limit| text::cut(&text::line(&text::cut(text, limit)), limit).into_owned();
        self.0.report(Report {
            done,
            total,
            unit: fit(&unit, UNIT_LIMIT),
            note: fit(&note, NOTE_LIMIT),
        });
        Ok(())
    }
}

/// Links `progress`.
pub(crate) fn add_to_linker<T: 'static>(
    linker: &mut Linker<T>,
    view: fn(&mut T) -> ProgressView<'_>,
) -> wasmtime::Result<()> {
    wit::add_to_linker::<_, ProgressView<'static>>(linker, view)
}
