//! Names, labels, request ids and references: how anything at the provider is known to be ours.
//!
//! Owns: that one run has one name for its snapshot and one for its scratch disk, whatever is asked how often.
//! Never: anything random or dependent on the time of an attempt.

use std::collections::BTreeMap;

use jiff::Timestamp;
use strongroom_plugin::{Call, Failure};
use uuid::Uuid;

use crate::config::Config;

/// The label with the tenant's name.
pub(crate) const TENANT: &str = "strongroom_tenant";
/// The label with the run's id.
pub(crate) const RUN: &str = "strongroom_run";
/// The label of a disk with what it was made for.
pub(crate) const USE: &str = "strongroom_use";
/// The label of a copy with the id of the snapshot it is one of.
pub(crate) const COPY_OF: &str = "strongroom_copy_of";

/// How the names of scratch disks begin.
pub(crate) const SCRATCH: &str = "sr-scratch-";
/// A name has 63 characters at most; prefix, time, run and hyphens take 39.
const TENANT_PART: usize = 24;

pub(crate) type Labels = BTreeMap<String, String>;

/// The run's id.
pub(crate) fn run(call: &Call<Config>) -> Result<Uuid, Failure> {
    Uuid::parse_str(&call.run_id)
        .ok()
        .filter(|run| !run.is_nil())
        .ok_or_else(|| Failure::invalid(format!("the run id {:?} is no UUID", call.run_id)))
}

/// The snapshot of a run: tenant, due time and the end of the run's id, so that a tenant's names sort by time.
pub(crate) fn snapshot(call: &Call<Config>) -> Result<String, Failure> {
    let due = Timestamp::from_millisecond(call.due.0)
        .map_err(|_| Failure::invalid("the due time is out of range"))?;
    let tenant: String = call.tenant.chars().take(TENANT_PART).collect();
    let run = run(call)?.simple().to_string();
    let tail = run.get(16..).unwrap_or_default();
    Ok(format!(
        "sr-{}-{}-{tail}",
        tenant.trim_end_matches('-'),
        due.strftime("%Y%m%dt%H%M%S%3f")
    ))
}

/// The disk that a run makes of a snapshot and removes again.
pub(crate) fn scratch(call: &Call<Config>, reference: &Reference) -> Result<String, Failure> {
    let id = request_id(&run(call)?, &["scratch", &reference.name, &reference.id]);
    Ok(format!("{SCRATCH}{}", id.simple()))
}

/// The id of a request that belongs to a run, by what it is about.
pub(crate) fn request_id(run: &Uuid, about: &[&str]) -> Uuid {
    Uuid::new_v5(run, about.join(" ").as_bytes())
}

/// The labels that say whose something is, beside `more`.
pub(crate) fn labels(call: &Call<Config>, more: &[(&str, &str)]) -> Labels {
    let ours = [(TENANT, call.tenant.as_str()), (RUN, call.run_id.as_str())];
    ours.iter()
        .chain(more)
        .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
        .collect()
}

/// A snapshot's reference: `PROJECT/NAME/ID`. The id tells a snapshot from a later one of the same name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reference {
    pub(crate) name: String,
    pub(crate) id: String,
}

impl Reference {
    /// Reads a reference; another project than the schedule's is refused, for its snapshots would look deleted.
    pub(crate) fn read(call: &Call<Config>, text: &str) -> Result<Self, Failure> {
        let mut parts = text.rsplitn(3, '/');
        let (id, name, project) = (parts.next(), parts.next(), parts.next());
        let (Some(id), Some(name), Some(project)) = (id, name, project) else {
            return Err(unknown(text));
        };
        let is_name = name.starts_with(|c: char| c.is_ascii_lowercase())
            && name.len() <= 63
            && name
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if !is_name || !is_id(id) {
            return Err(unknown(text));
        }
        if project != call.config.project {
            return Err(Failure::invalid(format!(
                "the snapshot {name} is in the project {project}, the schedule is about {}",
                call.config.project
            )));
        }
        Ok(Self {
            name: name.to_owned(),
            id: id.to_owned(),
        })
    }

    pub(crate) fn text(&self, config: &Config) -> String {
        format!("{}/{}/{}", config.project, self.name, self.id)
    }
}

/// Not `not-found`, which would count as deleted.
fn unknown(text: &str) -> Failure {
    let shown: String = text.chars().take(100).collect();
    Failure::invalid(format!("{shown:?} is no reference of this plugin"))
}

/// Whether a text is an id as Google writes them: an unsigned number of 64 bits.
pub(crate) fn is_id(text: &str) -> bool {
    text.parse::<u64>().is_ok_and(|id| id > 0) && text.bytes().all(|b| b.is_ascii_digit())
}
