//! A loaded plugin: what it is, and one call of one of its functions.
//!
//! Owns: the exports by role, the slot, store and deadline of a call, and how they become an ending.
//! Never: retries, grants, what an answer means. Read next: `instance`, `answer`, `ending`; `description`.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use wasmtime::Store;
use wasmtime::component::{
    ComponentExportIndex, ComponentNamedList, Instance, InstancePre, Lift, Lower, TypedFunc,
};

use crate::answer;
use crate::call::{Call, Context, Ending, Request};
use crate::capability::Capability;
use crate::capability::log::LogSink;
use crate::contract::v0_1::exports::strongroom::plugin::snapshots as wit_snapshots;
use crate::contract::v0_1::strongroom::plugin::types as wit;
use crate::deadline::Deadline;
use crate::description::Description;
use crate::ending;
use crate::inspect::Inspection;
use crate::instance::{self, Guest, Instances};
use crate::role::Role;

/// A plugin that was validated, compiled, linked and asked to describe itself. Cheap to clone.
#[derive(Clone)]
pub struct Plugin(Arc<Loaded>);

struct Loaded {
    instances: Arc<Instances>,
    inspection: Inspection,
    capabilities: BTreeSet<Capability>,
    description: Description,
    pre: InstancePre<Guest>,
    exports: Exports,
}

impl Plugin {
    pub(crate) fn new(
        instances: Arc<Instances>,
        inspection: Inspection,
        description: Description,
        pre: InstancePre<Guest>,
        exports: Exports,
    ) -> Self {
        let capabilities = inspection.capabilities();
        Self(Arc::new(Loaded {
            instances,
            inspection,
            capabilities,
            description,
            pre,
            exports,
        }))
    }

    /// SHA-256 of the file, hexadecimal: the plugin's identity.
    #[must_use]
    pub fn digest(&self) -> &str {
        &self.0.inspection.digest
    }

    /// What it says about itself, validated.
    #[must_use]
    pub fn description(&self) -> &Description {
        &self.0.description
    }

    /// What may be called.
    #[must_use]
    pub fn roles(&self) -> &BTreeSet<Role> {
        &self.0.inspection.roles
    }

    /// Whether it imports a capability. Only what it also wants and a schedule grants is there.
    #[must_use]
    pub fn imports(&self, capability: Capability) -> bool {
        self.0.capabilities.contains(&capability)
    }

    /// Calls one function in a fresh store and waits for its end, at most `context.time`.
    ///
    /// Dropping the future stops the guest and throws its store away.
    pub async fn call(&self, request: Request, call: &Call, context: Context) -> Ending {
        let deadline = Deadline::begin(context.time);
        let log = Arc::new(LogSink::new(Arc::clone(&context.capabilities.log)));
        let ending = deadline
            .limit(self.run(request, call, context, deadline, &log))
            .await;
        log.finish();
        ending.unwrap_or(Ending::TimedOut)
    }

    async fn run(
        &self,
        request: Request,
        call: &Call,
        context: Context,
        deadline: Deadline,
        log: &Arc<LogSink>,
    ) -> Ending {
        let Loaded {
            instances,
            pre,
            exports,
            ..
        } = &*self.0;
        let _slot = instances.slot().await;
        let _live = instances.ticker.live();
        let memory = context.memory.min(instances.memory_ceiling);
        let guest = Guest::new(
            memory,
            deadline,
            context.now,
            Arc::clone(log),
            context.capabilities,
        );
        let mut store = instance::store(&instances.engine, guest);
        match exports
            .invoke(pre, &mut store, request, &answer::call(call))
            .await
        {
            Ok(ending) => ending,
            Err(error) => {
                log.finish();
                ending::of(&error, &store.data().limiter, log.last_words())
            }
        }
    }
}

impl fmt::Debug for Plugin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Plugin")
            .field("name", &self.0.description.name)
            .field("digest", &self.digest())
            .finish()
    }
}

/// Where the functions are, looked up once when the plugin is loaded.
pub(crate) struct Exports {
    task: Option<Task>,
    snapshots: Option<Snapshots>,
}

struct Task {
    run: ComponentExportIndex,
    poll: ComponentExportIndex,
}

struct Snapshots {
    start_create: ComponentExportIndex,
    poll: ComponentExportIndex,
    get: ComponentExportIndex,
    list: ComponentExportIndex,
    start_delete: ComponentExportIndex,
    start_restore: ComponentExportIndex,
    start_verify: ComponentExportIndex,
    start_copy: ComponentExportIndex,
}

/// A function's result: what it answers, or a failure.
type Answered<T> = (Result<T, wit::Failure>,);

