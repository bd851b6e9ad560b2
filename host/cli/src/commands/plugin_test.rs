//! `strongroom plugin test`: what the contract says, tried out case by case.

use std::time::Duration;

use serde_json::{Value, json};
use strongroom_app::conformance::{self, TestEvent, TestReport, TestRequest};
use strongroom_app::{Case, Ended, Verdict, conformance_cases};

use super::*;
use crate::arguments::Test;
use crate::signals;

pub(super) async fn test(at: &Installation, json: bool, options: &Test) -> Result<u8, Error> {
    let (Some(file), false) = (&options.file, options.list) else {
        return list(json);
    };
    let request = TestRequest {
        file,
        against: options.against.as_deref(),
        restore_as: options.restore_as.as_deref(),
        cases: &options.case,
    };
    let tell = |event: TestEvent<'_>| match event {
        _ if json => {}
        TestEvent::Loaded(name, version, digest) => {
            let digest: String = digest.chars().take(12).collect();
            let against = options.against.as_ref();
            let against = against.map(|config| format!(", against {}", config.display()));
            out!("{name} {version} ({digest}){}", against.unwrap_or_default());
        }
        TestEvent::Ended(ended) => say(ended),
    };
    let report = conformance::test(at, request, tell, signals::stop()?).await?;
    print::result(json, &report, || conclude(&report))?;
    Ok(if report.good() { 0 } else { EXIT_FAILED })
}

fn list(json: bool) -> Result<u8, Error> {
    let value = |case: &Case| json!({ "name": case.name, "says": case.says });
    let cases: Vec<Value> = conformance_cases().map(value).collect();
    print::result(json, &cases, || {
        for case in conformance_cases() {
            out!("{}\n    {}.", case.name, case.says);
        }
    })
}

/// One case, as it ends.
fn say(ended: &Ended) {
    let (name, what) = (ended.name, plain(&ended.what));
    let seconds = Duration::from_millis(ended.took_ms).as_secs_f64();
    match ended.verdict {
        Verdict::Passed => out!("passed   {name:<24} {seconds:>6.1} s"),
        Verdict::Skipped => out!("skipped  {name:<24} {what}"),
        Verdict::Failed => {
            out!("FAILED   {name:<24} {seconds:>6.1} s");
            out!("         the contract: {}.", ended.says);
            out!("         what happened: {what}.");
        }
    }
}

fn conclude(found: &TestReport<'_>) {
    let report = &found.report;
    for left in &report.left_behind {
        out!("left behind: {}", plain(left));
    }
    if let Some(restored) = &report.restored {
        out!("restored, and yours to remove: {}", plain(restored));
    }
    let stopped = match found.not_begun {
        0 => String::new(),
        count => format!(", {count} not begun"),
    };
    let longest = report.longest_call.map(|(function, took)| {
        let calls = report.calls;
        format!("; {calls} calls, the longest `{function}` with {took} ms")
    });
    out!(
        "{} passed, {} failed, {} skipped{stopped}{}.",
        report.count(Verdict::Passed),
        report.count(Verdict::Failed),
        report.count(Verdict::Skipped),
        longest.unwrap_or_default()
    );
}
