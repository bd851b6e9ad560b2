//! Runs a plugin's logic outside a component: real folders stand in for granted trees.
//!
//! Owns: the grants of the current thread. Never: part of a component, and no sandbox: it follows what it is given.
//! Read next: `disk.rs`. SQLite databases are copied as plain bytes here.

pub(crate) mod disk;
pub mod http;
pub(crate) mod state;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::{Call, Evidence, Failure, Instant, Snapshots, Step};

/// The run of [`call`].
pub const RUN: &str = "0192a3b4-0000-7000-8000-000000000001";
/// When the run of [`call`] is due: 2026-11-20T06:00:00Z.
pub const DUE: i64 = 1_795_154_400_000;

/// Polls after which an operation is taken for one without an end.
const POLLS: usize = 20;

type Hook = Box<dyn FnMut(&Path)>;

thread_local! {
    static HOOK: RefCell<Option<Hook>> = const { RefCell::new(None) };
    static GRANTS: RefCell<BTreeMap<String, (PathBuf, bool)>> = const { RefCell::new(BTreeMap::new()) };
}

/// The first attempt of a call for the tenant `acme`, with a minute to go.
#[must_use]
pub fn call<C>(config: C) -> Call<C> {
    Call {
        run_id: RUN.to_owned(),
        attempt: 1,
        tenant: "acme".to_owned(),
        due: Instant(DUE),
        deadline: Instant(DUE + 60_000),
        dry_run: false,
        config,
    }
}

/// Polls until a step is done, `between` two calls doing what happens at the provider meanwhile.
///
/// # Errors
/// Whatever failure it comes to; [`Failure::Other`]: it does not come to an end.
pub fn to_the_end<P: Snapshots<Config: Clone>>(
    call: &Call<P::Config>,
    mut step: Result<Step, Failure>,
    mut between: impl FnMut(),
) -> Result<Evidence, Failure> {
    for _ in 0..POLLS {
        match step? {
            Step::Done(evidence) => return Ok(evidence),
            Step::Running(operation) => {
                between();
                step = P::poll(call.clone(), operation.handle);
            }
        }
    }
    Err(Failure::other("it does not come to an end"))
}

/// Grants a folder as a tree to code of this thread.
pub fn grant(name: &str, folder: impl AsRef<Path>, writable: bool) {
    GRANTS.with_borrow_mut(|grants| {
        grants.insert(name.to_owned(), (folder.as_ref().to_owned(), writable))
    });
}

/// Takes every grant and hook of this thread back.
pub fn revoke_all() {
    GRANTS.with_borrow_mut(BTreeMap::clear);
    HOOK.set(None);
}

fn granted(name: &str) -> Option<(PathBuf, bool)> {
    GRANTS.with_borrow(|grants| grants.get(name).cloned())
}

/// Calls `hook` with every file that is copied, after its bytes were read and before it is looked at again.
pub fn while_copying(hook: impl FnMut(&Path) + 'static) {
    HOOK.set(Some(Box::new(hook)));
}

fn copied(file: &Path) {
    if let Some(mut hook) = HOOK.take() {
        hook(file);
        HOOK.set(Some(hook));
    }
}
