//! The swap of a provider: what a schedule is to another one, and whether a rehearsal went well enough.
//!
//! Owns: the roles (primary, shadow, succeeded), the shelf that runs out after a cut-over, the reasons against a cut-over.
//! Never: edits a file or asks a provider.
//! Read next: `report`, then `union`.

mod report;
mod union;

use crate::ScheduleName;

pub use report::{Against, Listed, Middle, Side, Tenant, against};
pub use union::running_out;

/// What a schedule is to another one in the swap of a provider.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub enum SwapRole {
    /// It keeps the promise by itself.
    #[default]
    Primary,
    /// It rehearses beside this one, at the same due times for the same tenants; nothing it does counts.
    ShadowOf(ScheduleName),
    /// It makes nothing new: this one took its place, and its shelf runs out by its own rules.
    SucceededBy(ScheduleName),
}

impl SwapRole {
    /// The schedule that it rehearses beside.
    #[must_use]
    pub fn shadows(&self) -> Option<&ScheduleName> {
        match self {
            Self::ShadowOf(primary) => Some(primary),
            Self::Primary | Self::SucceededBy(_) => None,
        }
    }

    /// The schedule that took its place.
    #[must_use]
    pub fn successor(&self) -> Option<&ScheduleName> {
        match self {
            Self::SucceededBy(successor) => Some(successor),
            Self::Primary | Self::ShadowOf(_) => None,
        }
    }

    /// The schedule from which it has its due times and tenants.
    #[must_use]
    pub fn other(&self) -> Option<&ScheduleName> {
        self.shadows().or_else(|| self.successor())
    }
}
