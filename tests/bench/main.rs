//! The benchmark: every figure beside its peer or limit, measured in the same run on the same machine.
//!
//! `cargo xtask bench [NAME]... [--quick]`; names are those of `FIGURES`. `--quick` only shows that it works.
//! Never: leaves anything behind; judges a figure without its peer.
//! Read next: `report` (the table), `measure`, then one module for each figure.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a measurement that cannot go on has no result"
)]

mod call;
mod daemon;
mod egress;
mod group_commit;
mod images;
mod measure;
mod occurrences;
mod report;
mod scale;
mod simulate;
mod waiting;

use report::Report;

/// How much to measure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Size {
    /// What the goals are about.
    Full,
    /// Seconds only: whether the benchmark works.
    Quick,
}

/// A figure's name, what it is, how it is measured.
type Figure = (&'static str, &'static str, fn(Size, &mut Report));

const FIGURES: &[Figure] = &[
    (
        "call",
        "a call into the sandbox against the same call on bare wasmtime",
        call::measure,
    ),
    (
        "occurrences",
        "durable occurrences per second against the group commit of the same rows",
        occurrences::measure,
    ),
    (
        "images",
        "snapshots of a tree against cp and rsync",
        images::measure,
    ),
    (
        "simulate",
        "how long a simulated year takes",
        simulate::measure,
    ),
    ("daemon", "memory of the idle daemon", daemon::measure),
    (
        "egress",
        "a request of a plugin against the same request by bare hyper",
        egress::measure,
    ),
    (
        "waiting",
        "memory of the daemon while thousands of operations go on at a provider",
        waiting::measure,
    ),
    (
        "schedules",
        "loading schedule files, up to a million schedules",
        scale::schedules,
    ),
    (
        "next",
        "the next due time of every schedule against croner and a plain heap",
        scale::next,
    ),
    (
        "herd",
        "a million occurrences due in the same minute",
        scale::herd,
    ),
    (
        "churn",
        "the pause that ten thousand added or removed schedules make",
        scale::churn,
    ),
];

fn main() {
    // `cargo bench` adds `--bench`.
    let arguments: Vec<String> = std::env::args()
        .skip(1)
        .filter(|argument| argument != "--bench")
        .collect();
    if let Some((first, rest)) = arguments.split_first()
        && first == scale::APART
    {
        scale::part(rest);
        return;
    }
    let size = if arguments.iter().any(|argument| argument == "--quick") {
        Size::Quick
    } else {
        Size::Full
    };
    let names: Vec<&String> = arguments
        .iter()
        .filter(|argument| *argument != "--quick")
        .collect();
    if let Some(unknown) = names
        .iter()
        .find(|name| !FIGURES.iter().any(|(known, ..)| *known == name.as_str()))
    {
        eprintln!("There is no figure `{unknown}`. There are:");
        FIGURES
            .iter()
            .for_each(|(name, what, _)| eprintln!("  {name:<12} {what}"));
        std::process::exit(2);
    }
    let mut report = Report::default();
    for (name, what, figure) in FIGURES {
        if names.is_empty() || names.iter().any(|chosen| chosen == name) {
            println!("== {what}");
            figure(size, &mut report);
        }
    }
    print!("\n{report}");
    if size == Size::Quick {
        println!("\nA quick run shows that the benchmark works; its figures mean nothing.");
    }
}
