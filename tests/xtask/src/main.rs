//! Repository tasks: `cargo xtask plugins | demo | test | soak | bench | help`.
//!
//! Owns: how the repository is built, shown and checked; what a newcomer types.
//! Never: anything that the product itself needs at run time.
//! Read next: `run` (how commands are run and shown), then the module named after a task.

mod bench;
mod counterparts;
mod demo;
mod dependencies;
mod packages;
mod plugins;
mod run;
mod soak;
mod test;
mod workspace;

use std::process::ExitCode;

use run::{Done, Stop};

/// Every task: its name, what may follow it, what it does.
const TASKS: &[(&str, &str, &str)] = &[
    (
        "plugins",
        "",
        "build every plugin to target/plugins and every test guest to target/guests",
    ),
    (
        "demo",
        "[--source DIR] [--keep]",
        "build what it takes and tell the whole story on real files under target/demo",
    ),
    (
        "test",
        "",
        "install what the tests need, build, check format and lints, run the suite",
    ),
    (
        "soak",
        "[NAME]... [--minutes N]",
        "the long forms of the tests: every minute of years, millions of cases, fuzzing",
    ),
    (
        "bench",
        "[NAME]... [--quick]",
        "measure, each figure beside its peer or limit",
    ),
    ("help", "", "print this list"),
];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let ended = match arguments.split_first() {
        Some((task, rest)) => perform(task, rest),
        None => Err(Stop::usage("Name a task.")),
    };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(stop) => {
            eprintln!("{stop}");
            if stop.is_usage() {
                eprint!("\n{}", list());
            }
            stop.code()
        }
    }
}

fn perform(task: &str, rest: &[String]) -> Done {
    match task {
        "plugins" => {
            run::no_arguments(task, rest)?;
            plugins::build()
        }
        "demo" => demo::tell(&demo::Options::parse(rest)?),
        "test" => {
            run::no_arguments(task, rest)?;
            test::everything()
        }
        "soak" => soak::run(rest),
        "bench" => bench::measure(rest),
        "help" | "--help" | "-h" => {
            print!("{}", list());
            Ok(())
        }
        other => Err(Stop::usage(&format!("There is no task `{other}`."))),
    }
}

fn list() -> String {
    let mut text = String::from("cargo xtask TASK\n\n");
    for (name, arguments, purpose) in TASKS {
        let call = format!("{name} {arguments}");
        text.push_str(&format!("  {call:<30} {purpose}\n"));
    }
    text
}
