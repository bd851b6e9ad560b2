//! The roles as the host calls them: each function with the type of its answer.
//!
//! Owns: where an export's functions are, and that each is of the contract's type.
//! Never: what an answer means. Read next: `snapshots`, `task`, then `plugin`.

pub mod snapshots;
pub mod task;

use std::collections::BTreeSet;

use strongroom_domain::retry::Failure;
use strongroom_domain::role::Role;
use wasmtime::Store;
use wasmtime::component::{
    Component, ComponentExportIndex, ComponentNamedList, Instance, InstancePre, Lift, Lower,
    TypedFunc,
};

use crate::call::{CallResult, Step};
use crate::contract::v0_1::strongroom::plugin::types as wit;
use crate::contract::{CONTRACT, PACKAGE};
use crate::instance::Guest;

/// A function of a role that the host may call.
pub trait Function: Clone + Into<Request> + Send + Sync + 'static {
    /// What it answers.
    type Answer: Into<Answer> + TryFrom<Answer> + Clone + Send + 'static;

    /// Where the plugin has it, or why it cannot be called.
    #[doc(hidden)]
    fn export<'e>(&self, exports: &'e Exports) -> Result<&'e ComponentExportIndex, NotThere>;

    /// Calls it. An error is a guest that did not return.
    #[doc(hidden)]
    fn enter(
        &self,
        entry: Entry<'_>,
        call: &wit::Call,
    ) -> impl Future<Output = wasmtime::Result<CallResult<Self::Answer>>> + Send;
}

/// A function that begins a long action, or asks after one of its role.
pub trait Action: Function<Answer = Step> {
    /// Asks after what goes on.
    fn poll(handle: Vec<u8>) -> Self;
}

/// Any function that the host may call: for what stands in a plugin's place, and for recording.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request {
    /// Begins something with snapshots, or asks after it.
    Snapshots(snapshots::Action),
    /// `snapshots.get`
    Get(snapshots::Get),
    /// `snapshots.list`
    List(snapshots::List),
    /// Begins a run of a task, or asks after it.
    Task(task::Action),
}

/// Any answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// To everything that begins or asks after something.
    Step(Step),
    /// To `snapshots.get`.
    Snapshot(snapshots::SnapshotInfo),
    /// To `snapshots.list`.
    Page(snapshots::Page),
}

/// Conversions between any answer and the answer of one function.
macro_rules! answers {
    ($($variant:ident: $answer:ty),*) => {$(
        impl From<$answer> for Answer {
            fn from(answer: $answer) -> Self {
                Self::$variant(answer)
            }
        }

        impl TryFrom<Answer> for $answer {
            type Error = Answer;

            fn try_from(answer: Answer) -> Result<Self, Answer> {
                match answer {
                    Answer::$variant(answer) => Ok(answer),
                    other => Err(other),
                }
            }
        }
    )*};
}

answers!(Step: Step, Snapshot: snapshots::SnapshotInfo, Page: snapshots::Page);

/// The full name under which a component exports a role.
pub(crate) fn export(role: Role) -> String {
    format!("{PACKAGE}/{role}@{CONTRACT}")
}

/// Where the functions are, looked up once when the plugin is loaded.
#[doc(hidden)]
#[derive(Default)]
pub struct Exports {
    pub(crate) snapshots: Option<snapshots::Exports>,
    pub(crate) task: Option<task::Exports>,
}

impl Exports {
    /// Finds every function of every role, or names a missing one that its role cannot do without.
    pub(crate) fn find(pre: &InstancePre<Guest>, roles: &BTreeSet<Role>) -> Result<Self, String> {
        let mut exports = Self::default();
        for role in roles {
            let functions = Functions::of(*role, pre.component());
            match role {
                Role::Snapshots => {
                    exports.snapshots = Some(snapshots::Exports::find(&functions)?);
                }
                Role::Task => exports.task = Some(task::Exports::find(&functions)?),
            }
        }
        Ok(exports)
    }

