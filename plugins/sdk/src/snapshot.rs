//! The words of the role `snapshots`.

use crate::bindings::snapshots::exports::strongroom::plugin::snapshots as wit;
use crate::{Failure, Instant};

/// The provider's state of a snapshot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// Not complete yet.
    Creating,
    /// Complete. Nothing partial may ever be called this.
    Ready,
    /// Never will be complete.
    Failed,
    /// On its way out.
    Deleting,
    /// Anything else, in the provider's own word: neither complete nor gone.
    Other(String),
}

/// The provider's view of a snapshot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// The provider's name for it, at most 512 bytes.
    pub reference: String,
    /// Whose data.
    pub tenant: String,
    /// The run that made it, if the provider can tell.
    pub run_id: Option<String>,
    /// When.
    pub taken_at: Instant,
    /// How far.
    pub state: State,
    /// Bytes, as the provider counts them; always the same for one snapshot.
    pub size: Option<u64>,
    /// Of what, by the provider's own name.
    pub source: Option<String>,
    /// Where it is kept, by the provider's own name.
    pub place: Option<String>,
    /// Pairs.
    pub labels: Vec<(String, String)>,
}

/// Some of a tenant's snapshots.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Page {
    /// Oldest first.
    pub snapshots: Vec<Snapshot>,
    /// Where the next page begins; absent on the last one.
    pub next: Option<String>,
}

/// Where a restore goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// A granted tree or a name at the provider.
    pub place: String,
    /// Paths inside the snapshot; empty: the whole snapshot.
    pub paths: Vec<Vec<u8>>,
}

impl Target {
    /// The place, where only whole snapshots are restored.
    ///
    /// # Errors
    /// [`Failure::Invalid`] with this sentence: single paths were asked for.
    pub fn whole(&self, sentence: &str) -> Result<&str, Failure> {
        match self.paths.is_empty() {
            true => Ok(&self.place),
            false => Err(Failure::invalid(sentence)),
        }
    }
}

impl From<wit::Target> for Target {
    fn from(target: wit::Target) -> Self {
        Self {
            place: target.place,
            paths: target.paths,
        }
    }
}

impl From<Snapshot> for wit::Snapshot {
    fn from(snapshot: Snapshot) -> Self {
        Self {
            reference: snapshot.reference,
            tenant: snapshot.tenant,
            run_id: snapshot.run_id,
            taken_at: snapshot.taken_at.0,
            state: match snapshot.state {
                State::Creating => wit::State::Creating,
                State::Ready => wit::State::Ready,
                State::Failed => wit::State::Failed,
                State::Deleting => wit::State::Deleting,
                State::Other(word) => wit::State::Other(word),
            },
            size: snapshot.size,
            source: snapshot.source,
            place: snapshot.place,
            labels: snapshot.labels,
            extra: Vec::new(),
        }
    }
}

impl From<Page> for wit::Page {
    fn from(page: Page) -> Self {
        Self {
            snapshots: page.snapshots.into_iter().map(Into::into).collect(),
            next: page.next,
            extra: Vec::new(),
        }
    }
}
