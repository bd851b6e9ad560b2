//! `strongroom doctor`: examines this machine and installation; changes nothing but the compile cache.

use serde_json::json;
use strongroom_ledger::OpenMode;

use strongroom_orchestrator::RefusedFile;

use crate::arguments::Arguments;
use crate::compose;
use crate::error::{CliError, EXIT_FAILED};
use crate::print;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Health {
    Good,
    Notice,
    Bad,
}

struct Finding {
    what: &'static str,
    health: Health,
    text: String,
}

pub(crate) async fn run(arguments: &Arguments) -> Result<u8, CliError> {
    let findings = vec![
        kernel(),
        maps(),
        state_folder(arguments),
        disk(arguments),
        ledger(arguments).await,
        plugins(arguments).await,
        schedules(arguments).await,
    ];
    let bad = findings.iter().any(|finding| finding.health == Health::Bad);
    let word = |health: Health| match health {
        Health::Good => "ok",
        Health::Notice => "note",
        Health::Bad => "bad",
    };
    if arguments.json {
        let list: Vec<_> = findings
            .iter()
            .map(|finding| json!({ "what": finding.what, "health": word(finding.health), "text": finding.text }))
            .collect();
        print::json(&list)?;
    } else {
        for finding in &findings {
            print::line(&format!(
                "{:<5} {:<10} {}",
                word(finding.health),
                finding.what,
                finding.text
            ));
        }
    }
    Ok(if bad { EXIT_FAILED } else { 0 })
}

fn finding(what: &'static str, health: Health, text: impl Into<String>) -> Finding {
    Finding {
        what,
        health,
        text: text.into(),
    }
}

/// Trees of files are opened with openat2, which Linux has since 5.6.
fn kernel() -> Finding {
    use rustix::fs::{CWD, Mode, OFlags, ResolveFlags, openat2};
    let opened = openat2(
        CWD,
        ".",
        OFlags::PATH | OFlags::CLOEXEC,
        Mode::empty(),
        ResolveFlags::BENEATH,
    );
    let release = rustix::system::uname()
        .release()
        .to_string_lossy()
        .into_owned();
    match opened {
        Ok(_) => finding(
            "kernel",
            Health::Good,
            format!("Linux {release}, confines paths with openat2"),
        ),
        Err(error) => finding(
            "kernel",
            Health::Bad,
            format!(
                "Linux {release} cannot confine paths (openat2: {error}); 5.6 or later is needed"
            ),
        ),
    }
}

/// Every live instance takes memory maps; the sandbox caps its slots accordingly.
fn maps() -> Finding {
    let text = std::fs::read_to_string("/proc/sys/vm/max_map_count").unwrap_or_default();
    match text.trim().parse::<u64>() {
        Ok(count) if count >= 65_530 => finding(
            "memory",
            Health::Good,
            format!("vm.max_map_count is {count}"),
        ),
        Ok(count) => finding(
            "memory",
            Health::Notice,
            format!("vm.max_map_count is {count}: fewer plugins run at once"),
        ),
        Err(_) => finding("memory", Health::Notice, "vm.max_map_count is not known"),
    }
}

fn state_folder(arguments: &Arguments) -> Finding {
    use std::os::unix::fs::MetadataExt;
    match std::fs::metadata(&arguments.state) {
        Err(error) => finding(
            "state",
            Health::Notice,
            format!(
                "{}: {error}; it is made when it is needed",
                arguments.state.display()
            ),
        ),
        Ok(metadata) if metadata.mode() & 0o077 != 0 => finding(
            "state",
            Health::Bad,
            format!(
                "{} can be entered by others; run `chmod 700` on it",
                arguments.state.display()
            ),
        ),
        Ok(_) => finding(
            "state",
            Health::Good,
            format!("{} is private", arguments.state.display()),
        ),
    }
}

fn disk(arguments: &Arguments) -> Finding {
    let Ok(space) = rustix::fs::statvfs(&arguments.state) else {
        return finding("disk", Health::Notice, "not known");
    };
    let free = space.f_bavail.saturating_mul(space.f_frsize);
    let health = if free < 1 << 30 {
        Health::Notice
    } else {
        Health::Good
    };
    finding(
        "disk",
        health,
        format!("{} free beside the ledger", print::size(free)),
    )
}

async fn ledger(arguments: &Arguments) -> Finding {
    if !arguments.state.join("ledger.sqlite").exists() {
        return finding("ledger", Health::Notice, "there is none yet");
    }
    let opened = match compose::ledger(arguments, OpenMode::Reader).await {
        Ok(ledger) => ledger.audit_state().await,
        Err(_) => {
            return finding(
                "ledger",
                Health::Bad,
                "it cannot be opened; `strongroom occurrences` says why",
            );
        }
    };
    match opened {
        Ok(state) => finding(
            "ledger",
            Health::Good,
            format!("{} audit entries, root {}", state.size, state.root),
        ),
        Err(error) => finding("ledger", Health::Bad, error.to_string()),
    }
}

async fn plugins(arguments: &Arguments) -> Finding {
    let sandbox = match compose::sandbox(arguments) {
        Ok(sandbox) => sandbox,
        Err(_) => {
            return finding(
                "plugins",
                Health::Bad,
                "the sandbox could not be set up; `strongroom check` says why",
            );
        }
    };
    match compose::plugins(arguments, &sandbox).await {
        Err(_) => finding(
            "plugins",
            Health::Bad,
            format!("{} cannot be read", arguments.plugins.display()),
        ),
        Ok(folder) if folder.refused.is_empty() => finding(
            "plugins",
            Health::Good,
            format!("{} usable", folder.plugins.len()),
        ),
        Ok(folder) => {
            let refused: Vec<String> = folder
                .refused
                .iter()
                .map(|RefusedFile { file, reason, .. }| format!("{}: {reason}", file.display()))
                .collect();
            finding(
                "plugins",
                Health::Notice,
                format!(
                    "{} usable, refused: {}",
                    folder.plugins.len(),
                    refused.join("; ")
                ),
            )
        }
    }
}

async fn schedules(arguments: &Arguments) -> Finding {
    match compose::setup(arguments).await {
        Ok((set, _, _)) => finding(
            "schedules",
            Health::Good,
            format!("{} fit their plugins", set.schedules.len()),
        ),
        Err(_) => finding(
            "schedules",
            Health::Bad,
            "there are problems; `strongroom check` shows them",
        ),
    }
}
