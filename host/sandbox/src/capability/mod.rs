//! What a plugin may import, one file each: the host's half as a trait over plain data, and the guest's half that asks it.
//!
//! Owns: what one call is given. Nothing is there unless it was granted, and what is not there answers so.
//! Never: touches the world; the crate `strongroom-capabilities` does. Arguments and results are plain data, so that they
//! could travel over a socket to another process.
//! Read next: `log` (the smallest), `files` (the largest), `wasi` (what has nothing behind it), `http`.

pub mod files;
pub mod http;
pub mod log;
pub mod progress;
pub mod state;
pub(crate) mod wasi;

use std::sync::Arc;

use files::Files;
use http::Http;
use log::Log;
use progress::Progress;
use state::State;

/// The host's half of every capability that one call is given. Dropping it cancels what still goes on.
#[derive(Clone)]
pub struct Capabilities {
    /// Granted trees.
    pub files: Option<Arc<dyn Files>>,
    /// Small durable values.
    pub state: Option<Arc<dyn State>>,
    /// Requests to granted services.
    pub http: Option<Arc<dyn Http>>,
    /// Always there.
    pub log: Arc<dyn Log>,
    /// Always there.
    pub progress: Arc<dyn Progress>,
}

impl Default for Capabilities {
    /// Grants nothing; lines and reports are dropped.
    fn default() -> Self {
        Self {
            files: None,
            state: None,
            http: None,
            log: Arc::new(()),
            progress: Arc::new(()),
        }
    }
}

/// Why a host function ended the call.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Stop {
    /// The guest broke a limit of the contract; says which.
    #[error("{0}")]
    Breach(String),
    /// The guest called `wasi:cli/exit`.
    #[error("it called exit({0})")]
    Exit(u8),
}
