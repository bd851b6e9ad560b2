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

/// How long it took, how many seconds of processor time this process and its children spent on it, and what came of it.
/// On a busy machine only the second says what it costs.
pub(crate) fn spent<T>(act: impl FnOnce() -> T) -> (f64, f64, T) {
    let before = processor();
    let (time, result) = timed(act);
    (time.as_secs_f64(), processor() - before, result)
}

/// Processor time of this process and of the children it has waited for, in seconds.
pub(crate) fn processor() -> f64 {
    /// What `/proc` counts in.
    const TICKS_A_SECOND: f64 = 100.0;
    let stat = std::fs::read_to_string("/proc/self/stat").expect("Linux");
    // The name, in parentheses, may hold spaces; user, system and the same of the children are the 14th to 17th field.
    let (_, fields) = stat.rsplit_once(')').expect("a name");
    let times = fields.split_whitespace().skip(11).take(4);
    let ticks = times.map(|field| field.parse::<f64>().expect("a number"));
    ticks.sum::<f64>() / TICKS_A_SECOND
}

/// Lets this thread, and whatever it starts, run on one processor only.
pub(crate) fn on_one_core<T>(act: impl FnOnce() -> T) -> T {
    use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
    let before = sched_getaffinity(None).expect("Linux");
    let first = (0..CpuSet::MAX_CPU).find(|cpu| before.is_set(*cpu));
    let mut one = CpuSet::new();
    one.set(first.expect("a processor"));
    sched_setaffinity(None, &one).expect("its own processor");
    let result = act();
    sched_setaffinity(None, &before).expect("what it had");
    result
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
