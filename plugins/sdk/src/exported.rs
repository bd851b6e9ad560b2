//! The bridge from the generated bindings to a plugin's traits; used by the register macros only.

use std::marker::PhantomData;

use crate::bindings::snapshots::exports::strongroom::plugin::snapshots;
use crate::bindings::task::exports::strongroom::plugin::task;
use crate::bindings::{egress, plugin, types};
use crate::{Call, Failure, Plugin, Snapshots, Task};

/// Stands for a plugin in the generated bindings.
pub struct Exported<P>(PhantomData<P>);

/// Reads the call, asks the plugin, translates the answer.
fn ask<P: Plugin, A, B: From<A>>(
    call: types::Call,
    ask: impl FnOnce(Call<P::Config>) -> Result<A, Failure>,
) -> Result<B, types::Failure> {
    Call::from_host(call)
        .and_then(ask)
        .map(B::from)
        .map_err(Into::into)
}

impl<P: Plugin> plugin::Guest for Exported<P> {
    fn describe() -> plugin::Description {
        P::describe().for_host::<P::Config>()
    }
}

impl<P: Plugin> egress::Guest for Exported<P> {
    fn endpoints() -> Vec<egress::Endpoint> {
        P::describe().endpoints_for_host()
    }
}

impl<P: Snapshots> snapshots::Guest for Exported<P> {
    fn start_create(call: types::Call) -> Result<types::Step, types::Failure> {
        ask::<P, _, _>(call, P::start_create)
    }

    fn poll(call: types::Call, operation: Vec<u8>) -> Result<types::Step, types::Failure> {
        ask::<P, _, _>(call, |call| P::poll(call, operation))
    }

    fn get(call: types::Call, reference: String) -> Result<snapshots::Snapshot, types::Failure> {
        ask::<P, _, _>(call, |call| P::get(call, &reference))
    }

    fn list(
        call: types::Call,
        cursor: Option<String>,
        limit: u32,
    ) -> Result<snapshots::Page, types::Failure> {
        ask::<P, _, _>(call, |call| P::list(call, cursor.as_deref(), limit))
    }

    fn start_delete(call: types::Call, reference: String) -> Result<types::Step, types::Failure> {
        ask::<P, _, _>(call, |call| P::start_delete(call, &reference))
    }

    fn start_restore(
        call: types::Call,
        reference: String,
        target: snapshots::Target,
    ) -> Result<types::Step, types::Failure> {
        ask::<P, _, _>(call, |call| {
            P::start_restore(call, &reference, &target.into())
        })
    }

    fn start_verify(call: types::Call, reference: String) -> Result<types::Step, types::Failure> {
        ask::<P, _, _>(call, |call| P::start_verify(call, &reference))
    }

    fn start_copy(call: types::Call, reference: String) -> Result<types::Step, types::Failure> {
        ask::<P, _, _>(call, |call| P::start_copy(call, &reference))
    }
}

impl<P: Task> task::Guest for Exported<P> {
    fn run(call: types::Call) -> Result<types::Step, types::Failure> {
        ask::<P, _, _>(call, P::run)
    }

    fn poll(call: types::Call, operation: Vec<u8>) -> Result<types::Step, types::Failure> {
        ask::<P, _, _>(call, |call| P::poll(call, operation))
    }
}
