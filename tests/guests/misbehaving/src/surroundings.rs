//! What a program can see around it: environment, arguments, folders, clocks, randomness.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use strongroom_plugin::bindings::types::Step;

use crate::answers::{self, fact};

pub(crate) fn look() -> Step {
    let mut seen = Vec::new();
    seen.extend(std::env::vars_os().map(|(key, value)| {
        fact(
            "environment",
            format!("{}={}", key.display(), value.display()),
        )
    }));
    seen.extend(std::env::args_os().map(|argument| fact("argument", argument.display())));
    for folder in [".", "/", "..", "/etc", "/proc/self"] {
        if let Ok(entries) = std::fs::read_dir(folder) {
            seen.push(fact("folder", folder));
            seen.extend(
                entries
                    .flatten()
                    .map(|entry| fact("entry", entry.path().display())),
            );
        }
    }
    for file in [
        "/etc/passwd",
        "etc/passwd",
        "../../../../etc/passwd",
        "/proc/self/environ",
    ] {
        if std::fs::read(file).is_ok() {
            seen.push(fact("file", file));
        }
    }
    if std::fs::write("/tmp/misbehaving", "was here").is_ok()
        || std::fs::write("misbehaving", "was here").is_ok()
    {
        seen.push(fact("wrote", "a file"));
    }
    let mut line = String::new();
    if std::io::stdin()
        .read_line(&mut line)
        .is_ok_and(|bytes| bytes > 0)
    {
        seen.push(fact("input", line));
    }
    seen.push(fact("looked", "everywhere"));
    answers::done(seen)
}

pub(crate) fn clock() -> Step {
    let wall = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map(|since| since.as_millis())
        .unwrap_or_default();
    let before = Instant::now();
    let seed = RandomState::new().build_hasher().finish();
    answers::done(vec![
        fact("wall-ms", wall),
        fact("elapsed-ns", before.elapsed().as_nanos()),
        fact("seed", seed),
    ])
}