    /// Compares every function's type with the contract's.
    pub(crate) fn check(
        &self,
        instance: &Instance,
        store: &mut Store<Guest>,
    ) -> wasmtime::Result<()> {
        if let Some(snapshots) = &self.snapshots {
            snapshots.check(instance, store)?;
        }
        self.task
            .as_ref()
            .map_or(Ok(()), |task| task.check(instance, store))
    }
}

/// The functions of one exported interface.
pub(crate) struct Functions<'a> {
    role: Role,
    component: &'a Component,
    interface: Option<ComponentExportIndex>,
}

impl<'a> Functions<'a> {
    fn of(role: Role, component: &'a Component) -> Self {
        Self {
            role,
            component,
            interface: component.get_export_index(None, export(role)),
        }
    }

    /// A function that the role can do without.
    fn optional(&self, name: &str) -> Option<ComponentExportIndex> {
        let interface = self.interface.as_ref()?;
        self.component.get_export_index(Some(interface), name)
    }

    fn required(&self, name: &str) -> Result<ComponentExportIndex, String> {
        self.optional(name)
            .ok_or_else(|| format!("its {} has no function `{name}`", self.role))
    }
}

/// Why a function cannot be called.
#[doc(hidden)]
pub enum NotThere {
    /// The plugin does not export the role.
    Role(Role),
    /// It does, without this function.
    Function(Role, &'static str),
}

impl<A> From<NotThere> for CallResult<A> {
    fn from(what: NotThere) -> Self {
        match what {
            NotThere::Role(role) => {
                Self::Refused(format!("the plugin does not export the role `{role}`"))
            }
            NotThere::Function(role, name) => Self::Failed(Failure::invalid(format!(
                "the plugin has no function `{name}` in its role `{role}`"
            ))),
        }
    }
}

/// One function of one instance, to be called.
#[doc(hidden)]
pub struct Entry<'a> {
    pub(crate) instance: &'a Instance,
    pub(crate) store: &'a mut Store<Guest>,
    pub(crate) function: &'a ComponentExportIndex,
}

/// A function's result: what it answers, or a failure.
type Answered<T> = (Result<T, wit::Failure>,);

impl Entry<'_> {
    /// Calls with typed arguments.
    async fn call<Arguments, Answer>(
        self,
        arguments: Arguments,
    ) -> wasmtime::Result<Result<Answer, wit::Failure>>
    where
        Arguments: ComponentNamedList + Lower + Send + Sync,
        Answered<Answer>: ComponentNamedList + Lift + Send + Sync + 'static,
    {
        let function = typed::<Arguments, Answer>(self.instance, self.store, self.function)?;
        let (answer,) = function.call_async(&mut *self.store, arguments).await?;
        Ok(answer)
    }
}

fn typed<Arguments, Answer>(
    instance: &Instance,
    store: &mut Store<Guest>,
    function: &ComponentExportIndex,
) -> wasmtime::Result<TypedFunc<Arguments, Answered<Answer>>>
where
    Arguments: ComponentNamedList + Lower,
    Answered<Answer>: ComponentNamedList + Lift,
{
    instance.get_typed_func(&mut *store, function)
}

/// A function that is known only when it is called.
impl Function for Request {
    type Answer = Answer;

    fn export<'e>(&self, exports: &'e Exports) -> Result<&'e ComponentExportIndex, NotThere> {
        match self {
            Self::Snapshots(action) => action.export(exports),
            Self::Get(get) => get.export(exports),
            Self::List(list) => list.export(exports),
            Self::Task(action) => action.export(exports),
        }
    }

    async fn enter(
        &self,
        entry: Entry<'_>,
        call: &wit::Call,
    ) -> wasmtime::Result<CallResult<Answer>> {
        Ok(match self {
            Self::Snapshots(action) => action.enter(entry, call).await?.map(Into::into),
            Self::Get(get) => get.enter(entry, call).await?.map(Into::into),
            Self::List(list) => list.enter(entry, call).await?.map(Into::into),
            Self::Task(action) => action.enter(entry, call).await?.map(Into::into),
        })
    }
}