impl Exports {
    /// Finds every function of every role, or names the one that is missing.
    pub(crate) fn find(pre: &InstancePre<Guest>, roles: &BTreeSet<Role>) -> Result<Self, String> {
        let lookup = |role: Role| {
            let component = pre.component();
            let interface = component.get_export_index(None, role.export());
            move |name: &str| {
                let missing = || format!("its {role} has no function `{name}`");
                interface
                    .as_ref()
                    .and_then(|interface| component.get_export_index(Some(interface), name))
                    .ok_or_else(missing)
            }
        };
        let (mut task, mut snapshots) = (None, None);
        if roles.contains(&Role::Task) {
            let find = lookup(Role::Task);
            task = Some(Task {
                run: find("run")?,
                poll: find("poll")?,
            });
        }
        if roles.contains(&Role::Snapshots) {
            let find = lookup(Role::Snapshots);
            snapshots = Some(Snapshots {
                start_create: find("start-create")?,
                poll: find("poll")?,
                get: find("get")?,
                list: find("list")?,
                start_delete: find("start-delete")?,
                start_restore: find("start-restore")?,
                start_verify: find("start-verify")?,
                start_copy: find("start-copy")?,
            });
        }
        Ok(Self { task, snapshots })
    }

    /// Instantiates and calls. An error is a guest that did not return.
    async fn invoke(
        &self,
        pre: &InstancePre<Guest>,
        store: &mut Store<Guest>,
        request: Request,
        call: &wit::Call,
    ) -> wasmtime::Result<Ending> {
        match request {
            Request::Run | Request::PollTask { .. } => {
                let Some(task) = &self.task else {
                    return Ok(without(Role::Task));
                };
                let instance = pre.instantiate_async(&mut *store).await?;
                task.invoke(&instance, store, request, call).await
            }
            Request::StartCreate
            | Request::PollSnapshots { .. }
            | Request::Get { .. }
            | Request::List { .. }
            | Request::StartDelete { .. }
            | Request::StartRestore { .. }
            | Request::StartVerify { .. }
            | Request::StartCopy { .. } => {
                let Some(snapshots) = &self.snapshots else {
                    return Ok(without(Role::Snapshots));
                };
                let instance = pre.instantiate_async(&mut *store).await?;
                snapshots.invoke(&instance, store, request, call).await
            }
        }
    }
}

fn without(role: Role) -> Ending {
    Ending::Refused {
        detail: format!("the plugin does not export the role `{role}`"),
    }
}

/// Calls one function with its typed arguments.
async fn enter<Arguments, Answer>(
    instance: &Instance,
    store: &mut Store<Guest>,
    function: &ComponentExportIndex,
    arguments: Arguments,
) -> wasmtime::Result<Answer>
where
    Arguments: ComponentNamedList + Lower + Send + Sync,
    Answer: ComponentNamedList + Lift + Send + Sync + 'static,
{
    let function: TypedFunc<Arguments, Answer> = instance.get_typed_func(&mut *store, function)?;
    function.call_async(&mut *store, arguments).await
}

impl Task {
    async fn invoke(
        &self,
        instance: &Instance,
        store: &mut Store<Guest>,
        request: Request,
        call: &wit::Call,
    ) -> wasmtime::Result<Ending> {
        let (answer,): Answered<wit::Step> = match &request {
            Request::PollTask { handle } => {
                enter(instance, store, &self.poll, (call, handle.as_slice())).await?
            }
            _ => enter(instance, store, &self.run, (call,)).await?,
        };
        Ok(answer::step(answer))
    }
}

impl Snapshots {
    async fn invoke(
        &self,
        instance: &Instance,
        store: &mut Store<Guest>,
        request: Request,
        call: &wit::Call,
    ) -> wasmtime::Result<Ending> {
        let (answer,): Answered<wit::Step> = match request {
            Request::Get { reference } => {
                let (answer,): Answered<wit_snapshots::Snapshot> =
                    enter(instance, store, &self.get, (call, reference.as_str())).await?;
                return Ok(answer::snapshot(answer));
            }
            Request::List { cursor, limit } => {
                let (answer,): Answered<wit_snapshots::Page> = enter(
                    instance,
                    store,
                    &self.list,
                    (call, cursor.as_deref(), limit),
                )
                .await?;
                return Ok(answer::page(answer, limit));
            }
            Request::PollSnapshots { handle } => {
                enter(instance, store, &self.poll, (call, handle.as_slice())).await?
            }
            Request::StartDelete { reference } => {
                enter(
                    instance,
                    store,
                    &self.start_delete,
                    (call, reference.as_str()),
                )
                .await?
            }
            Request::StartRestore {
                reference,
                place,
                paths,
            } => {
                let target = wit_snapshots::Target {
                    place,
                    paths,
                    extra: Vec::new(),
                };
                enter(
                    instance,
                    store,
                    &self.start_restore,
                    (call, reference.as_str(), &target),
                )
                .await?
            }
            Request::StartVerify { reference } => {
                enter(
                    instance,
                    store,
                    &self.start_verify,
                    (call, reference.as_str()),
                )
                .await?
            }
            Request::StartCopy { reference } => {
                enter(
                    instance,
                    store,
                    &self.start_copy,
                    (call, reference.as_str()),
                )
                .await?
            }
            Request::StartCreate | Request::Run | Request::PollTask { .. } => {
                enter(instance, store, &self.start_create, (call,)).await?
            }
        };
        Ok(answer::step(answer))
    }
}
