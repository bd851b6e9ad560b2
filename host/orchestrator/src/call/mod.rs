//! One call of a plugin: what serves it, what it may reach, how it is made, and what becomes of it.
//!
//! Owns: the clock, the one poller and the one pager. Never: what an answer means for a role (`roles`).
//! Read next: `context`, `prepared`, `plugin_call`, `granted`, `result`.

pub(crate) mod clock;
pub(crate) mod context;
pub(crate) mod defect;
mod granted;
pub(crate) mod pager;
pub(crate) mod plugin_call;
pub(crate) mod poller;
pub(crate) mod prepared;
pub(crate) mod result;
