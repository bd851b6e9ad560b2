//! Lies about what was made. A snapshot that is none of them never succeeds; where the run succeeds all the same, the row
//! says why that is the truth.

use jiff::ToSpan;
use strongroom_domain::Outcome::{Failed, Succeeded, TimedOut, Unknown};
use strongroom_domain::retry::Failure;
use strongroom_ledger::SnapshotState as Stands;
use strongroom_sandbox::call::CallResult;
use strongroom_sandbox::role::Answer;
use strongroom_sandbox::role::snapshots::{Page, SnapshotState};

use super::provider::{
    Asked, Shelf, done, goes_on, listed, not_found, snapshot, told, trapped, unavailable,
};
use super::{Expected, Row, catalog, play};
use crate::simulated_host::SimulatedHost;

type Lie = fn(&Asked, &mut Shelf, CallResult<Answer>) -> CallResult<Answer>;

fn never(name: &'static str, made: strongroom_domain::Outcome, lie: Lie) -> Row {
    let expected = Expected {
        made,
        drilled: Failed,
        stands: None,
    };
    Row {
        name,
        expected,
        lie,
    }
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "a table")]
async fn s5_a_snapshot_that_is_not_as_reported_never_succeeds() {
    play(vec![
        never(
            "done, without a reference and without a snapshot",
            Failed,
            |asked, shelf, honest| {
                if asked.call != "create" {
                    return honest;
                }
                shelf.clear();
                done(&[])
            },
        ),
        never(
            "done, and nothing was made",
            Failed,
            |asked, shelf, honest| {
                if asked.call == "create" {
                    shelf.clear();
                }
                honest
            },
        ),
        never(
            "done, under a name that was made up",
            Failed,
            |asked, shelf, honest| {
                if asked.call != "create" {
                    return honest;
                }
                shelf.clear();
                done(&[("snapshot", "snap-of-dreams")])
            },
        ),
        never(
            "done, and for ever in the making",
            Unknown,
            |asked, _, honest| {
                if asked.call == "get" {
                    return told(honest, |info| info.state = SnapshotState::Creating);
                }
                honest
            },
        ),
        never(
            "done, and failed at the provider",
            Failed,
            |asked, _, honest| {
                if asked.call == "get" {
                    return told(honest, |info| info.state = SnapshotState::Failed);
                }
                honest
            },
        ),
        never(
            "done, and already being deleted",
            Failed,
            |asked, _, honest| {
                if asked.call == "get" {
                    return told(honest, |info| info.state = SnapshotState::Deleting);
                }
                honest
            },
        ),
        never("done, of another tenant", Failed, |asked, _, honest| {
            if asked.call == "get" {
                return told(honest, |info| info.tenant = "globex".to_owned());
            }
            honest
        }),
        never("done, of another run", Failed, |asked, _, honest| {
            if asked.call == "get" {
                let run = "0190a000-0000-7000-8000-000000000000";
                return told(honest, |info| info.run_id = Some(run.to_owned()));
            }
            honest
        }),
        never(
            "done, of no run that anybody knows",
            Failed,
            |asked, _, honest| {
                if asked.call == "get" {
                    return told(honest, |info| info.run_id = None);
                }
                honest
            },
        ),
        never("done, of another size", Failed, |asked, _, honest| {
            if asked.call == "get" {
                return told(honest, |info| info.size = Some(1));
            }
            honest
        }),
        never(
            "done, and no size is told any more",
            Failed,
            |asked, _, honest| {
                if asked.call == "get" {
                    return told(honest, |info| info.size = None);
                }
                honest
            },
        ),
        never("done, of another source", Failed, |asked, _, honest| {
            if asked.call == "get" {
                return told(honest, |info| info.source = Some("disk-8".to_owned()));
            }
            honest
        }),
        never(
            "done, and no source is told any more",
            Failed,
            |asked, _, honest| {
                if asked.call == "get" {
                    return told(honest, |info| info.source = None);
                }
                honest
            },
        ),
        never(
            "done, kept elsewhere than reported",
            Failed,
            |asked, _, honest| match asked.call {
                "create" => done(&[
                    ("snapshot", &format!("snap-{}", asked.run)),
                    ("place", "there"),
                ]),
                _ => honest,
            },
        ),
        never("done, taken tomorrow", Failed, |asked, _, honest| {
            if asked.call == "get" {
                let tomorrow = asked.now.checked_add(24.hours()).unwrap();
                return told(honest, |info| info.taken_at = tomorrow);
            }
            honest
        }),
        never(
            "done, taken an hour before the run",
            Failed,
            |asked, _, honest| {
                if asked.call == "get" {
                    let before = asked.now.checked_sub(1.hour()).unwrap();
                    return told(honest, |info| info.taken_at = before);
                }
                honest
            },
        ),
        never(
            "read back under another name",
            Failed,
            |asked, _, honest| {
                if asked.call == "get" {
                    return told(honest, |info| info.reference = "snap-other".to_owned());
                }
                honest
            },
        ),
    ])
    .await;
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "a table")]
async fn s13_what_cannot_be_found_out_ends_as_unknown() {
    play(vec![
        never(
            "done, and never to be read back",
            Unknown,
            |asked, _, honest| {
                if asked.call == "get" {
                    unavailable()
                } else {
                    honest
                }
            },
        ),
        never(
            "done, and reading back is denied",
            Unknown,
            |asked, _, honest| {
                if asked.call == "get" {
                    let detail = "no permission".to_owned();
                    return CallResult::Failed(Failure::denied(detail));
                }
                honest
            },
        ),
        never(
            "done, and reading back answers something else",
            Unknown,
            |asked, _, honest| {
                if asked.call == "get" {
                    done(&[])
                } else {
                    honest
                }
            },
        ),
        never(
            "done, listed, and not there",
            Unknown,
            |asked, _, honest| {
                if asked.call == "get" {
                    not_found("it")
                } else {
                    honest
                }
            },
        ),
        never(
            "crashed, and nothing can be listed",
            Unknown,
            |asked, _, honest| match asked.call {
                "create" => trapped(),
                "list" => unavailable(),
                _ => honest,
            },
        ),
        never(
            "timed out, and nothing can be listed",
            Unknown,
            |asked, _, honest| match asked.call {
                "create" => CallResult::TimedOut,
                "list" => trapped(),
                _ => honest,
            },
        ),
        never(
            "timed out, and the list goes in circles",
            Unknown,
            |asked, _, honest| match asked.call {
                "create" => CallResult::TimedOut,
                "list" => CallResult::Answered(Answer::Page(Page {
                    snapshots: Vec::new(),
                    next: Some("again".to_owned()),
                })),
                _ => honest,
            },
        ),
        never(
            "crashed, and a page is longer than asked for",
            Unknown,
            |asked, _, honest| match asked.call {
                "create" => trapped(),
                "list" => listed(honest, |page| {
                    page.resize(1001, snapshot("x", "acme", asked.now));
                }),
                _ => honest,
            },
        ),
        never(
            "timed out, and still in the making",
            Unknown,
            |asked, _, honest| match asked.call {
                "create" => CallResult::TimedOut,
                "get" => told(honest, |info| info.state = SnapshotState::Creating),
                _ => honest,
            },
        ),
        never("no answer at all", Unknown, |_, _, _| unavailable()),
    ])
    .await;
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "a table")]
async fn s13_what_can_be_found_out_is_not_unknown() {
    play(vec![
        never(
            "timed out, and nothing was made",
            TimedOut,
            |asked, shelf, honest| {
                if asked.call == "create" {
                    shelf.clear();
                    return CallResult::TimedOut;
                }
                honest
            },
        ),
        never(
            "goes on for ever, and nothing was made",
            TimedOut,
            |asked, shelf, honest| match asked.call {
                "create" | "poll" => {
                    shelf.clear();
                    goes_on(30)
                }
                _ => honest,
            },
        ),
        never(
            "crashed, and nothing was made",
            Failed,
            |asked, shelf, honest| {
                if asked.call == "create" {
                    shelf.clear();
                    return trapped();
                }
                honest
            },
        ),
        // An orphan is left, which no catalog ever calls a success.
        never(
            "crashed, and the list hides what was made",
            Failed,
            |asked, _, honest| match asked.call {
                "create" => trapped(),
                "list" => listed(honest, Vec::clear),
                _ => honest,
            },
        ),
        never(
            "crashed, and what is found failed",
            Failed,
            |asked, _, honest| match asked.call {
                "create" => trapped(),
                "get" => told(honest, |info| info.state = SnapshotState::Failed),
                _ => honest,
            },
        ),
        never(
            "crashed, and the list invents one",
            Unknown,
            |asked, shelf, honest| match asked.call {
                "create" => {
                    shelf.clear();
                    trapped()
                }
                "list" => listed(honest, |page| {
                    page.push(snapshot(&asked.run, "acme", asked.now))
                }),
                _ => honest,
            },
        ),
        never(
            "the poll reports the snapshot of another tenant",
            Failed,
            |asked, shelf, honest| match asked.call {
                "create" => {
                    shelf.clear();
                    let theirs =
                        snapshot("0190a000-0000-7000-8000-000000000000", "globex", asked.now);
                    shelf.insert(theirs.reference.clone(), theirs);
                    goes_on(5)
                }
                "poll" => {
                    let theirs = shelf.keys().next().unwrap().clone();
                    done(&[("snapshot", &theirs)])
                }
                _ => honest,
            },
        ),
    ])
    .await;
}

