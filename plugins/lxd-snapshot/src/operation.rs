//! LXD's operations: what goes on after a request was taken with 202, and fails there if it fails.
//!
//! Owns: the handle that the host keeps. LXD forgets an operation five seconds after its end.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use strongroom_plugin::provider::{found, resume};
use strongroom_plugin::{Call, Failure, Operation, Step};

use crate::api::{Accepted, Lxd};
use crate::config::Config;
use crate::{catalog, create, failures, restore, verify};

/// How long one call waits for an operation, in seconds; most end within it.
const PATIENCE_S: u64 = 5;

/// The id of an operation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Id(String);

impl Id {
    /// Reads the address of an operation: `/1.0/operations/ID`.
    pub(crate) fn read(address: &str) -> Option<Self> {
        let rest = address.strip_prefix("/1.0/operations/")?;
        let id = rest.split('?').next().unwrap_or_default();
        let plain = |byte: u8| byte.is_ascii_hexdigit() || byte == b'-';
        (!id.is_empty() && id.len() <= 64 && id.bytes().all(plain)).then(|| Self(id.to_owned()))
    }

    pub(crate) fn text(&self) -> &str {
        &self.0
    }
}

/// What the host keeps while something goes on.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub(crate) enum Handle {
    /// The snapshot is being made.
    Create { name: String, operation: Id },
    /// Something else goes on with the volume; what became of the snapshot can be told afterwards.
    Wait { name: String },
    /// What an earlier attempt left behind is being removed.
    Clear { name: String, operation: Option<Id> },
    /// The snapshot is being deleted.
    Delete { name: String, operation: Option<Id> },
    /// The snapshot is being copied into a volume.
    Restore {
        name: String,
        target: String,
        operation: Id,
    },
    /// The snapshot is being copied into a scratch volume.
    Verify { name: String, operation: Id },
}

impl Handle {
    /// The answer that it goes on.
    pub(crate) fn goes_on(&self, note: String) -> Result<Step, Failure> {
        Ok(Operation::of(self, note)?.into())
    }
}

/// Asks after what goes on.
pub(crate) fn poll(call: &Call<Config>, handle: &[u8]) -> Result<Step, Failure> {
    match resume(handle)? {
        Handle::Create { name, operation } => create::poll(call, &name, operation),
        Handle::Wait { name } => create::settle(call, &name),
        Handle::Clear { name, operation } => create::cleared(call, &name, operation),
        Handle::Delete { name, operation } => catalog::poll(call, &name, operation),
        Handle::Restore {
            name,
            target,
            operation,
        } => restore::poll(call, &name, &target, operation),
        Handle::Verify { name, operation } => verify::poll(call, &name, operation),
    }
}

/// How far an operation came.
pub(crate) enum Ended {
    /// It goes on.
    Not(Id),
    /// It succeeded.
    Well,
    /// LXD no longer knows it: nobody can say how it ended.
    Forgotten,
}

impl Lxd<'_> {
    /// Waits a moment for what was begun; a failure inside the operation is a failure.
    pub(crate) fn await_end(&self, what: &str, begun: Accepted) -> Result<Ended, Failure> {
        let id = match begun {
            Accepted::Done => return Ok(Ended::Well),
            Accepted::Begun(id) => id,
        };
        let Some(told) = found(self.operation(&id, PATIENCE_S))? else {
            return Ok(Ended::Forgotten);
        };
        if told.get("id").and_then(Value::as_str) != Some(id.text()) {
            return Err(Failure::other(format!(
                "{what}: LXD tells of another operation than {}",
                id.text()
            )));
        }
        let error = told.get("err").and_then(Value::as_str).unwrap_or_default();
        match told.get("status_code").and_then(Value::as_u64) {
            Some(200) if error.is_empty() => Ok(Ended::Well),
            Some(100..=199) => Ok(Ended::Not(id)),
            Some(401) => Err(Failure::conflict(format!(
                "{what}: LXD's operation was cancelled"
            ))),
            _ => Err(failures::of_operation(what, error)),
        }
    }

    /// Whether anything still goes on with the volume. (LXD 5.0 names it in the resources of the operation.)
    pub(crate) fn is_busy(&self) -> Result<bool, Failure> {
        let known = self.operations()?;
        let groups = known.as_object().into_iter().flatten();
        let on = groups
            .filter(|(state, _)| !matches!(state.as_str(), "success" | "failure" | "cancelled"));
        let mut operations = on.flat_map(|(_, list)| list.as_array().into_iter().flatten());
        Ok(operations.any(|operation| self.concerns(operation)))
    }

    fn concerns(&self, operation: &Value) -> bool {
        let lists = operation.get("resources").and_then(Value::as_object);
        let addresses = lists
            .into_iter()
            .flatten()
            .flat_map(|(_, list)| list.as_array().into_iter().flatten())
            .filter_map(Value::as_str);
        addresses
            .filter_map(|address| address.split('?').next())
            .any(|address| address.split('/').any(|part| part == self.volume))
    }
}
