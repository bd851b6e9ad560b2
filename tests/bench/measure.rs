//! Real time: the clock, medians, alternation.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Now. The only look at the clock in the benchmark.
#[expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// How long it took.
pub(crate) fn timed<T>(act: impl FnOnce() -> T) -> (Duration, T) {
    let began = now();
    let result = act();
    (began.elapsed(), result)
}

/// The middle one.
pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// The value below which this share of the values lies.
pub(crate) fn percentile(values: &mut [f64], share: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    values[((values.len() - 1) as f64 * share) as usize]
}

/// Runs both, so often, the first of each pair in turn, so that neither always finds the warmer machine.
pub(crate) fn alternate(rounds: usize, mut ours: impl FnMut(usize), mut peer: impl FnMut(usize)) {
    for round in 0..rounds {
        if round % 2 == 0 {
            ours(round);
            peer(round);
        } else {
            peer(round);
            ours(round);
        }
    }
}

/// Runs a command to its end; its output is shown only when it fails.
pub(crate) fn must(command: &mut Command) {
    must_say(command);
}

/// Runs a command to its end; what it said.
pub(crate) fn must_say(command: &mut Command) -> String {
    let output = command
        .stdin(Stdio::null())
        .output()
        .unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "{command:?}: {}\n{said}",
        output.status
    );
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Everything dirty goes to disk, so that no measurement pays for the one before it.
pub(crate) fn settle() {
    must(&mut Command::new("sync"));
}
