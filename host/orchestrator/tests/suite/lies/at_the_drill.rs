//! Lies about a snapshot that was made honestly: at its drill, and when it is deleted.

use strongroom_domain::Outcome::{self, Failed, Succeeded, TimedOut};
use strongroom_domain::retry::Failure;
use strongroom_ledger::SnapshotState::{self as Stands, Assumed, Damaged, Missing};
use strongroom_sandbox::call::CallResult;
use strongroom_sandbox::role::Answer;
use strongroom_sandbox::role::snapshots::SnapshotState;

use super::provider::{
    Asked, Provider, Shelf, done, goes_on, not_found, told, trapped, unavailable, verified,
};
use super::{Expected, Row, catalog, play};
use crate::simulated_host::SimulatedHost;

type Lie = fn(&Asked, &mut Shelf, CallResult<Answer>) -> CallResult<Answer>;

fn drilled(name: &'static str, drilled: Outcome, stands: Stands, lie: Lie) -> Row {
    let expected = Expected {
        made: Succeeded,
        drilled,
        stands: Some(stands),
    };
    Row {
        name,
        expected,
        lie,
    }
}

/// A lie to `verify` only.
macro_rules! at_verify {
    ($name:literal, $outcome:expr, $stands:expr, $answer:expr) => {
        drilled($name, $outcome, $stands, |asked, _, honest| {
            if asked.call == "verify" {
                $answer
            } else {
                honest
            }
        })
    };
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "a table")]
async fn p04_no_lie_at_a_drill_ends_in_verified() {
    play(vec![
        at_verify!("no evidence", Failed, Assumed, done(&[])),
        at_verify!(
            "no word of how",
            Failed,
            Assumed,
            done(&[("bytes", "4096"), ("source", "disk-7")])
        ),
        at_verify!(
            "by a word that proves nothing",
            Failed,
            Assumed,
            done(&[
                ("checked", "trust"),
                ("bytes", "4096"),
                ("source", "disk-7")
            ])
        ),
        at_verify!(
            "no bytes",
            Failed,
            Assumed,
            done(&[("checked", "restored"), ("source", "disk-7")])
        ),
        at_verify!(
            "no source",
            Failed,
            Assumed,
            done(&[("checked", "restored"), ("bytes", "4096")])
        ),
        at_verify!(
            "other bytes",
            Failed,
            Damaged,
            done(&[
                ("checked", "restored"),
                ("bytes", "4095"),
                ("source", "disk-7")
            ])
        ),
        at_verify!(
            "bytes that are no number",
            Failed,
            Damaged,
            done(&[
                ("checked", "restored"),
                ("bytes", "all"),
                ("source", "disk-7")
            ])
        ),
        at_verify!(
            "another source",
            Failed,
            Damaged,
            done(&[
                ("checked", "restored"),
                ("bytes", "4096"),
                ("source", "disk-8")
            ])
        ),
        at_verify!(
            "another snapshot",
            Failed,
            Assumed,
            done(&[
                ("snapshot", "snap-0190a000-0000-7000-8000-000000000000"),
                ("checked", "restored"),
                ("bytes", "4096"),
                ("source", "disk-7"),
            ])
        ),
        // It says nothing of the snapshot, which is there.
        at_verify!(
            "not found, although it is there",
            Failed,
            Assumed,
            not_found("it")
        ),
        at_verify!("out of reach", Failed, Assumed, unavailable()),
        at_verify!("crashed", Failed, Assumed, trapped()),
        at_verify!("no answer in time", TimedOut, Assumed, CallResult::TimedOut),
        at_verify!("damaged", Failed, Damaged, {
            let detail = "data/mail".to_owned();
            CallResult::Failed(Failure::corrupt(detail))
        }),
        drilled(
            "goes on for ever",
            TimedOut,
            Assumed,
            |asked, _, honest| match asked.call {
                "verify" | "poll" => goes_on(30),
                _ => honest,
            },
        ),
        drilled(
            "the poll proves nothing",
            Failed,
            Assumed,
            |asked, _, honest| match asked.call {
                "verify" => goes_on(30),
                "poll" => done(&[("checked", "soon")]),
                _ => honest,
            },
        ),
    ])
    .await;
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "a table")]
async fn p04_what_is_read_back_is_compared_with_the_catalog_before_and_after_a_drill() {
    play(vec![
        drilled("gone by noon", Failed, Missing, |asked, shelf, honest| {
            if asked.call == "get" && asked.nth == 2 {
                shelf.clear();
                return not_found("it");
            }
            honest
        }),
        drilled(
            "another size by noon",
            Failed,
            Damaged,
            |asked, _, honest| {
                if asked.call == "get" && asked.nth > 1 {
                    return told(honest, |info| info.size = Some(5));
                }
                honest
            },
        ),
        drilled(
            "another source by noon",
            Failed,
            Damaged,
            |asked, _, honest| {
                if asked.call == "get" && asked.nth > 1 {
                    return told(honest, |info| info.source = Some("disk-8".to_owned()));
                }
                honest
            },
        ),
        drilled(
            "another place by noon",
            Failed,
            Damaged,
            |asked, _, honest| {
                if asked.call == "get" && asked.nth > 1 {
                    return told(honest, |info| info.place = Some("there".to_owned()));
                }
                honest
            },
        ),
        drilled("no label by noon", Failed, Damaged, |asked, _, honest| {
            if asked.call == "get" && asked.nth > 1 {
                return told(honest, |info| info.run_id = None);
            }
            honest
        }),
        drilled(
            "taken at noon, by noon",
            Failed,
            Damaged,
            |asked, _, honest| {
                if asked.call == "get" && asked.nth > 1 {
                    return told(honest, |info| info.taken_at = asked.now);
                }
                honest
            },
        ),
        // Ready once means ready; that it is made anew proves nothing, for or against.
        drilled(
            "in the making by noon",
            Failed,
            Assumed,
            |asked, _, honest| {
                if asked.call == "get" && asked.nth > 1 {
                    return told(honest, |info| info.state = SnapshotState::Creating);
                }
                honest
            },
        ),
        drilled(
            "verified, and failed right after",
            Failed,
            Damaged,
            |asked, _, honest| match asked.call {
                "verify" => verified(),
                "get" if asked.nth > 2 => told(honest, |info| info.state = SnapshotState::Failed),
                _ => honest,
            },
        ),
        drilled(
            "verified, and gone right after",
            Failed,
            Missing,
            |asked, _, honest| match asked.call {
                "verify" => verified(),
                "get" if asked.nth > 2 => not_found("it"),
                _ => honest,
            },
        ),
        drilled(
            "verified, and not to be read back after",
            Failed,
            Assumed,
            |asked, _, honest| match asked.call {
                "verify" => verified(),
                "get" if asked.nth > 2 => unavailable(),
                _ => honest,
            },
        ),
    ])
    .await;
}