/// The snapshot is there, whole and of this run: to say that the run failed would be the lie. The drill is kept from
/// success, so that even then nothing is called verified.
#[tokio::test]
async fn a_snapshot_that_is_found_by_its_run_counts_although_its_end_was_not_heard() {
    fn found(name: &'static str, lie: Lie) -> Row {
        let expected = Expected {
            made: Succeeded,
            drilled: Failed,
            stands: Some(Stands::Assumed),
        };
        Row {
            name,
            expected,
            lie,
        }
    }
    play(vec![
        found("timed out, and made", |asked, _, honest| match asked.call {
            "create" => CallResult::TimedOut,
            "verify" => unavailable(),
            _ => honest,
        }),
        found("crashed, and made", |asked, _, honest| match asked.call {
            "create" => trapped(),
            "verify" => unavailable(),
            _ => honest,
        }),
        found(
            "its reply is lost each time",
            |asked, _, honest| match asked.call {
                "create" | "verify" => unavailable(),
                _ => honest,
            },
        ),
        found(
            "done, made, and its reference left out",
            |asked, _, honest| match asked.call {
                "create" => done(&[]),
                "verify" => unavailable(),
                _ => honest,
            },
        ),
        found(
            "not there at first, then there",
            |asked, _, honest| match asked.call {
                "get" if asked.nth == 1 => not_found("it"),
                "verify" => unavailable(),
                _ => honest,
            },
        ),
        found(
            "in the making at first, then ready",
            |asked, _, honest| match asked.call {
                "get" if asked.nth == 1 => {
                    told(honest, |info| info.state = SnapshotState::Creating)
                }
                "verify" => unavailable(),
                _ => honest,
            },
        ),
    ])
    .await;
}

