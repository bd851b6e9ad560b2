//! The pure rules of egress: the endpoints a plugin publishes, what an operator grants, and the decision on a request.
//!
//! Owns: the grammar of endpoints, the strict reading of a request, and whether it is one that was granted.
//! Never: resolves a name, opens a connection, sees a secret.
//! Read next: `endpoint` (what a plugin wants), `grant` (what an operator gives), `policy` (the decision).

mod address;
mod credential;
mod endpoint;
mod grant;
mod origin;
mod policy;
mod request;
mod rule;
mod template;

pub use address::{AddressRange, InvalidRange, is_public};
pub use credential::{Credential, SecretSource};
pub use endpoint::{Body, Endpoint, InvalidEndpoint, RawEndpoint};
pub use grant::{Disagreement, ServiceGrant, disagreements};
pub use origin::{InvalidOrigin, Origin, Scheme};
pub use policy::{Denial, Policy};
pub use request::{Content, ParsedRequest, UnreadableRequest};
pub use rule::Rule;
pub use template::{Template, Values};
