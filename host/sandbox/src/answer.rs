//! What a guest answered, as the host's own types, within the limits of the contract.
//!
//! Owns: those limits; an answer that breaks one is refused as a whole. Never: what follows from it.
//! Read next: `call`, `wit/types.wit`.

use std::time::Duration;

use jiff::Timestamp;
use strongroom_domain::Evidence;
use strongroom_domain::retry::{Failure, FailureKind};

use crate::call::{Call, CallResult, Operation, Step};
use crate::contract::v0_1::exports::strongroom::plugin::snapshots as wit_snapshots;
use crate::contract::v0_1::strongroom::plugin::types as wit;
use crate::snapshot::{Page, SnapshotInfo, SnapshotState};
use crate::{extra, text};

/// Bytes of an operation's handle.
const HANDLE_LIMIT: usize = 4 * 1024;
/// Pairs of one evidence.
const PAIRS_LIMIT: usize = 1_000;
/// Bytes of one kind or value of an evidence, and of a label.
const VALUE_LIMIT: usize = 4 * 1024;
/// Bytes of a snapshot's reference.
const REFERENCE_LIMIT: usize = 512;
/// Bytes of a cursor: the contract says nothing, providers' cursors have hundreds.
const CURSOR_LIMIT: usize = 4 * 1024;
/// Snapshots of a page.
const PAGE_LIMIT: u32 = 1_000;
/// Bytes of a failure's detail that are kept: a thousand damaged paths.
const DETAIL_LIMIT: usize = 64 * 1024;
/// Bytes of an operation's note that are kept.
const NOTE_LIMIT: usize = 512;
/// Bytes of an unknown step's name in a message.
const NAME_SHOWN: usize = 64;
/// The host polls no faster.
const POLL_AFTER_LEAST: Duration = Duration::from_millis(100);

/// Which limit was broken, as a sentence.
type Checked<T> = Result<T, String>;

/// The call as the guest sees it.
pub(crate) fn call(call: &Call) -> wit::Call {
    wit::Call {
        run_id: call.run_id.to_string(),
        attempt: call.attempt,
        tenant: call.tenant.as_str().to_owned(),
        due: call.due.as_millisecond(),
        deadline: call.deadline.as_millisecond(),
        dry_run: call.dry_run,
        config: call.config.clone(),
        extra: Vec::new(),
    }
}

/// What anything that starts, runs or polls came to.
pub(crate) fn step(answer: Result<wit::Step, wit::Failure>) -> CallResult<Step> {
    checked(answer, |answer| match answer {
        wit::Step::Done(done) => evidence(done).map(Step::Done),
        wit::Step::Running(running) => operation(running).map(Step::Running),
        wit::Step::Other((name, _)) => Err(format!(
            "its answer is the step `{}`, which this host does not know",
            text::cut(&text::line(&text::cut(&name, NAME_SHOWN)), NAME_SHOWN)
        )),
    })
}

/// What `get` came to.
pub(crate) fn snapshot(
    answer: Result<wit_snapshots::Snapshot, wit::Failure>,
) -> CallResult<SnapshotInfo> {
    checked(answer, info)
}

/// What `list` came to, which was asked for at most `limit`.
pub(crate) fn page(
    answer: Result<wit_snapshots::Page, wit::Failure>,
    limit: u32,
) -> CallResult<Page> {
    checked(answer, |page| {
        let limit = limit.min(PAGE_LIMIT);
        at_most("snapshots in a page", page.snapshots.len(), limit as usize)?;
        at_most(
            "bytes in a cursor",
            page.next.as_ref().map_or(0, String::len),
            CURSOR_LIMIT,
        )?;
        unknown(&page.extra)?;
        let snapshots = page
            .snapshots
            .into_iter()
            .map(info)
            .collect::<Checked<_>>()?;
        Ok(Page {
            snapshots,
            next: page.next,
        })
    })
}

fn checked<T, A>(
    answer: Result<T, wit::Failure>,
    check: impl FnOnce(T) -> Checked<A>,
) -> CallResult<A> {
    let checked = match answer {
        Ok(answer) => check(answer).map(CallResult::Answered),
        Err(failed) => failure(failed).map(CallResult::Failed),
    };
    checked.unwrap_or_else(CallResult::Refused)
}

fn unknown(pairs: &[(String, String)]) -> Checked<()> {
    extra::check(pairs).map_err(|limit| format!("its answer has {limit}"))
}

