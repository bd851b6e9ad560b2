//! Examines this machine and installation; changes nothing but the compile cache.

use serde::Serialize;
use strongroom_ledger::OpenMode;
use strongroom_orchestrator::RefusedFile;

use crate::Installation;
use crate::words::size;

/// How something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Health {
    /// As it should be.
    #[serde(rename = "ok")]
    Good,
    /// Worth knowing.
    #[serde(rename = "note")]
    Notice,
    /// It must be mended.
    #[serde(rename = "bad")]
    Bad,
}

/// What was found of one thing.
#[derive(Debug, Serialize)]
pub struct Finding {
    /// The thing, in a word.
    pub what: &'static str,
    /// How it is.
    pub health: Health,
    /// In a sentence without a full stop.
    pub text: String,
}

/// Examines one thing after the other.
pub async fn examine(at: &Installation) -> Vec<Finding> {
    let found = [
        ("kernel", kernel()),
        ("memory", maps()),
        ("state", state_folder(at)),
        ("disk", disk(at)),
        ("ledger", ledger(at).await),
        ("plugins", plugins(at).await),
        ("schedules", schedules(at).await),
    ];
    let finding = |(what, (health, text))| Finding { what, health, text };
    found.into_iter().map(finding).collect()
}

type Found = (Health, String);

fn good(text: String) -> Found {
    (Health::Good, text)
}

fn note(text: impl Into<String>) -> Found {
    (Health::Notice, text.into())
}

fn bad(text: impl Into<String>) -> Found {
    (Health::Bad, text.into())
}

/// Trees of files are opened with openat2, which Linux has since 5.6.
fn kernel() -> Found {
    use rustix::fs::{CWD, Mode, OFlags, ResolveFlags, openat2};
    let (flags, resolve) = (OFlags::PATH | OFlags::CLOEXEC, ResolveFlags::BENEATH);
    let opened = openat2(CWD, ".", flags, Mode::empty(), resolve);
    let system = rustix::system::uname();
    let linux = format!("Linux {}", system.release().to_string_lossy());
    match opened {
        Ok(_) => good(format!("{linux}, confines paths with openat2")),
        Err(error) => bad(format!(
            "{linux} cannot confine paths (openat2: {error}); 5.6 or later is needed"
        )),
    }
}

/// Every live instance takes memory maps; the sandbox caps its slots accordingly.
fn maps() -> Found {
    let text = std::fs::read_to_string("/proc/sys/vm/max_map_count").unwrap_or_default();
    match text.trim().parse::<u64>() {
        Ok(count) if count >= 65_530 => good(format!("vm.max_map_count is {count}")),
        Ok(count) => note(format!(
            "vm.max_map_count is {count}: fewer plugins run at once"
        )),
        Err(_) => note("vm.max_map_count is not known"),
    }
}

fn state_folder(at: &Installation) -> Found {
    use std::os::unix::fs::MetadataExt;
    let state = at.state.display();
    match std::fs::metadata(&at.state) {
        Err(error) => note(format!("{state}: {error}; it is made when it is needed")),
        Ok(metadata) if metadata.mode() & 0o077 != 0 => bad(format!(
            "{state} can be entered by others; run `chmod 700` on it"
        )),
        Ok(_) => good(format!("{state} is private")),
    }
}

fn disk(at: &Installation) -> Found {
    let Ok(space) = rustix::fs::statvfs(&at.state) else {
        return note("not known");
    };
    let free = space.f_bavail.saturating_mul(space.f_frsize);
    let text = format!("{} free beside the ledger", size(free));
    match free < 1 << 30 {
        true => note(text),
        false => good(text),
    }
}

async fn ledger(at: &Installation) -> Found {
    if !at.has_ledger() {
        return note("there is none yet");
    }
    let Ok(ledger) = at.ledger(OpenMode::Reader).await else {
        return bad("it cannot be opened; `strongroom occurrences` says why");
    };
    match ledger.audit_state().await {
        Ok(state) => good(format!("{} audit entries, root {}", state.size, state.root)),
        Err(error) => bad(error.to_string()),
    }
}

async fn plugins(at: &Installation) -> Found {
    let Ok(sandbox) = at.sandbox() else {
        return bad("the sandbox could not be set up; `strongroom check` says why");
    };
    let Ok(folder) = at.folder(&sandbox).await else {
        return bad(format!("{} cannot be read", at.plugins.display()));
    };
    let usable = folder.plugins.len();
    let refused = folder.refused.iter();
    let refused: Vec<String> = refused
        .map(|RefusedFile { file, reason, .. }| format!("{}: {reason}", file.display()))
        .collect();
    match refused.as_slice() {
        [] => good(format!("{usable} usable")),
        refused => note(format!("{usable} usable, refused: {}", refused.join("; "))),
    }
}

async fn schedules(at: &Installation) -> Found {
    match at.setup().await {
        Ok((set, _, _)) => good(format!("{} fit their plugins", set.schedules.len())),
        Err(_) => bad("there are problems; `strongroom check` shows them"),
    }
}
