//! The way out: the only crate of the host that opens a connection.
//!
//! Owns: the road of one request of a plugin: decided on, built anew, dialled at an address that was checked, over TLS,
//! proven by a credential, bounded in time and bytes, its answer freed of secrets.
//! Never: knows a plugin, a run or a sandbox; follows a redirect; keeps a connection from one call to the next.
//! Read next: `call` (the road, step by step), `dial` (addresses), `auth` (credentials).

pub mod auth;
mod call;
mod connection;
mod dial;
mod draft;
mod error;
mod gate;
mod headers;
mod outside;
mod request;
mod scrub;
mod secret;
mod service;
#[cfg(test)]
mod tests;
mod tls;

pub use call::CallEgress;
pub use error::{Failure, SendError, Step, TlsFault};
pub use gate::{Fault, Gate, Leaving};
pub use outside::{Clock, Egress};
pub use request::{BODY_LIMIT, Opening, Request, Response};
