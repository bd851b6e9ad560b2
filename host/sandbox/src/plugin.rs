//! A loaded plugin: what it is, and one call of one of its functions.
//!
//! Owns: the slot, store and deadline of a call.
//! Never: retries, grants, what an answer means. Read next: `role`, `instance`, `answer`, `ending`; `description`.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use strongroom_domain::capability::Capability;
use strongroom_domain::role::Role;
use wasmtime::Store;
use wasmtime::component::InstancePre;

use crate::answer;
use crate::call::{Call, CallResult, Context};
use crate::capability::log::LogSink;
use crate::contract::v0_1::strongroom::plugin::types as wit;
use crate::deadline::Deadline;
use crate::description::Description;
use crate::ending;
use crate::inspect::Inspection;
use crate::instance::{self, Guest, Instances};
use crate::role::{Entry, Exports, Function};

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
    pub async fn call<F: Function>(
        &self,
        function: &F,
        call: &Call,
        context: Context,
    ) -> CallResult<F::Answer> {
        let deadline = Deadline::begin(context.time);
        let log = Arc::new(LogSink::new(Arc::clone(&context.capabilities.log)));
        let result = deadline
            .limit(self.run(function, call, context, deadline, &log))
            .await;
        log.finish();
        result.unwrap_or(CallResult::TimedOut)
    }

    async fn run<F: Function>(
        &self,
        function: &F,
        call: &Call,
        context: Context,
        deadline: Deadline,
        log: &Arc<LogSink>,
    ) -> CallResult<F::Answer> {
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
        let call = answer::call(call);
        match enter(exports, pre, &mut store, function, &call).await {
            Ok(result) => result,
            Err(error) => {
                log.finish();
                ending::of(&error, &store.data().limiter, log.last_words()).into()
            }
        }
    }
}

/// Instantiates and calls. An error is a guest that did not return.
async fn enter<F: Function>(
    exports: &Exports,
    pre: &InstancePre<Guest>,
    store: &mut Store<Guest>,
    function: &F,
    call: &wit::Call,
) -> wasmtime::Result<CallResult<F::Answer>> {
    let export = match function.export(exports) {
        Ok(export) => export,
        Err(missing) => return Ok(missing.into()),
    };
    let instance = pre.instantiate_async(&mut *store).await?;
    let entry = Entry {
        instance: &instance,
        store,
        function: export,
    };
    function.enter(entry, call).await
}

impl fmt::Debug for Plugin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Plugin")
            .field("name", &self.0.description.name)
            .field("digest", &self.digest())
            .finish()
    }
}
