//! The host's half of every capability, made for one call from what its schedule grants and its plugin imports.
//!
//! Owns: files beneath granted folders, requests through the egress, values in the ledger, log lines: a file or folder each.
//! Never: wasmtime, SQL, the text of schedule files.
//! Read next: `grant` (what one call is given), then `files`, `http`, `state`, `log`.

mod dry_run;
mod files;
mod grant;
mod http;
mod log;
mod state;

pub use files::{GrantedTree, TreeError};
pub use grant::{Backends, Granted, Scope, grant};
pub use http::CallHttp;