fn at_most(what: &str, have: usize, limit: usize) -> Checked<()> {
    if have > limit {
        return Err(format!("its answer has {have} {what}, {limit} are allowed"));
    }
    Ok(())
}

fn pairs(pairs: &[(String, String)]) -> Checked<()> {
    at_most("pairs", pairs.len(), PAIRS_LIMIT)?;
    pairs.iter().try_for_each(|(kind, value)| {
        at_most("bytes in a kind", kind.len(), VALUE_LIMIT)?;
        at_most("bytes in a value", value.len(), VALUE_LIMIT)
    })
}

fn evidence(given: wit::Evidence) -> Checked<Evidence> {
    pairs(&given.facts)?;
    unknown(&given.extra)?;
    Ok(Evidence(given.facts))
}

fn operation(running: wit::Operation) -> Checked<Operation> {
    at_most(
        "bytes in an operation's handle",
        running.handle.len(),
        HANDLE_LIMIT,
    )?;
    unknown(&running.extra)?;
    Ok(Operation {
        handle: running.handle,
        poll_after: Duration::from_millis(running.poll_after).max(POLL_AFTER_LEAST),
        percent: running.percent.map(|percent| percent.min(100)),
        note: text::cut(
            &text::line(&text::cut(&running.note, NOTE_LIMIT)),
            NOTE_LIMIT,
        )
        .into_owned(),
    })
}

fn info(snapshot: wit_snapshots::Snapshot) -> Checked<SnapshotInfo> {
    if snapshot.reference.is_empty() {
        return Err("its answer has a snapshot without a reference".into());
    }
    at_most(
        "bytes in a reference",
        snapshot.reference.len(),
        REFERENCE_LIMIT,
    )?;
    at_most("bytes in a tenant", snapshot.tenant.len(), VALUE_LIMIT)?;
    at_most(
        "bytes in a run id",
        snapshot.run_id.as_ref().map_or(0, String::len),
        VALUE_LIMIT,
    )?;
    for (what, text) in [
        ("bytes in a source", &snapshot.source),
        ("bytes in a place", &snapshot.place),
    ] {
        at_most(what, text.as_ref().map_or(0, String::len), VALUE_LIMIT)?;
    }
    pairs(&snapshot.labels)?;
    unknown(&snapshot.extra)?;
    let taken_at = Timestamp::from_millisecond(snapshot.taken_at).map_err(|_| {
        format!(
            "its answer has a snapshot taken at {}, which is no time",
            snapshot.taken_at
        )
    })?;
    Ok(SnapshotInfo {
        reference: snapshot.reference,
        tenant: snapshot.tenant,
        run_id: snapshot.run_id,
        taken_at,
        state: match snapshot.state {
            wit_snapshots::State::Creating => SnapshotState::Creating,
            wit_snapshots::State::Ready => SnapshotState::Ready,
            wit_snapshots::State::Failed => SnapshotState::Failed,
            wit_snapshots::State::Deleting => SnapshotState::Deleting,
            wit_snapshots::State::Other(_) => SnapshotState::Unknown,
        },
        size: snapshot.size,
        source: snapshot.source,
        place: snapshot.place,
        labels: snapshot.labels,
    })
}

