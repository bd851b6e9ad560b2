//! The role `task`: runs anything that a vendor schedules.

use strongroom_domain::role::Role;
use wasmtime::Store;
use wasmtime::component::{ComponentExportIndex, Instance};

use super::{Entry, Function, Functions, NotThere, Request, typed};
use crate::answer;
use crate::call::{CallResult, Step};
use crate::contract::v0_1::strongroom::plugin::types as wit;
use crate::instance::Guest;

/// What begins a run or asks after it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// `run`
    Run,
    /// `poll`
    Poll {
        /// As the plugin gave it.
        handle: Vec<u8>,
    },
}

impl From<Action> for Request {
    fn from(action: Action) -> Self {
        Self::Task(action)
    }
}

impl super::Action for Action {
    fn poll(handle: Vec<u8>) -> Self {
        Self::Poll { handle }
    }
}

/// Where its functions are.
pub(crate) struct Exports {
    run: ComponentExportIndex,
    poll: Option<ComponentExportIndex>,
}

impl Exports {
    pub(super) fn find(functions: &Functions<'_>) -> Result<Self, String> {
        Ok(Self {
            run: functions.required("run")?,
            poll: functions.optional("poll"),
        })
    }

    pub(super) fn check(
        &self,
        instance: &Instance,
        store: &mut Store<Guest>,
    ) -> wasmtime::Result<()> {
        typed::<(&wit::Call,), wit::Step>(instance, store, &self.run)?;
        if let Some(poll) = &self.poll {
            typed::<(&wit::Call, &[u8]), wit::Step>(instance, store, poll)?;
        }
        Ok(())
    }
}

impl Function for Action {
    type Answer = Step;

    fn export<'e>(
        &self,
        exports: &'e super::Exports,
    ) -> Result<&'e ComponentExportIndex, NotThere> {
        let task = exports.task.as_ref().ok_or(NotThere::Role(Role::Task))?;
        match self {
            Self::Run => Ok(&task.run),
            Self::Poll { .. } => task
                .poll
                .as_ref()
                .ok_or(NotThere::Function(Role::Task, "poll")),
        }
    }

    async fn enter(
        &self,
        entry: Entry<'_>,
        call: &wit::Call,
    ) -> wasmtime::Result<CallResult<Step>> {
        let answer = match self {
            Self::Run => entry.call((call,)).await?,
            Self::Poll { handle } => entry.call((call, handle.as_slice())).await?,
        };
        Ok(answer::step(answer))
    }
}
