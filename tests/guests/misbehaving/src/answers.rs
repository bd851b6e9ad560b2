//! Answers: honest ones, and ones far over the contract's limits.

use strongroom_plugin::bindings::types::{Call, Evidence, Failure, FailureKind, Operation, Step};

pub(crate) fn fact(kind: &str, value: impl ToString) -> (String, String) {
    (kind.to_owned(), value.to_string())
}

pub(crate) fn done(facts: Vec<(String, String)>) -> Step {
    Step::Done(Evidence {
        facts,
        extra: Vec::new(),
    })
}

pub(crate) fn number(kind: &str, value: u64) -> Step {
    done(vec![fact(kind, value)])
}

/// Everything the call carried.
pub(crate) fn echo(call: Call) -> Step {
    done(vec![
        fact("run", &call.run_id),
        fact("attempt", call.attempt),
        fact("tenant", &call.tenant),
        fact("due", call.due),
        fact("deadline", call.deadline),
        fact("dry-run", call.dry_run),
        fact("config", &call.config),
    ])
}

/// An operation whose handle is the number of polls still to come.
/// Goes on for so many polls, one every `after` milliseconds.
pub(crate) fn running(polls: u64, after: u64) -> Step {
    Step::Running(Operation {
        handle: format!("{polls} {after}").into_bytes(),
        poll_after: after,
        percent: None,
        note: format!("{polls} polls to go"),
        extra: Vec::new(),
    })
}

pub(crate) fn poll(handle: &[u8]) -> Result<Step, Failure> {
    let read = |text: &str| -> Option<(u64, u64)> {
        let (polls, after) = text.split_once(' ')?;
        Some((polls.parse().ok()?, after.parse().ok()?))
    };
    let (polls, after) = std::str::from_utf8(handle)
        .ok()
        .and_then(read)
        .ok_or_else(|| failed(FailureKind::Invalid, "not a handle of this plugin"))?;
    match polls {
        0 | 1 => Ok(done(vec![fact("polled", "done")])),
        more => Ok(running(more - 1, after)),
    }
}

pub(crate) fn failed(kind: FailureKind, detail: impl Into<String>) -> Failure {
    Failure {
        kind,
        detail: detail.into(),
        retry_after: None,
        extra: Vec::new(),
    }
}

pub(crate) fn failure(kind: &str) -> Failure {
    let mut failure = failed(FailureKind::Invalid, format!("asked to fail as {kind}"));
    failure.kind = match kind {
        "invalid" => FailureKind::Invalid,
        "denied" => FailureKind::Denied,
        "not-found" => FailureKind::NotFound,
        "conflict" => FailureKind::Conflict,
        "quota" => FailureKind::Quota,
        "throttled" => {
            failure.retry_after = Some(1500);
            FailureKind::Throttled
        }
        "unavailable" => FailureKind::Unavailable,
        "corrupt" => FailureKind::Corrupt,
        _ => FailureKind::Other(kind.to_owned()),
    };
    failure
}

pub(crate) fn giant_string(megabytes: u64) -> Failure {
    failed(FailureKind::Other(String::new()), text(megabytes))
}

/// A pair of strings takes 16 bytes in a component's memory and far more in most hosts.
pub(crate) fn giant_list(megabytes: u64) -> Step {
    done(vec![
        (String::new(), String::new());
        (megabytes << 20) as usize / 24
    ])
}

pub(crate) fn giant_handle(megabytes: u64) -> Step {
    Step::Running(Operation {
        handle: vec![7; (megabytes << 20) as usize],
        poll_after: 0,
        percent: Some(255),
        note: String::new(),
        extra: Vec::new(),
    })
}

pub(crate) fn text(megabytes: u64) -> String {
    "x".repeat((megabytes << 20) as usize)
}