#[tokio::test]
async fn s5_an_old_snapshot_is_never_taken_for_a_new_one() {
    // On the second day the snapshot of the first is reported, with the label and time of the second.
    let provider =
        super::Provider::new(
            |asked, shelf, honest| match (asked.call, asked.schedule.as_str()) {
                ("create", _) if shelf.len() > 1 => {
                    let new = format!("snap-{}", asked.run);
                    shelf.remove(&new);
                    let old = shelf.values_mut().next().unwrap();
                    old.run_id = Some(asked.run.clone());
                    old.taken_at = asked.now;
                    let reference = old.reference.clone();
                    done(&[
                        ("snapshot", &reference),
                        ("bytes", "4096"),
                        ("source", "disk-7"),
                    ])
                }
                _ => honest,
            },
        );
    let daily = super::SCHEDULES
        .split("\n[[schedule]]\nname = \"drill\"")
        .next()
        .unwrap();
    let host = SimulatedHost::served_by("2026-11-20T00:00Z", daily, provider);
    host.run("2026-11-21T23:00Z").await;
    assert_eq!(
        host.record().await,
        ["daily acme 03:00 succeeded", "daily acme 03:00 failed"]
    );
    let reason = host.rows().await.pop().unwrap().reason.unwrap();
    assert!(reason.contains("is in the catalog already"), "{reason}");
    assert_eq!(catalog(&host).await.len(), 1);
}
