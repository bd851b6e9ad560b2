//! Egress: the only crate of the host that opens a connection.
//!
//! Owns: the steps of one request of a plugin: decided on, built anew, sent to an address that was checked, over TLS, with
//! the host's credential, bounded in time and bytes, its response cleared of secrets.
//! Never: knows a plugin, a run or a sandbox; follows a redirect; keeps a connection from one call to the next.
//! Read next: `call` (the steps), `dial` (addresses), `auth` (credentials).

mod error;
mod request;

mod secret;
mod tls;

mod connection;
mod dial;
mod draft;

mod shared;
mod token_cache;

pub mod auth;
mod secret_source;

mod call;
mod egress;
mod fault_injector;
mod headers;
mod scrub;
mod service;
#[cfg(test)]
mod tests;

pub use call::CallEgress;
pub use egress::Egress;
pub use error::{Failure, SendError, Step, TlsFault};
pub use fault_injector::{AllowedRequest, Fault, FaultInjector};
pub use request::{BODY_LIMIT, GrantedService, Request, Response};
pub use tls::Clock;
