//! A schedule with what serves it: a plugin, or replies in its place.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use strongroom_domain::capability::Capability;
use strongroom_domain::egress::Credential;
use strongroom_domain::grants;
use strongroom_domain::role::Role;
use strongroom_domain::schedule::Schedule;
use strongroom_domain::{CredentialName, ScheduleName};
use strongroom_ledger::SnapshotRow;
use strongroom_sandbox::Plugin;
use strongroom_sandbox::call::{Call, CallResult};
use strongroom_sandbox::role::{Answer, Request};

use super::context::CallContext;

/// The tree of a restore: granted for one call, because a person named it.
pub const RESTORE_TREE: &str = "restore";

/// A schedule with what serves it.
#[derive(Clone)]
pub struct Prepared {
    /// As meant.
    pub schedule: Arc<Schedule>,
    /// Who answers.
    pub served: Served,
    /// The role the host calls.
    pub role: Role,
}

/// Every credential that is declared, by name.
pub(crate) type Credentials = BTreeMap<CredentialName, Arc<Credential>>;

/// Who answers the host's calls.
#[derive(Clone)]
pub enum Served {
    /// A plugin.
    Plugin {
        /// Loaded, and wanting no more than is granted.
        plugin: Plugin,
        /// Bytes of its file.
        size: u64,
        /// How the host proves who it is where the plugin's requests go.
        credentials: Arc<Credentials>,
    },
    /// Replies written down earlier, in a simulation.
    Replies(Arc<dyn Replies>),
}

/// Answers in place of a plugin.
#[async_trait]
pub trait Replies: Send + Sync + 'static {
    /// Answers one call for a schedule; it may let time pass on the clock.
    async fn reply(
        &self,
        context: &CallContext,
        schedule: &Schedule,
        call: &Call,
        request: Request,
    ) -> CallResult<Answer>;

    /// Whether a feature is offered.
    fn offers(&self, _feature: &str) -> bool {
        false
    }
}

impl Prepared {
    /// The digest of the plugin; of replies, a word that is no digest.
    #[must_use]
    pub fn digest(&self) -> &str {
        match &self.served {
            Served::Plugin { plugin, .. } => plugin.digest(),
            Served::Replies(_) => "replies",
        }
    }

    /// The version the plugin gives itself.
    #[must_use]
    pub fn version(&self) -> &str {
        match &self.served {
            Served::Plugin { plugin, .. } => &plugin.description().version,
            Served::Replies(_) => "",
        }
    }

    /// Whether the plugin says that it offers a feature (`features` of `describe`).
    #[must_use]
    pub fn offers(&self, feature: &str) -> bool {
        match &self.served {
            Served::Plugin { plugin, .. } => {
                let features = &plugin.description().features;
                features.get(feature).is_some_and(|value| value == "true")
            }
            Served::Replies(replies) => replies.offers(feature),
        }
    }

    /// Whether what it makes is kept somewhere else than in granted folders.
    #[must_use]
    pub fn reaches_a_provider(&self) -> bool {
        match &self.served {
            Served::Plugin { plugin, .. } => !plugin.description().endpoints.is_empty(),
            Served::Replies(_) => true,
        }
    }

    /// Whether a snapshot of the catalog and one of this schedule cannot have the same reference. Names in folders are those
    /// of a shelf; names at a provider are its own.
    #[must_use]
    pub fn shares_names_with(&self, row: &SnapshotRow) -> bool {
        row.plugin == self.schedule.plugin
            && (row.schedule == *self.shelf() || self.reaches_a_provider())
    }

    /// The schedule under whose name its snapshots are in the catalog: of a drill, the one that it drills.
    #[must_use]
    pub fn shelf(&self) -> &ScheduleName {
        let schedule = &self.schedule;
        schedule.drill_of().unwrap_or(&schedule.name)
    }

    /// Whether restores go into a folder: the plugin wants one. Else they go to something new at its provider.
    #[must_use]
    pub fn restores_to_folders(&self) -> bool {
        match &self.served {
            Served::Plugin { plugin, .. } => plugin.description().wants.iter().any(|want| {
                want.capability == Capability::Files
                    && [RESTORE_TREE, "*"].contains(&want.name.as_str())
                    && want.access == grants::Access::Write
            }),
            Served::Replies(_) => false,
        }
    }
}
