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

/// Trees of files are opened with openat2, which Linux has since 5.6.
fn kernel() -> Found {
    use rustix::fs::{CWD, Mode, OFlags, ResolveFlags, openat2};
    let (flags, resolve) = (OFlags::PATH | OFlags::CLOEXEC, ResolveFlags::BENEATH);
    let opened = openat2(CWD, ".", flags, Mode::empty(), resolve);
    let system = rustix::system::uname();
    let release = system.release().to_string_lossy();
    match opened {
        Ok(_) => (
            Health::Good,
            format!("Linux {release}, confines paths with openat2"),
        ),
        Err(error) => (
            Health::Bad,
            format!(
                "Linux {release} cannot confine paths (openat2: {error}); 5.6 or later is needed"
            ),
        ),
    }
}

/// Every live instance takes memory maps; the sandbox caps its slots accordingly.
fn maps() -> Found {
    let text = std::fs::read_to_string("/proc/sys/vm/max_map_count").unwrap_or_default();
    match text.trim().parse::<u64>() {
        Ok(count) if count >= 65_530 => (Health::Good, format!("vm.max_map_count is {count}")),
        Ok(count) => (
            Health::Notice,
            format!("vm.max_map_count is {count}: fewer plugins run at once"),
        ),
        Err(_) => (Health::Notice, "vm.max_map_count is not known".to_owned()),
    }
}

fn state_folder(at: &Installation) -> Found {
    use std::os::unix::fs::MetadataExt;
    let state = at.state.display();
    match std::fs::metadata(&at.state) {
        Err(error) => (
            Health::Notice,
            format!("{state}: {error}; it is made when it is needed"),
        ),
        Ok(metadata) if metadata.mode() & 0o077 != 0 => (
            Health::Bad,
            format!("{state} can be entered by others; run `chmod 700` on it"),
        ),
        Ok(_) => (Health::Good, format!("{state} is private")),
    }
}

fn disk(at: &Installation) -> Found {
    let Ok(space) = rustix::fs::statvfs(&at.state) else {
        return (Health::Notice, "not known".to_owned());
    };
    let free = space.f_bavail.saturating_mul(space.f_frsize);
    let health = if free < 1 << 30 {
        Health::Notice
    } else {
        Health::Good
    };
    (health, format!("{} free beside the ledger", size(free)))
}

async fn ledger(at: &Installation) -> Found {
    if !at.has_ledger() {
        return (Health::Notice, "there is none yet".to_owned());
    }
    let Ok(ledger) = at.ledger(OpenMode::Reader).await else {
        let text = "it cannot be opened; `strongroom occurrences` says why";
        return (Health::Bad, text.to_owned());
    };
    match ledger.audit_state().await {
        Ok(state) => (
            Health::Good,
            format!("{} audit entries, root {}", state.size, state.root),
        ),
        Err(error) => (Health::Bad, error.to_string()),
    }
}

async fn plugins(at: &Installation) -> Found {
    let Ok(sandbox) = at.sandbox() else {
        let text = "the sandbox could not be set up; `strongroom check` says why";
        return (Health::Bad, text.to_owned());
    };
    let Ok(folder) = at.folder(&sandbox).await else {
        return (
            Health::Bad,
            format!("{} cannot be read", at.plugins.display()),
        );
    };
    let usable = folder.plugins.len();
    if folder.refused.is_empty() {
        return (Health::Good, format!("{usable} usable"));
    }
    let refused = folder.refused.iter();
    let refused: Vec<String> = refused
        .map(|RefusedFile { file, reason, .. }| format!("{}: {reason}", file.display()))
        .collect();
    let refused = refused.join("; ");
    (
        Health::Notice,
        format!("{usable} usable, refused: {refused}"),
    )
}

async fn schedules(at: &Installation) -> Found {
    match at.setup().await {
        Ok((set, _, _)) => (
            Health::Good,
            format!("{} fit their plugins", set.schedules.len()),
        ),
        Err(_) => {
            let text = "there are problems; `strongroom check` shows them";
            (Health::Bad, text.to_owned())
        }
    }
}
