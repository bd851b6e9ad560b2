//! What a plugin may ask of the network: the operations it publishes, what an operator bound, and the decision.
//!
//! Owns: the grammar of operations, how a request is read, and whether it is one of those that were granted.
//! Never: resolves a name, opens a connection, sees a secret.
//! Read next: `operation` (what a plugin wants), `grant` (what an operator gives), `policy` (the decision).

mod address;
mod asked;
mod credential;
mod grant;
mod operation;
mod origin;
mod policy;
mod template;

pub use address::{AddressRange, InvalidRange, is_public};
pub use asked::{Asked, Content, Unreadable};
pub use credential::{Credential, SecretSource};
pub use grant::{Disagreement, ServiceGrant, disagreements};
pub use operation::{Body, InvalidOperation, Operation, OperationText, Rule};
pub use origin::{InvalidOrigin, Origin, Scheme};
pub use policy::{Denial, Policy};
pub use template::{Template, Values};
