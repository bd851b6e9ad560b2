//! One guest that misbehaves on request, and the ending of each way to do so.
//!
//! `act` asserts on every call that it ended in time, that the host lives, and that a neighbour kept answering.

use std::sync::Arc;
use std::time::Duration;

use strongroom_domain::retry::{Failure, FailureKind};
use strongroom_sandbox::Sandbox;
use strongroom_sandbox::call::{CallResult, Context, Operation, Step};
use strongroom_sandbox::capability::log::LogLevel;
use strongroom_sandbox::role::snapshots;
use strongroom_sandbox::role::task::Action;

use super::recorder::Recorder;
use super::{
    Seen, TIME, act, act_for_ever, act_within, answers, call, context, misbehaving_bytes, now,
    runtime, sandbox, settings,
};

/// What stopped the plugin.
#[track_caller]
fn trapped(seen: &Seen) -> &str {
    crashed(seen, "the plugin stopped: ")
}

/// Which limit it ran into.
#[track_caller]
fn out_of_memory(seen: &Seen) -> &str {
    crashed(seen, "the plugin ran out of memory: ")
}

#[track_caller]
fn crashed<'a>(seen: &'a Seen, how: &str) -> &'a str {
    match &seen.ending {
        CallResult::Failed(failure) if failure.kind == FailureKind::Crashed => failure
            .detail
            .strip_prefix(how)
            .unwrap_or_else(|| panic!("{failure}")),
        other => panic!("{other:?}"),
    }
}

fn refused(seen: &Seen) -> &str {
    assert!(
        matches!(seen.ending, CallResult::Refused(_)),
        "{:?}",
        seen.ending
    );
    seen.detail()
}

