//! Defects of the host itself: what panics is caught where it was begun, so that its end goes on record like every other.

use std::any::Any;
use std::panic::AssertUnwindSafe;

use futures::FutureExt;

/// What a piece of work comes to, or what it panicked with. The panic hook has printed where.
pub(crate) async fn caught<F: Future>(work: F) -> Result<F::Output, String> {
    // What it worked on is not looked at afterwards, but for the ledger, which undoes what was not committed.
    let ended = AssertUnwindSafe(work).catch_unwind().await;
    ended.map_err(|panic| said(panic.as_ref()))
}

fn said(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
    text.unwrap_or("without a message").to_owned()
}
