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

type Hook = Box<dyn FnMut(&Path)>;

thread_local! {
    static HOOK: RefCell<Option<Hook>> = const { RefCell::new(None) };
    static GRANTS: RefCell<BTreeMap<String, (PathBuf, bool)>> = const { RefCell::new(BTreeMap::new()) };
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
