//! `progress`: how far a call has come.
//!
//! Owns: the limits on what a report says. Never: showing it. Read next: `outside`.

use wasmtime::component::{HasData, Linker};

use crate::bindings::strongroom::plugin::progress as wit;
use crate::instance::Guest;
use crate::outside::{Outside, Progress};
use crate::text;

/// Longest unit: a word.
const UNIT_LIMIT: usize = 32;

/// Longest note: a line on a terminal, with room.
const NOTE_LIMIT: usize = 512;

/// The view: the outside half.
pub(crate) struct ProgressView<'a>(&'a dyn Outside);

/// Names the view for the linker.
pub(crate) struct Reports;

impl HasData for Reports {
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
        self.0.progress(Progress {
            done,
            total,
            unit: fit(&unit, UNIT_LIMIT),
            note: fit(&note, NOTE_LIMIT),
        });
        Ok(())
    }
}

/// Links `progress`.
pub(crate) fn add_to_linker(linker: &mut Linker<Guest>) -> wasmtime::Result<()> {
    wit::add_to_linker::<_, Reports>(linker, |guest| ProgressView(&*guest.outside))
}
