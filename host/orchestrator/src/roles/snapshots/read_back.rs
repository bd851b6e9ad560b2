//! Reading back: what a provider says of a snapshot, held against what must be so.
//!
//! Owns: every way in which the two can disagree, in words.
//! Never: a change: it only looks.

use std::time::Duration;

use jiff::Timestamp;
use strongroom_domain::Evidence;
use strongroom_domain::clock_jump::TOLERANCE;
use strongroom_domain::retry::Failure;
use strongroom_ledger::SnapshotRow;
use strongroom_sandbox::role::snapshots::{Get, SnapshotInfo, SnapshotState};
use uuid::Uuid;

use crate::call::context::CallContext;
use crate::call::plugin_call::PluginCall;

/// The fact under which the provider's own time of a copy is kept with it.
pub(super) const COPIED_AT: &str = "copied-at";
/// A provider may round the time at which a snapshot was taken.
const ROUNDED: Duration = Duration::from_secs(2);

/// Calls for a snapshot's description and believes nothing else.
pub(super) async fn read_back(
    context: &CallContext,
    call: &PluginCall<'_>,
    reference: &str,
) -> Result<SnapshotInfo, Failure> {
    let reference = reference.to_owned();
    let answer = call.send(context, Get { reference }).await;
    answer.or_failure("reading the snapshot back took too long")
}

/// What must be so.
pub(crate) struct Expected<'a> {
    pub(crate) reference: &'a str,
    tenant: &'a str,
    run: Uuid,
    /// A plugin that reaches a provider must tell of which run a snapshot is.
    told: bool,
    earliest: Timestamp,
    latest: Timestamp,
    /// Known facts: what was reported, or what the catalog has.
    size: Option<u64>,
    source: Option<&'a str>,
    place: Option<&'a str>,
}

/// What a comparison came to.
pub(crate) enum Compared {
    /// It is so.
    Agrees,
    /// It is ours, and not complete yet.
    Unfinished(String),
    /// It is something else.
    Differs(String),
}

impl<'a> Expected<'a> {
    /// A snapshot that this run made and the plugin reported.
    pub(crate) fn of_run(
        call: &'a PluginCall<'_>,
        now: Timestamp,
        reference: &'a str,
        evidence: &'a Evidence,
    ) -> Self {
        Self {
            reference,
            tenant: call.tenant.as_str(),
            run: call.run,
            told: call.prepared.reaches_a_provider(),
            // The nominal time: a run may be late, what it makes is never older than what it was due for.
            earliest: call.due.checked_sub(TOLERANCE).unwrap_or(call.due),
            latest: now.checked_add(TOLERANCE).unwrap_or(now),
            size: evidence.get("bytes").and_then(|text| text.parse().ok()),
            source: evidence.get("source"),
            place: evidence.get("place"),
        }
    }

    /// A snapshot that the catalog has.
    pub(crate) fn of_row(call: &'a PluginCall<'_>, row: &'a SnapshotRow) -> Self {
        let copied_at = row.evidence.get(COPIED_AT);
        let taken_at = copied_at
            .and_then(|text| text.parse().ok())
            .unwrap_or(row.taken_at);
        Self {
            reference: &row.reference,
            tenant: row.tenant.as_str(),
            run: row.occurrence,
            told: call.prepared.reaches_a_provider(),
            earliest: taken_at.checked_sub(ROUNDED).unwrap_or(taken_at),
            latest: taken_at.checked_add(ROUNDED).unwrap_or(taken_at),
            size: row.size,
            source: row.evidence.get("source"),
            place: row.evidence.get("place"),
        }
    }

    /// Compares with what was read back.
    pub(crate) fn compare(&self, info: &SnapshotInfo) -> Compared {
        let name = &self.reference;
        if let Some(detail) = self.another(info).or_else(|| self.changed(info)) {
            return Compared::Differs(detail);
        }
        match info.state {
            SnapshotState::Ready => {}
            SnapshotState::Creating => {
                return Compared::Unfinished(format!("the provider still makes snapshot `{name}`"));
            }
            SnapshotState::Unknown => {
                return Compared::Unfinished(format!(
                    "the provider has snapshot `{name}` in a state that this host does not know"
                ));
            }
            SnapshotState::Failed => {
                return Compared::Differs(format!("snapshot `{name}` failed at the provider"));
            }
            SnapshotState::Deleting => {
                return Compared::Differs(format!("snapshot `{name}` is being deleted"));
            }
        }
        // An unfinished one may still change these.
        match self.unfinished_facts(info) {
            Some(detail) => Compared::Differs(detail),
            None => Compared::Agrees,
        }
    }

    /// Whose it is, if not ours.
    fn another(&self, info: &SnapshotInfo) -> Option<String> {
        let name = &self.reference;
        if info.reference != **name {
            return Some(format!(
                "the provider calls the snapshot `{}`, not `{name}`",
                info.reference
            ));
        }
        if info.tenant != self.tenant {
            return Some(format!(
                "snapshot `{name}` belongs to tenant `{}`",
                info.tenant
            ));
        }
        match &info.run_id {
            Some(run) if *run != self.run.to_string() => {
                Some(format!("snapshot `{name}` was made by another run"))
            }
            None if self.told => Some(format!(
                "nothing says by which run snapshot `{name}` was made"
            )),
            _ => None,
        }
    }

    /// What can never be so, whether it is finished or not.
    fn changed(&self, info: &SnapshotInfo) -> Option<String> {
        let name = &self.reference;
        if info.taken_at > self.latest {
            return Some(format!(
                "snapshot `{name}` was taken at {}, which is still to come",
                info.taken_at
            ));
        }
        if info.taken_at < self.earliest {
            return Some(format!(
                "snapshot `{name}` was taken at {}, long before",
                info.taken_at
            ));
        }
        differing("is one of", name, self.source, info.source.as_deref())
            .or_else(|| differing("is kept in", name, self.place, info.place.as_deref()))
    }

    fn unfinished_facts(&self, info: &SnapshotInfo) -> Option<String> {
        let name = &self.reference;
        let expected = self.size?;
        match info.size {
            Some(size) if size == expected => None,
            Some(size) => Some(format!(
                "snapshot `{name}` holds {size} bytes, not {expected}"
            )),
            None => Some(format!(
                "snapshot `{name}` holds {expected} bytes, and reading it back tells no size"
            )),
        }
    }
}

/// A fact that was known and is another one now, or is no longer told.
fn differing(what: &str, name: &str, known: Option<&str>, read: Option<&str>) -> Option<String> {
    match (known?, read) {
        (known, Some(read)) if known == read => None,
        (known, Some(read)) => Some(format!("snapshot `{name}` {what} `{read}`, not `{known}`")),
        (known, None) => Some(format!(
            "snapshot `{name}` {what} `{known}`, and reading it back tells nothing of that"
        )),
    }
}