fn failure(failed: wit::Failure) -> Checked<Failure> {
    use wit::FailureKind as Kind;
    unknown(&failed.extra)?;
    let cut = text::cut(&failed.detail, DETAIL_LIMIT);
    let kind = match failed.kind {
        Kind::Invalid => FailureKind::Invalid,
        Kind::Denied => FailureKind::Denied,
        Kind::NotFound => FailureKind::NotFound,
        Kind::Conflict => FailureKind::Conflict,
        Kind::Quota => FailureKind::Quota,
        Kind::Throttled => FailureKind::Throttled,
        Kind::Unavailable => FailureKind::Unavailable,
        Kind::Corrupt => FailureKind::Corrupt,
        Kind::Other(_) => FailureKind::Other,
    };
    Ok(Failure {
        kind,
        detail: text::cut(&text::lines(&cut), DETAIL_LIMIT).into_owned(),
        retry_after_ms: failed
            .retry_after
            .filter(|_| kind == FailureKind::Throttled),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused<A: std::fmt::Debug>(result: CallResult<A>) -> String {
        match result {
            CallResult::Refused(detail) => detail,
            other => panic!("{other:?}"),
        }
    }

    fn running(handle: usize, poll_after: u64) -> CallResult<Step> {
        let operation = wit::Operation {
            handle: vec![0; handle],
            poll_after,
            percent: Some(250),
            note: "a\nb".into(),
            extra: Vec::new(),
        };
        step(Ok(wit::Step::Running(operation)))
    }

    fn a_snapshot(reference: &str, taken_at: i64) -> wit_snapshots::Snapshot {
        wit_snapshots::Snapshot {
            reference: reference.into(),
            tenant: "acme".into(),
            run_id: None,
            taken_at,
            state: wit_snapshots::State::Ready,
            size: None,
            source: None,
            place: None,
            labels: Vec::new(),
            extra: Vec::new(),
        }
    }

    #[test]
    fn evidence_has_its_limits() {
        let pair = |value: usize| ("bytes".to_owned(), "x".repeat(value));
        let done = |facts| {
            let extra = Vec::new();
            step(Ok(wit::Step::Done(wit::Evidence { facts, extra })))
        };
        assert!(matches!(
            done(vec![pair(4_096); 1_000]),
            CallResult::Answered(_)
        ));
        assert_eq!(
            refused(done(vec![pair(1); 1_001])),
            "its answer has 1001 pairs, 1000 are allowed"
        );
        assert_eq!(
            refused(done(vec![pair(4_097)])),
            "its answer has 4097 bytes in a value, 4096 are allowed"
        );
    }

    #[test]
    fn an_operation_is_bounded_and_never_polled_hotly() {
        let CallResult::Answered(Step::Running(operation)) = running(4_096, 0) else {
            panic!()
        };
        assert_eq!(operation.poll_after, Duration::from_millis(100));
        assert_eq!(operation.percent, Some(100));
        assert_eq!(operation.note, "a\\nb");
        assert!(refused(running(4_097, 0)).contains("4097 bytes in an operation's handle"));
    }

    #[test]
    fn snapshots_are_checked_one_by_one() {
        assert!(matches!(
            snapshot(Ok(a_snapshot("s-1", 0))),
            CallResult::Answered(_)
        ));
        assert!(refused(snapshot(Ok(a_snapshot("", 0)))).contains("without a reference"));
        assert!(
            refused(snapshot(Ok(a_snapshot(&"r".repeat(513), 0))))
                .contains("513 bytes in a reference")
        );
        assert!(refused(snapshot(Ok(a_snapshot("s-1", i64::MAX)))).contains("which is no time"));
        let of = |count: usize| wit_snapshots::Page {
            snapshots: vec![a_snapshot("s", 0); count],
            next: None,
            extra: Vec::new(),
        };
        assert!(matches!(page(Ok(of(2)), 2), CallResult::Answered(_)));
        assert!(refused(page(Ok(of(3)), 2)).contains("3 snapshots in a page, 2 are allowed"));
    }

    #[test]
    fn words_of_a_later_version_are_never_taken_for_known_ones() {
        let step = step(Ok(wit::Step::Other(("par\nked".into(), Vec::new()))));
        assert_eq!(
            refused(step),
            "its answer is the step `par\\nked`, which this host does not know"
        );
        let mut given = a_snapshot("s-1", 0);
        given.state = wit_snapshots::State::Other("archived".into());
        given.extra = vec![("tier".into(), "cold".into())];
        let CallResult::Answered(info) = snapshot(Ok(given.clone())) else {
            panic!()
        };
        assert_eq!(info.state, SnapshotState::Unknown);
        given.extra = vec![given.extra[0].clone(); 33];
        assert_eq!(
            refused(snapshot(Ok(given))),
            "its answer has 33 pairs in `extra`, 32 are allowed"
        );
    }

    fn failed(kind: wit::FailureKind, detail: &str) -> CallResult<Step> {
        step(Err(wit::Failure {
            kind,
            detail: detail.into(),
            retry_after: None,
            extra: Vec::new(),
        }))
    }

    #[test]
    fn a_failure_keeps_its_lines_and_loses_its_tricks() {
        let ended = failed(wit::FailureKind::Corrupt, "a\nb\x1b[2J");
        assert_eq!(
            ended,
            CallResult::Failed(Failure::corrupt("a\nb\\u{1b}[2J"))
        );
        let CallResult::Failed(failure) = failed(
            wit::FailureKind::Other("lapsed".into()),
            &"x".repeat(1 << 20),
        ) else {
            panic!()
        };
        assert_eq!(failure.detail.len(), DETAIL_LIMIT);
    }
}
