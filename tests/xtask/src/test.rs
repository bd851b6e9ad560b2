//! `cargo xtask test`: everything that must be green before a change is one.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::counterparts::{self, Servers};
use crate::run::{self, Done, at};
use crate::{dependencies, packages, plugins, workspace};

/// A part of the test: its name and what it does.
type Part = (&'static str, fn(&mut Servers) -> Done);

/// In this order; the first that fails ends the test. Servers start while the compiler is at work.
const PARTS: &[Part] = &[
    ("what the tests need", |_| {
        packages::install(packages::FOR_TESTS)
    }),
    ("format", |_| {
        run::shown(run::cargo().args(["fmt", "--all", "--check"]))
    }),
    ("dependencies", |_| dependencies::check()),
    ("counterparts", |_| counterparts::install()),
    ("plugins", |_| plugins::build()),
    ("lints", |_| lints()),
    ("servers", Servers::start),
    ("build", |_| build()),
    ("documentation examples", |_| documentation_examples()),
    ("suite", suite),
];

/// Runs every part and prints how long each took.
pub(crate) fn everything() -> Done {
    let mut servers = Servers::default();
    let mut took = Vec::new();
    for (name, part) in PARTS {
        println!("\n== {name}");
        let began = now();
        let ended = part(&mut servers);
        took.push((name, began.elapsed()));
        if let Err(stop) = ended {
            summary(&took, "FAILED");
            return Err(stop);
        }
    }
    summary(&took, "ok");
    Ok(())
}

/// Everything is `ok`, except perhaps the last.
fn summary(took: &[(&&str, Duration)], last: &str) {
    println!();
    for (index, (name, time)) in took.iter().enumerate() {
        let verdict = if index + 1 == took.len() { last } else { "ok" };
        println!("{verdict:<6} {:>7.1} s  {name}", time.as_secs_f64());
    }
}

fn lints() -> Done {
    let mut cargo = run::cargo();
    run::shown(cargo.args([
        "clippy",
        "--quiet",
        "--workspace",
        "--all-targets",
        "--",
        "--deny",
        "warnings",
    ]))
}

/// The binary and the tests in one call, so that both are built with the same features of the same dependencies.
fn build() -> Done {
    run::shown(run::cargo().args(["build", "--quiet", "--workspace", "--bins", "--tests"]))
}

fn suite(servers: &mut Servers) -> Done {
    if !run::exists("cargo-nextest") {
        return run::shown(run::cargo().args(["test", "--workspace", "--no-fail-fast", "--tests"]));
    }
    let mut nextest = run::cargo();
    nextest.args(["nextest", "run", "--config-file", "tests/nextest.toml"]);
    servers.tell(&mut nextest)?;
    run::shown(nextest.args(["--workspace", "--no-fail-fast"]))
}

/// Examples in documentation comments are built by rustdoc, once for each: only if there are any.
fn documentation_examples() -> Done {
    let root = workspace::root();
    let found = has_examples(&root.join("host"))? || has_examples(&root.join("plugins"))?;
    if found {
        run::shown(run::cargo().args(["test", "--quiet", "--workspace", "--doc"]))
    } else {
        println!("there are none");
        Ok(())
    }
}

fn has_examples(folder: &Path) -> Done<bool> {
    for entry in fs::read_dir(folder).map_err(at(folder))? {
        let path = entry.map_err(at(folder))?.path();
        let found = if path.is_dir() {
            has_examples(&path)?
        } else {
            path.extension().is_some_and(|extension| extension == "rs")
                && opens_an_example(&fs::read_to_string(&path).map_err(at(&path))?)
        };
        if found {
            return Ok(true);
        }
    }
    Ok(false)
}

/// A fence in a documentation comment whose language rustdoc takes for Rust.
fn opens_an_example(text: &str) -> bool {
    let mut inside = false;
    for line in text.lines().map(str::trim_start) {
        let Some(comment) = line
            .strip_prefix("///")
            .or_else(|| line.strip_prefix("//!"))
        else {
            inside = false;
            continue;
        };
        let Some(language) = comment.trim().strip_prefix("```") else {
            continue;
        };
        inside = !inside;
        if inside
            && matches!(
                language,
                "" | "rust" | "no_run" | "should_panic" | "compile_fail"
            )
        {
            return true;
        }
    }
    false
}

#[expect(
    clippy::disallowed_methods,
    reason = "how long a build takes is a matter of the real clock"
)]
fn now() -> Instant {
    Instant::now()
}

#[cfg(test)]
mod tests {
    use super::opens_an_example;

    #[test]
    fn only_rust_in_documentation_comments_is_an_example() {
        assert!(opens_an_example(
            "/// Adds.\n///\n/// ```\n/// assert!(true);\n/// ```\nfn f() {}"
        ));
        assert!(!opens_an_example(
            "/// ```text\n/// a plan\n/// ```\nfn f() {}"
        ));
        assert!(!opens_an_example(
            "// ```\n// no documentation\n// ```\nfn f() {}"
        ));
    }
}
