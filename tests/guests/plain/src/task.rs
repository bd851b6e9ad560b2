//! The role `task`: every capability once.

use strongroom_plugin::bindings::files::{Error, Kind, Tree};
use strongroom_plugin::bindings::log::Level;
use strongroom_plugin::bindings::task;
use strongroom_plugin::bindings::types::{Call, Failure, FailureKind, Step};
use strongroom_plugin::bindings::{log, progress, state};

use crate::{Plain, done, failed, fails, later, pair, running};

impl task::exports::strongroom::plugin::task::Guest for Plain {
    fn run(call: Call) -> Result<Step, Failure> {
        if call.dry_run {
            return Ok(running(b"operation"));
        }
        for level in [
            Level::Debug,
            Level::Info,
            Level::Warn,
            Level::Error,
            Level::Other("trace".to_owned()),
        ] {
            log::write(&level, "a line", &[pair("key", "value")]);
        }
        progress::report(1, 2, "parts", "half of it");
        let stored = look_at_state().map_err(|error| {
            let word = match error {
                state::Error::Changed => "changed",
                state::Error::Limit(_) => "limit",
                state::Error::Unavailable(_) => "unavailable",
                state::Error::NotGranted => "not-granted",
                state::Error::Other(_) => "other",
            };
            failed(FailureKind::Unavailable, word)
        })?;
        let seen =
            look_at_files().map_err(|error| failed(FailureKind::Unavailable, word(&error)))?;
        Ok(done(call, vec![pair("state", stored), pair("files", seen)]))
    }

    fn poll(call: Call, operation: Vec<u8>) -> Result<Step, Failure> {
        let name = String::from_utf8(operation).unwrap_or_default();
        match (fails(&name), name.as_str()) {
            (Some(failure), _) => Err(failure),
            (None, "later") => Ok(later()),
            (None, _) => Ok(done(call, vec![pair("polled", &name)])),
        }
    }
}

fn look_at_state() -> Result<&'static str, state::Error> {
    let before = state::get("key")?;
    let version = state::set("key", b"value", before.map(|value| value.version))?;
    state::delete("key", version)?;
    Ok("written and deleted")
}

/// Everything that a tree can do, once; what the host says of each item is for the host's own tests.
fn look_at_files() -> Result<&'static str, Error> {
    let tree = Tree::open("data")?;
    let entry = tree.describe(b"")?;
    tree.space()?;
    tree.walk(b"")?.next(16)?;
    tree.read(b"file", 0)?.read(16)?;
    let writer = tree.write(b"new")?;
    writer.write(b"bytes")?;
    writer.finish()?;
    tree.make_directory(b"folder")?;
    tree.symlink(b"link", b"file")?;
    tree.link(&[]);
    tree.copy(&tree, &[]);
    tree.digest(&[]);
    tree.set(&[]);
    tree.rename(b"new", b"file")?;
    tree.remove(b"file")?;
    tree.remove_all(b"folder")?;
    tree.sync()?;
    Ok(match (entry.metadata.kind, tree.writable()) {
        (Kind::Directory, true) => "a writable directory",
        _ => "something else",
    })
}

fn word(error: &Error) -> &'static str {
    match error {
        Error::NotFound => "not-found",
        Error::ReadOnly => "read-only",
        _ => "another error",
    }
}

task::export_task!(Plain with_types_in task);
