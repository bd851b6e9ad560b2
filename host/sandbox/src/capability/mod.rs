//! The guest's half of every capability: one file each, in one order: bindings, context, view, host, add-to-linker.
//!
//! Owns: limits of the contract and the shapes of the guest's side. What touches the world is behind
//! `outside::Outside`, in plain data.
//! Read next: `log` (the smallest), `files` (the largest), `wasi` (what has nothing behind it), `http`.

pub(crate) mod files;
pub(crate) mod http;
pub(crate) mod log;
pub(crate) mod progress;
pub(crate) mod state;
pub(crate) mod wasi;

use wasmtime::component::Linker;

use crate::instance::Guest;

/// Links everything a plugin may import.
pub(crate) fn add_to_linker(linker: &mut Linker<Guest>) -> wasmtime::Result<()> {
    log::add_to_linker(linker)?;
    progress::add_to_linker(linker)?;
    state::add_to_linker(linker)?;
    files::add_to_linker(linker)?;
    wasi::add_to_linker(linker)?;
    http::add_to_linker(linker)
}
