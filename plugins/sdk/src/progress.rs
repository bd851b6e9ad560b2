//! How far a call has come, for the person who watches. Never blocks; the last report wins.

/// `done` of `total` (0: unknown) in `unit` (`bytes`, `files`, …).
#[cfg(target_arch = "wasm32")]
pub fn report(done: u64, total: u64, unit: &str, note: &str) {
    crate::bindings::progress::report(done, total, unit, note);
}

/// `done` of `total` (0: unknown) in `unit` (`bytes`, `files`, …). Outside a host nobody watches.
#[cfg(not(target_arch = "wasm32"))]
pub fn report(done: u64, total: u64, unit: &str, note: &str) {
    let _ = (done, total, unit, note);
}