#[test]
fn a_guest_that_behaves_sees_its_call_and_answers() {
    let seen = act(r#"{"do":"ok"}"#);
    assert_eq!(seen.fact("run"), "00000000-0000-0000-0000-000000000007");
    assert_eq!(
        (
            seen.fact("attempt"),
            seen.fact("tenant"),
            seen.fact("dry-run")
        ),
        ("2", "acme", "true")
    );
    assert_eq!(
        (seen.fact("due"), seen.fact("deadline")),
        ("1767225600000", "1767229200000")
    );
    assert_eq!(seen.fact("config"), r#"{"do":"ok"}"#);
}

#[test]
fn a_guest_that_spins_is_timed_out() {
    act_for_ever(r#"{"do":"spin"}"#);
}

#[test]
fn a_guest_that_calls_itself_for_ever_traps() {
    assert_eq!(
        trapped(&act(r#"{"do":"recursion"}"#)),
        "call stack exhausted"
    );
}

#[test]
fn a_guest_that_grows_its_memory_is_out_of_memory() {
    assert!(out_of_memory(&act(r#"{"do":"grow-memory"}"#)).ends_with("268435456 are allowed"));
}

#[test]
fn a_guest_that_copies_its_memory_for_ever_is_timed_out() {
    act_for_ever(r#"{"do":"memory-copy","amount":60}"#);
}

#[test]
fn a_guest_that_panics_traps_with_its_message() {
    let seen = act(r#"{"do":"panic","text":"a tenth of a rope"}"#);
    assert!(
        trapped(&seen).contains("its last words: ") && seen.detail().contains("a tenth of a rope"),
        "{}",
        seen.detail()
    );
    assert!(
        seen.recorder
            .lines()
            .iter()
            .any(|line| line.message.contains("a tenth of a rope"))
    );
}

#[test]
fn a_guest_that_traps_traps() {
    assert!(trapped(&act(r#"{"do":"trap"}"#)).contains("`unreachable` instruction executed"));
}

#[test]
fn a_guest_that_exits_traps_with_its_code() {
    assert_eq!(trapped(&act(r#"{"do":"exit"}"#)), "it called exit(0)");
}

#[test]
fn a_guest_that_sleeps_in_the_host_is_timed_out() {
    act_for_ever(r#"{"do":"sleep-for-ever"}"#);
}

#[test]
fn a_guest_in_a_host_call_that_never_answers_is_timed_out() {
    assert_eq!(
        act_within(
            r#"{"do":"host-call-flood"}"#,
            TIME,
            Arc::new(Recorder::stuck())
        )
        .ending,
        CallResult::TimedOut
    );
}

#[test]
fn a_guest_that_floods_the_host_with_calls_is_timed_out() {
    let recorder = act_for_ever(r#"{"do":"host-call-flood"}"#);
    assert!(recorder.reports() > 100);
}

#[test]
fn a_guest_that_writes_for_ever_is_timed_out() {
    let recorder = act_for_ever(r#"{"do":"endless-write"}"#);
    assert!(recorder.written() > 1 << 20);
}

#[test]
fn a_guest_that_floods_the_log_is_cut_and_counted() {
    let seen = act(r#"{"do":"log-flood","amount":3000}"#);
    assert_eq!(seen.fact("lines"), "3000");
    let lines = seen.recorder.lines();
    let last = lines.last().unwrap();
    assert!(lines.iter().map(|line| line.message.len()).sum::<usize>() < 1100 * 1024);
    assert_eq!(
        last.message,
        format!(
            "{} further lines were dropped: a call may write 1024 KiB",
            3000 - (lines.len() - 1)
        )
    );
}

#[test]
fn a_guest_that_floods_the_log_for_ever_is_timed_out() {
    let recorder = act_for_ever(r#"{"do":"log-flood","amount":0}"#);
    assert!(
        recorder
            .lines()
            .last()
            .unwrap()
            .message
            .contains("further lines were dropped")
    );
}

#[test]
fn a_guest_that_floods_its_output_is_timed_out() {
    let recorder = act_for_ever(r#"{"do":"stdout-flood"}"#);
    assert!(
        recorder
            .lines()
            .iter()
            .map(|line| line.message.len())
            .sum::<usize>()
            < 1100 * 1024
    );
}

#[test]
fn what_a_guest_prints_becomes_log_lines() {
    let lines = act(r#"{"do":"print","text":"hello"}"#).recorder.lines();
    let lines: Vec<_> = lines
        .into_iter()
        .map(|line| (line.level, line.message))
        .collect();
    assert!(
        lines.contains(&(LogLevel::Info, "out hello".into()))
            && lines.contains(&(LogLevel::Warn, "err hello".into()))
    );
}

#[test]
fn a_giant_log_line_is_cut() {
    let lines = act(r#"{"do":"giant-log","amount":1}"#).recorder.lines();
    assert_eq!((lines.len(), lines[0].message.len()), (1, 64 * 1024));
}

#[test]
fn a_giant_log_line_beyond_the_hosts_memory_ends_the_call() {
    assert_eq!(
        out_of_memory(&act(r#"{"do":"giant-log"}"#)),
        "it passed more than 16 MiB to the host at once"
    );
}

#[test]
fn a_giant_string_ends_the_call() {
    assert_eq!(
        out_of_memory(&act(r#"{"do":"giant-string"}"#)),
        "it passed more than 16 MiB to the host at once"
    );
}

#[test]
fn a_long_sentence_of_a_failure_is_cut() {
    let seen = act(r#"{"do":"giant-string","amount":1}"#);
    assert!(
        matches!(
            seen.ending,
            CallResult::Failed(Failure {
                kind: FailureKind::Other,
                ..
            })
        ) && seen.detail().len() == 64 * 1024
    );
}

#[test]
fn a_giant_list_ends_the_call() {
    assert_eq!(
        out_of_memory(&act(r#"{"do":"giant-list","amount":20}"#)),
        "it passed more than 16 MiB to the host at once"
    );
}

#[test]
fn evidence_beyond_the_contract_is_refused() {
    assert!(
        refused(&act(r#"{"do":"giant-list","amount":1}"#)).ends_with("pairs, 1000 are allowed")
    );
}

#[test]
fn a_giant_handle_ends_the_call() {
    assert_eq!(
        out_of_memory(&act(r#"{"do":"giant-handle"}"#)),
        "it passed more than 16 MiB to the host at once"
    );
}

#[test]
fn a_handle_beyond_the_contract_is_refused() {
    let seen = act(r#"{"do":"giant-handle","amount":1}"#);
    assert_eq!(
        refused(&seen),
        "its answer has 1048576 bytes in an operation's handle, 4096 are allowed"
    );
}

#[test]
fn a_guest_that_leaks_handles_is_out_of_memory() {
    let seen = act(r#"{"do":"resource-leak"}"#);
    assert_eq!(
        out_of_memory(&seen),
        "it held more than 1000 handles at once"
    );
    assert!(seen.recorder.opened() < 1_000);
}

#[test]
fn a_log_line_cannot_pretend_to_be_another() {
    let lines = act(r#"{"do":"forged-log"}"#).recorder.lines();
    assert_eq!(lines.len(), 3);
    for line in lines {
        let texts = line
            .fields
            .iter()
            .flat_map(|(name, value)| [name, value])
            .chain([&line.message]);
        assert!(
            texts
                .clone()
                .all(|text| !text.contains(['\n', '\r', '\0', '\u{1b}', '\u{7}', '\u{202e}'])),
            "{line:?}"
        );
    }
}

#[test]
fn a_guest_sees_nothing_of_the_host() {
    let seen = act(r#"{"do":"surroundings"}"#);
    let CallResult::Answered(Step::Done(evidence)) = &seen.ending else {
        panic!("{:?}", seen.ending)
    };
    assert_eq!(evidence.0, [("looked".to_owned(), "everywhere".to_owned())]);
}

#[test]
fn a_guest_has_the_hosts_moment_and_randomness_of_its_own() {
    let (one, other) = (act(r#"{"do":"clock"}"#), act(r#"{"do":"clock"}"#));
    let wall: u64 = one.fact("wall-ms").parse().unwrap();
    assert!(
        (1_000_000_000_000..1_000_000_001_000).contains(&wall),
        "{wall}"
    );
    assert_ne!(one.fact("seed"), other.fact("seed"));
}

#[test]
fn a_failure_keeps_its_variant_and_its_sentence() {
    let act = |kind: &str| act(&format!(r#"{{"do":"failure","text":"{kind}"}}"#)).ending;
    let detail = |kind: &str| format!("asked to fail as {kind}");
    assert_eq!(
        act("denied"),
        CallResult::Failed(Failure::denied(detail("denied")))
    );
    assert_eq!(
        act("throttled"),
        CallResult::Failed(Failure::throttled(detail("throttled"), 1500))
    );
}

#[test]
fn an_operation_is_polled_in_instances_of_its_own() {
    runtime().block_on(async {
        let plugin = sandbox().load(misbehaving_bytes()).await.unwrap();
        let mut action = Action::Run;
        for left in ["2 100", "1 100"] {
            let ending = plugin
                .call(
                    &action,
                    &call(r#"{"do":"running","amount":2}"#),
                    context(Arc::default()),
                )
                .await;
            let CallResult::Answered(Step::Running(Operation {
                handle, poll_after, ..
            })) = ending
            else {
                panic!("{ending:?}")
            };
            assert_eq!(
                (handle.as_slice(), poll_after),
                (left.as_bytes(), Duration::from_millis(100))
            );
            action = Action::Poll { handle };
        }
        let ending = plugin
            .call(&action, &call("{}"), context(Arc::default()))
            .await;
        assert!(
            matches!(ending, CallResult::Answered(Step::Done(_))),
            "{ending:?}"
        );
    });
}

#[test]
fn a_role_that_is_not_exported_is_refused() {
    runtime().block_on(async {
        let plugin = sandbox().load(misbehaving_bytes()).await.unwrap();
        let ending = plugin
            .call(
                &snapshots::Action::Create,
                &call("{}"),
                context(Arc::default()),
            )
            .await;
        assert_eq!(
            ending,
            CallResult::Refused("the plugin does not export the role `snapshots`".into())
        );
    });
}

/// One slot, so that every call surely meets the memory of the last one.
#[test]
fn a_fresh_store_sees_nothing_of_the_last_one() {
    let cache = tempfile::tempdir().unwrap();
    runtime().block_on(async {
        let settings = strongroom_sandbox::Settings {
            slots: 1,
            ..settings(&cache.path().join("cache"))
        };
        let plugin = Sandbox::new(settings)
            .unwrap()
            .load(misbehaving_bytes())
            .await
            .unwrap();
        for round in 0..5 {
            plugin
                .call(
                    &Action::Run,
                    &call(r#"{"do":"leave-mark","amount":40}"#),
                    context(Arc::default()),
                )
                .await;
            let ending = plugin
                .call(
                    &Action::Run,
                    &call(r#"{"do":"leftover"}"#),
                    context(Arc::default()),
                )
                .await;
            let seen = Seen {
                ending,
                recorder: Arc::default(),
            };
            assert_eq!(
                (seen.fact("marks"), seen.fact("dirty-fresh")),
                ("0", "0"),
                "round {round}"
            );
        }
    });
}

#[test]
fn a_cancelled_call_gives_its_slot_back() {
    let cache = tempfile::tempdir().unwrap();
    runtime().block_on(async {
        let settings = strongroom_sandbox::Settings {
            slots: 1,
            ..settings(&cache.path().join("cache"))
        };
        let plugin = Sandbox::new(settings)
            .unwrap()
            .load(misbehaving_bytes())
            .await
            .unwrap();
        for act in [r#"{"do":"spin"}"#, r#"{"do":"sleep-for-ever"}"#] {
            let (spinning, asked) = (plugin.clone(), call(act));
            let spinning = tokio::spawn(async move {
                let hour = Context {
                    time: Duration::from_secs(3600),
                    ..context(Arc::default())
                };
                spinning.call(&Action::Run, &asked, hour).await
            });
            // With one slot, this call waits for the other until its own time is over.
            tokio::task::yield_now().await;
            let limited = Context {
                time: TIME,
                ..context(Arc::default())
            };
            let began = now();
            let waited = plugin
                .call(&Action::Run, &call(r#"{"do":"ok"}"#), limited)
                .await;
            assert!(
                waited != CallResult::TimedOut || began.elapsed() >= TIME,
                "{waited:?}"
            );
            spinning.abort();
            assert!(spinning.await.unwrap_err().is_cancelled());
            answers(&plugin).await;
        }
    });
}
