//! Calls to the host: too many, too big, never given back, or telling lies.

use std::io::Write;

use strongroom_plugin::bindings::files::Tree;
use strongroom_plugin::bindings::log::{self, Level};
use strongroom_plugin::bindings::progress;
use strongroom_plugin::bindings::types::{Failure, FailureKind, Step};

use crate::answers;

pub(crate) fn host_calls() -> ! {
    let tree = Tree::open("data").ok();
    let mut round = 0;
    loop {
        round += 1;
        progress::report(round, 0, "calls", "");
        log::write(&Level::Debug, "a call", &[]);
        if let Some(tree) = &tree {
            // What it answers does not matter here.
            drop(tree.describe(b""));
        }
    }
}

pub(crate) fn log(lines: u64) -> Step {
    let line = "l".repeat(1024);
    let mut written = 0;
    while lines == 0 || written < lines {
        log::write(&Level::Info, &line, &[]);
        written += 1;
    }
    answers::number("lines", written)
}

pub(crate) fn standard_output() -> ! {
    let line = [b'o'; 4095];
    loop {
        if std::io::stdout().write_all(&line).is_err() {
            std::process::abort();
        }
    }
}

pub(crate) fn print(text: &str) -> Step {
    println!("out {text}");
    eprintln!("err {text}");
    answers::number("lines", 2)
}

pub(crate) fn giant_log(megabytes: u64) -> Step {
    log::write(&Level::Info, &answers::text(megabytes), &[]);
    answers::number("megabytes", megabytes)
}

pub(crate) fn forged() -> Step {
    log::write(
        &Level::Info,
        "done\n2026-01-01T00:00:00Z ERROR schedule=nightly tenant=other everything is lost",
        &[],
    );
    log::write(
        &Level::Info,
        "\u{1b}[2J\u{1b}[31mred\u{7}\r\0 and \u{202e}backwards",
        &[],
    );
    let fields = [
        ("tenant", "other"),
        ("run-id", "00000000-0000-0000-0000-000000000000"),
        ("level", "error"),
        ("a\nb", "c\nd"),
        ("", "nameless"),
    ];
    let fields: Vec<(String, String)> = fields
        .iter()
        .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
        .collect();
    log::write(&Level::Info, "fields of another", &fields);
    answers::number("lines", 3)
}

pub(crate) fn leak() -> Result<Step, Failure> {
    loop {
        let tree = Tree::open("data")
            .map_err(|error| answers::failed(FailureKind::Other(String::new()), error.words()))?;
        if let Ok(walker) = tree.walk(b"") {
            std::mem::forget(walker);
        }
        std::mem::forget(tree);
    }
}

pub(crate) fn write() -> Result<Step, Failure> {
    let tree = Tree::open("data")
        .map_err(|error| answers::failed(FailureKind::Other(String::new()), error.words()))?;
    let writer = tree
        .write(b"endless")
        .map_err(|error| answers::failed(FailureKind::Other(String::new()), error.words()))?;
    let chunk = vec![b'e'; 1 << 20];
    loop {
        writer
            .write(&chunk)
            .map_err(|error| answers::failed(FailureKind::Other(String::new()), error.words()))?;
    }
}
