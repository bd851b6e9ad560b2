//! Beginning a change once, and looking at how far it is.
//!
//! Owns: request ids. Google answers an id it remembers with the operation that the id began, even if that failed or its
//! work was undone since; then the next id of the same chain is used, so that a retry is a new try and a lost reply is not.
//! Never: relied upon alone: names are unique, and made of the run.

use serde::{Deserialize, Serialize};
use strongroom_plugin::Failure;
use uuid::Uuid;

use crate::compute::{Compute, Scope, same};
use crate::names::request_id;
use crate::refusals::{Refusal, failed};
use crate::resources::Operation;

/// Ids of one chain that are tried in one call.
const CHAIN: u32 = 4;

/// An operation that was begun, as handles keep it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Begun {
    pub(crate) scope: Scope,
    pub(crate) name: String,
    id: String,
    pub(crate) target_id: Option<String>,
}

/// What became of a beginning.
pub(crate) enum Beginning {
    /// An operation is going, or was.
    Going(Begun),
    /// The name is taken, perhaps by ourselves.
    Exists,
    /// What it is about is not there.
    Absent(String),
}

/// How far an operation is.
pub(crate) enum Looked {
    /// Not done; percent.
    Going(Option<u8>),
    /// Done, or so old that Google has forgotten it: look at what it made.
    Done,
    /// Done, and it did not work.
    Failed(Failure),
}

/// A change that is to be begun.
pub(crate) struct Change<'a> {
    pub(crate) scope: Scope,
    /// The first request id.
    pub(crate) id: Uuid,
    /// The path of what is changed.
    pub(crate) target: String,
    /// Sends the request with an id.
    pub(crate) ask: &'a dyn Fn(&str) -> Result<Operation, Refusal>,
    /// Whether the change is there to be seen.
    pub(crate) stands: &'a dyn Fn() -> Result<bool, Failure>,
}

impl Change<'_> {
    /// Begins it, or finds what an earlier call began.
    pub(crate) fn begin(&self) -> Result<Beginning, Failure> {
        let mut id = self.id;
        let mut last = None;
        for _ in 0..CHAIN {
            let operation = match (self.ask)(&id.to_string()) {
                Ok(operation) => operation,
                Err(Refusal::Exists(_)) => return Ok(Beginning::Exists),
                Err(Refusal::NotFound(detail)) => return Ok(Beginning::Absent(detail)),
                Err(Refusal::Failure(failure)) => return Err(failure),
            };
            same("target", &operation.target_link, &self.target)?;
            if operation.status != "DONE" || (self.stands)()? {
                return Ok(Beginning::Going(Begun {
                    scope: self.scope,
                    name: operation.name,
                    id: operation.id,
                    target_id: operation.target_id,
                }));
            }
            id = request_id(&id, &["after", &operation.name]);
            last = failed(&operation);
        }
        Err(last.unwrap_or_else(|| {
            Failure::other(format!(
                "the provider says again and again that {} was changed, and shows it unchanged",
                self.target
            ))
        }))
    }
}

impl Begun {
    /// Looks at the operation in its own scope.
    pub(crate) fn look(&self, compute: &Compute<'_>, target: &str) -> Result<Looked, Failure> {
        let Some(operation) = compute.operation(self.scope, &self.name)? else {
            return Ok(Looked::Done);
        };
        same("target", &operation.target_link, target)?;
        if operation.id != self.id || operation.target_id != self.target_id {
            return Err(Failure::other(format!(
                "the provider answered about {} with the ids of another operation",
                self.name
            )));
        }
        let percent = operation.progress.map(|percent| percent.min(100) as u8);
        match operation.status.as_str() {
            "PENDING" | "RUNNING" => Ok(Looked::Going(percent)),
            "DONE" => Ok(failed(&operation).map_or(Looked::Done, Looked::Failed)),
            other => Err(Failure::other(format!(
                "the operation {} is {other:?}, which this plugin does not know",
                self.name
            ))),
        }
    }
}
