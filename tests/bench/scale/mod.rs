//! A million schedules: loading them, knowing which is due next, a million due at once, and edits while others fire.
//!
//! Owns: the sizes, and the processes of their own in which memory is measured.
//! Read next: `schedules`, `next`, `herd`, `churn`.

mod churn;
mod herd;
mod next;
mod schedules;

use std::process::Command;

use serde_json::Value;

use crate::Size;
use crate::measure::{must_say, settle};

pub(crate) use churn::measure as churn;
pub(crate) use herd::measure as herd;
pub(crate) use next::measure as next;
pub(crate) use schedules::measure as schedules;

/// The word that begins the arguments of a part that runs in a process of its own.
pub(crate) const APART: &str = "--apart";

/// How many schedules, the largest last.
fn sizes(size: Size) -> &'static [usize] {
    match size {
        Size::Full => &[1_000, 10_000, 100_000, 1_000_000],
        Size::Quick => &[1_000, 10_000],
    }
}

/// `1k`, `1M`.
fn short(count: usize) -> String {
    match count {
        count if count.is_multiple_of(1_000_000) => format!("{}M", count / 1_000_000),
        count if count.is_multiple_of(1_000) => format!("{}k", count / 1_000),
        count => count.to_string(),
    }
}

/// Runs a part of a measurement in a process of its own, so that its memory is its own.
fn apart(arguments: &[&str]) -> Value {
    settle();
    let mut command = Command::new(std::env::current_exe().expect("the benchmark's own file"));
    let said = must_say(command.arg(APART).args(arguments));
    serde_json::from_str(&said).expect("a part says its figures as JSON")
}

/// The other side of [`apart`].
pub(crate) fn part(arguments: &[String]) {
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let figures = match arguments.as_slice() {
        ["schedules", folder] => schedules::part(folder),
        ["herd", schedules, concurrency, limit, durable] => herd::part(&herd::Herd {
            schedules: schedules.parse().expect("a number"),
            concurrency: concurrency.parse().expect("a number"),
            limit: limit.parse().ok(),
            durable: *durable == "durable",
        }),
        other => panic!("there is no part {other:?}"),
    };
    println!("{figures}");
}

/// The most memory this process ever held, in MiB.
fn most_memory() -> f64 {
    memory("VmHWM:")
}

/// The memory that this process holds now, in MiB.
fn held_memory() -> f64 {
    memory("VmRSS:")
}

fn memory(field: &str) -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix(field))
        .expect("a line of the status");
    let kib: f64 = line
        .split_whitespace()
        .next()
        .and_then(|text| text.parse().ok())
        .expect("kB");
    kib / 1024.0
}