/// Two days; then retention drops the snapshot of the first.
async fn dropped(lie: Lie) -> (Vec<(Stands, Option<String>)>, usize) {
    let daily = super::SCHEDULES
        .split("\n[[schedule]]\nname = \"drill\"")
        .next()
        .unwrap();
    let schedules = format!("{daily}retention = {{ keep-last = 1 }}\n");
    let provider = Provider::new(lie);
    let host = SimulatedHost::served_by("2026-11-20T00:00Z", &schedules, provider.clone());
    host.run("2026-11-21T23:00Z").await;
    let rows = catalog(&host).await;
    let rows = rows.into_iter().map(|row| (row.state, row.last_error));
    (rows.collect(), provider.asked("delete"))
}

#[tokio::test]
async fn s8_a_deletion_is_recorded_as_done_only_when_it_was_read_back() {
    let (rows, asked) = dropped(|_, _, honest| honest).await;
    assert_eq!(rows, [(Stands::Gone, None), (Assumed, None)]);
    assert_eq!(asked, 1);
    let lies: [(&str, Lie, &str); 5] = [
        (
            "done, and still there",
            |asked, _, honest| still_there(asked, honest),
            "the provider still has it",
        ),
        (
            "not found, and there",
            |asked, _, honest| match asked.call {
                "delete" => not_found("it"),
                _ => still_there(asked, honest),
            },
            "the provider still has it",
        ),
        (
            "done, and for ever on its way out",
            |asked, _, honest| match asked.call {
                "delete" => done(&[]),
                _ => told(still_there(asked, honest), |info| {
                    if asked.nth > 3 {
                        info.state = SnapshotState::Deleting;
                    }
                }),
            },
            "the provider still deletes it",
        ),
        (
            "done, and not to be read back",
            |asked, _, honest| match asked.call {
                "get" if asked.nth > 3 => unavailable(),
                _ => honest,
            },
            "could not be read back",
        ),
        (
            "done, and reading back is broken",
            |asked, _, honest| match asked.call {
                "get" if asked.nth > 3 => trapped(),
                _ => honest,
            },
            "could not be read back",
        ),
    ];
    for (name, lie, expected) in lies {
        let (rows, _) = dropped(lie).await;
        let (state, error) = &rows[0];
        assert_eq!(*state, Stands::DeleteFailed, "{name}");
        let error = error.as_deref().unwrap_or_default();
        assert!(error.contains(expected), "{name}: {error}");
        assert_eq!(rows[1].0, Assumed, "{name}");
    }
}

/// What `get` says of the first snapshot, whatever was deleted: the third look is the one before the deletion.
fn still_there(asked: &Asked, honest: CallResult<Answer>) -> CallResult<Answer> {
    use std::sync::Mutex;
    static SEEN: Mutex<Option<CallResult<Answer>>> = Mutex::new(None);
    let mut seen = SEEN.lock().unwrap();
    match (asked.call, asked.nth) {
        ("get", 3) => {
            *seen = Some(honest.clone());
            honest
        }
        ("get", 4..) => seen.clone().unwrap(),
        _ => honest,
    }
}

#[tokio::test]
async fn s7_what_is_not_provably_ours_is_not_deleted() {
    let lies: [(&str, Lie); 3] = [
        ("another tenant's", |asked, _, honest| match asked.call {
            "get" if asked.nth > 2 => told(honest, |info| info.tenant = "globex".to_owned()),
            _ => honest,
        }),
        ("another run's", |asked, _, honest| match asked.call {
            "get" if asked.nth > 2 => told(honest, |info| info.run_id = Some("x".to_owned())),
            _ => honest,
        }),
        ("nobody's", |asked, _, honest| match asked.call {
            "get" if asked.nth > 2 => told(honest, |info| info.run_id = None),
            _ => honest,
        }),
    ];
    for (name, lie) in lies {
        let (rows, deletions) = dropped(lie).await;
        assert_eq!((rows[0].0, deletions), (Stands::DeleteFailed, 0), "{name}");
    }
}
