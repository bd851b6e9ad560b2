//! The role `snapshots`: makes, finds, checks, restores, copies and deletes images of a tenant's source.

use strongroom_domain::role::Role;
use wasmtime::Store;
use wasmtime::component::{ComponentExportIndex, Instance};

use super::{Entry, Function, Functions, NotThere, Request, typed};
use crate::answer;
use crate::call::{CallResult, Step};
use crate::contract::v0_1::exports::strongroom::plugin::snapshots as wit_snapshots;
use crate::contract::v0_1::strongroom::plugin::types as wit;
use crate::instance::Guest;
pub use crate::snapshot::{Page, SnapshotInfo, SnapshotState};

/// What begins a long action or asks after it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// `start-create`
    Create,
    /// `poll`
    Poll {
        /// As the plugin gave it.
        handle: Vec<u8>,
    },
    /// `start-delete`
    Delete {
        /// The provider's name.
        reference: String,
    },
    /// `start-restore`
    Restore {
        /// The provider's name.
        reference: String,
        /// A granted tree or a name at the provider.
        place: String,
        /// Paths inside the snapshot; empty: all.
        paths: Vec<Vec<u8>>,
    },
    /// `start-verify`
    Verify {
        /// The provider's name.
        reference: String,
    },
    /// `start-copy`
    Copy {
        /// The provider's name of what is copied.
        reference: String,
    },
}

/// `get`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Get {
    /// The provider's name.
    pub reference: String,
}

/// `list`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct List {
    /// From the page before.
    pub cursor: Option<String>,
    /// 1 to 1 000.
    pub limit: u32,
}

impl super::Action for Action {
    fn poll(handle: Vec<u8>) -> Self {
        Self::Poll { handle }
    }
}

impl From<Action> for Request {
    fn from(action: Action) -> Self {
        Self::Snapshots(action)
    }
}

impl From<Get> for Request {
    fn from(get: Get) -> Self {
        Self::Get(get)
    }
}

impl From<List> for Request {
    fn from(list: List) -> Self {
        Self::List(list)
    }
}

/// Where its functions are.
pub(crate) struct Exports {
    start_create: ComponentExportIndex,
    poll: ComponentExportIndex,
    get: ComponentExportIndex,
    list: ComponentExportIndex,
    start_delete: ComponentExportIndex,
    start_restore: Option<ComponentExportIndex>,
    start_verify: Option<ComponentExportIndex>,
    start_copy: Option<ComponentExportIndex>,
}

impl Exports {
    pub(super) fn find(functions: &Functions<'_>) -> Result<Self, String> {
        Ok(Self {
            start_create: functions.required("start-create")?,
            poll: functions.required("poll")?,
            get: functions.required("get")?,
            list: functions.required("list")?,
            start_delete: functions.required("start-delete")?,
            start_restore: functions.optional("start-restore"),
            start_verify: functions.optional("start-verify"),
            start_copy: functions.optional("start-copy"),
        })
    }

    pub(super) fn check(
        &self,
        instance: &Instance,
        store: &mut Store<Guest>,
    ) -> wasmtime::Result<()> {
        typed::<(&wit::Call,), wit::Step>(instance, store, &self.start_create)?;
        typed::<(&wit::Call, &[u8]), wit::Step>(instance, store, &self.poll)?;
        typed::<(&wit::Call, &str), wit_snapshots::Snapshot>(instance, store, &self.get)?;
        typed::<(&wit::Call, Option<&str>, u32), wit_snapshots::Page>(instance, store, &self.list)?;
        let optional = [&self.start_verify, &self.start_copy].into_iter().flatten();
        for function in [&self.start_delete].into_iter().chain(optional) {
            typed::<(&wit::Call, &str), wit::Step>(instance, store, function)?;
        }
        if let Some(restore) = &self.start_restore {
            typed::<(&wit::Call, &str, &wit_snapshots::Target), wit::Step>(
                instance, store, restore,
            )?;
        }
        Ok(())
    }

    fn of(exports: &super::Exports) -> Result<&Self, NotThere> {
        let snapshots = exports.snapshots.as_ref();
        snapshots.ok_or(NotThere::Role(Role::Snapshots))
    }
}

impl Function for Action {
    type Answer = Step;

    fn export<'e>(
        &self,
        exports: &'e super::Exports,
    ) -> Result<&'e ComponentExportIndex, NotThere> {
        let exports = Exports::of(exports)?;
        let (function, name) = match self {
            Self::Create => (Some(&exports.start_create), "start-create"),
            Self::Poll { .. } => (Some(&exports.poll), "poll"),
            Self::Delete { .. } => (Some(&exports.start_delete), "start-delete"),
            Self::Restore { .. } => (exports.start_restore.as_ref(), "start-restore"),
            Self::Verify { .. } => (exports.start_verify.as_ref(), "start-verify"),
            Self::Copy { .. } => (exports.start_copy.as_ref(), "start-copy"),
        };
        function.ok_or(NotThere::Function(Role::Snapshots, name))
    }

    async fn enter(
        &self,
        entry: Entry<'_>,
        call: &wit::Call,
    ) -> wasmtime::Result<CallResult<Step>> {
        let answer = match self {
            Self::Create => entry.call((call,)).await?,
            Self::Poll { handle } => entry.call((call, handle.as_slice())).await?,
            Self::Delete { reference } | Self::Verify { reference } | Self::Copy { reference } => {
                entry.call((call, reference.as_str())).await?
            }
            Self::Restore {
                reference,
                place,
                paths,
            } => {
                let target = wit_snapshots::Target {
                    place: place.clone(),
                    paths: paths.clone(),
                    extra: Vec::new(),
                };
                entry.call((call, reference.as_str(), &target)).await?
            }
        };
        Ok(answer::step(answer))
    }
}

impl Function for Get {
    type Answer = SnapshotInfo;

    fn export<'e>(
        &self,
        exports: &'e super::Exports,
    ) -> Result<&'e ComponentExportIndex, NotThere> {
        Ok(&Exports::of(exports)?.get)
    }

    async fn enter(
        &self,
        entry: Entry<'_>,
        call: &wit::Call,
    ) -> wasmtime::Result<CallResult<SnapshotInfo>> {
        let answer = entry.call((call, self.reference.as_str())).await?;
        Ok(answer::snapshot(answer))
    }
}

impl Function for List {
    type Answer = Page;

    fn export<'e>(
        &self,
        exports: &'e super::Exports,
    ) -> Result<&'e ComponentExportIndex, NotThere> {
        Ok(&Exports::of(exports)?.list)
    }

    async fn enter(
        &self,
        entry: Entry<'_>,
        call: &wit::Call,
    ) -> wasmtime::Result<CallResult<Page>> {
        let cursor = self.cursor.as_deref();
        let answer = entry.call((call, cursor, self.limit)).await?;
        Ok(answer::page(answer, self.limit))
    }
}
