//! `cargo xtask soak`: the long forms of the tests, each a command with an environment.
//!
//! Owns: which there are. A new one is a line in `SOAKS`.

use std::process::Command;
use std::time::{Duration, Instant};

use crate::run::{self, Done, Stop};
use crate::workspace;

/// A long test: its name, what it proves, and the command for so many minutes.
type Soak = (&'static str, &'static str, fn(u32) -> Done);

/// How long one that has no end by itself runs when nothing is said.
const MINUTES: u32 = 5;

const SOAKS: &[Soak] = &[
    (
        "walker",
        "due times against a walk through every minute, 1000 texts, 24 zones",
        |_| run::shown(domain().args(["against_walker", "expressions", "extremes", "--nocapture"])),
    ),
    (
        "croner",
        "due times against croner, disagreements counted (UPDATE_CASES=1 writes them)",
        |_| run::shown(domain().args(["against_croner", "--nocapture"])),
    ),
    (
        "cost",
        "what the question for the next due time costs at most",
        |_| run::shown(domain().args(["what_a_question_costs", "--ignored", "--nocapture"])),
    ),
    (
        "planning",
        "what becomes of every due time, against a naive reading",
        |minutes| {
            run::shown(
                domain()
                    .env("PROPTEST_CASES", cases(minutes, 6_000))
                    .arg("planning"),
            )
        },
    ),
    (
        "one-outcome",
        "histories of edits, outages, pauses and failures: one outcome for each due time",
        |minutes| {
            let mut cargo = run::cargo();
            cargo.args(["test", "--workspace", "--test", "suite", "one_outcome"]);
            run::shown(cargo.env("STRONGROOM_CASES", cases(minutes, 40)))
        },
    ),
    (
        "fuzz-cron",
        "any cron text, zone and moment (needs a C++ compiler)",
        |minutes| fuzz("cron_text", 200, &[], minutes),
    ),
    (
        "fuzz-files",
        "any schedule file (needs a C++ compiler)",
        |minutes| {
            fuzz(
                "schedule_file",
                20_000,
                &["tests/cases/schedules", "schedules"],
                minutes,
            )
        },
    ),
];

/// What the compiler puts into a program so that a fuzzer sees where it has been.
const COVERAGE: &str = "--cfg fuzzing -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares -Ccodegen-units=1";

/// Runs every one, or those that are named, to the end; stops if one failed.
pub(crate) fn run(rest: &[String]) -> Done {
    let (names, minutes) = parse(rest)?;
    let chosen = SOAKS
        .iter()
        .filter(|(name, ..)| names.is_empty() || names.iter().any(|asked| asked == name));
    let mut ended = Vec::new();
    for (name, purpose, soak) in chosen {
        println!("\n== {name}: {purpose}");
        let began = now();
        let result = soak(minutes);
        if let Err(stop) = &result {
            eprintln!("{stop}");
        }
        ended.push((*name, began.elapsed(), result.is_ok()));
    }
    summary(&ended)
}

fn parse(rest: &[String]) -> Done<(Vec<String>, u32)> {
    let (mut names, mut minutes) = (Vec::new(), MINUTES);
    let mut rest = rest.iter();
    while let Some(word) = rest.next() {
        if word == "--minutes" {
            let number = rest.next().and_then(|number| number.parse().ok());
            minutes = number
                .filter(|minutes| (1..=100_000).contains(minutes))
                .ok_or_else(|| Stop::usage("`--minutes` needs a number from 1 on."))?;
        } else if SOAKS.iter().any(|(name, ..)| name == word) {
            names.push(word.clone());
        } else {
            let known: Vec<&str> = SOAKS.iter().map(|(name, ..)| *name).collect();
            return Err(Stop::usage(&format!(
                "There is no soak `{word}`: there are {}.",
                known.join(", ")
            )));
        }
    }
    Ok((names, minutes))
}

fn summary(ended: &[(&str, Duration, bool)]) -> Done {
    println!();
    for (name, took, is_ok) in ended {
        let verdict = if *is_ok { "ok" } else { "FAILED" };
        println!("{verdict:<6} {:>7.1} s  {name}", took.as_secs_f64());
    }
    if ended.iter().all(|(.., is_ok)| *is_ok) {
        Ok(())
    } else {
        Err(Stop::because("Not every soak ended well."))
    }
}

/// The tests of the domain in their long form, optimised: a walk through fourteen years is long.
fn domain() -> Command {
    let mut cargo = run::cargo();
    cargo.env("STRONGROOM_SOAK", "1").args([
        "test",
        "--quiet",
        "--config",
        "profile.dev.package.strongroom-domain.opt-level=3",
        "--package",
        "strongroom-domain",
        "--test",
        "suite",
        "--",
    ]);
    cargo
}

/// As many cases as fit into so many minutes on a small machine.
fn cases(minutes: u32, in_a_minute: u32) -> String {
    minutes.saturating_mul(in_a_minute).to_string()
}

/// Builds the fuzz targets and runs one; what it learns stays in `target/fuzz`, what it finds too.
fn fuzz(target: &str, longest: u32, more_seeds: &[&str], minutes: u32) -> Done {
    let folder = workspace::output().join("fuzz");
    let learnt = folder.join("learnt").join(target);
    std::fs::create_dir_all(&learnt).map_err(run::at(&learnt))?;
    let version = run::read(run::program("rustc").arg("-vV"))?;
    let host = version.lines().find_map(|line| line.strip_prefix("host: "));
    let host = host.ok_or_else(|| Stop::because("`rustc -vV` did not name the host."))?;
    let mut build = run::cargo();
    // With a target named, what runs during the build is not watched.
    build
        .env("RUSTFLAGS", COVERAGE)
        .args([
            "build",
            "--quiet",
            "--release",
            "--manifest-path",
            "tests/fuzz/Cargo.toml",
        ])
        .args(["--bin", target, "--target", host, "--target-dir"])
        .arg(&folder);
    run::shown(&mut build)?;
    let mut fuzzer = run::program(folder.join(host).join("release").join(target));
    fuzzer
        .arg(format!("-max_total_time={}", minutes.saturating_mul(60)))
        .arg(format!("-max_len={longest}"))
        .args(["-timeout=20", "-print_final_stats=1"])
        .arg(format!("-artifact_prefix={}/{target}-", folder.display()))
        .arg(&learnt)
        .arg(format!("tests/fuzz/seeds/{target}"))
        .args(more_seeds);
    run::shown(&mut fuzzer)
}

#[expect(
    clippy::disallowed_methods,
    reason = "how long a soak takes is a matter of the real clock"
)]
fn now() -> Instant {
    Instant::now()
}

#[cfg(test)]
mod tests {
    use super::{MINUTES, parse};

    #[test]
    fn names_and_minutes_are_read_and_mistakes_refused() {
        let words = |text: &str| {
            text.split_whitespace()
                .map(str::to_owned)
                .collect::<Vec<_>>()
        };
        assert_eq!(parse(&[]).unwrap(), (Vec::new(), MINUTES));
        assert_eq!(
            parse(&words("walker --minutes 30 croner")).unwrap(),
            (words("walker croner"), 30)
        );
        for wrong in ["--minutes", "--minutes 0", "wlaker"] {
            assert!(
                parse(&words(wrong)).is_err_and(|stop| stop.is_usage()),
                "{wrong}"
            );
        }
    }
}
