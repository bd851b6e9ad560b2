//! Plugins of released versions of the contract: every later host loads them and calls each of their functions.
//!
//! Owns: what those files answered when they were made. Never: their making (`tests/released/README.md`).

use std::fs;
use std::sync::Arc;

use strongroom_domain::retry::FailureKind;
use strongroom_domain::role::Role;
use strongroom_sandbox::call::{CallResult, Step};
use strongroom_sandbox::role::snapshots::{Get, List, SnapshotState};
use strongroom_sandbox::role::{Function, snapshots, task};
use strongroom_tests::repository;

use super::recorder::Recorder;
use super::{Plugin, call, context, runtime, sandbox};

/// The released plugins of one role, each with its version.
async fn released(role: Role) -> Vec<(String, Plugin)> {
    let folder = repository().join("tests/released");
    let mut plugins = Vec::new();
    for entry in fs::read_dir(&folder).unwrap() {
        let folder = entry.unwrap().path();
        if folder.is_dir() {
            let file = folder.join(format!("{role}.wasm"));
            let bytes =
                fs::read(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
            let plugin = sandbox().load(bytes).await;
            let plugin = plugin.unwrap_or_else(|error| panic!("{}: {error}", file.display()));
            plugins.push((file.display().to_string(), plugin));
        }
    }
    assert!(!plugins.is_empty());
    plugins
}

async fn ask<F: Function>(
    plugin: &Plugin,
    function: F,
    dry_run: bool,
) -> (CallResult<F::Answer>, Arc<Recorder>) {
    let recorder = Arc::<Recorder>::default();
    let mut call = call(r#"{"key":"value"}"#);
    call.dry_run = dry_run;
    let result = plugin
        .call(&function, &call, context(Arc::clone(&recorder)))
        .await;
    (result, recorder)
}

async fn step<F: Function<Answer = Step>>(plugin: &Plugin, function: F, dry_run: bool) -> Step {
    match ask(plugin, function, dry_run).await.0 {
        CallResult::Answered(step) => step,
        other => panic!("{other:?}"),
    }
}

/// Asserts that the call is done with these facts, followed by everything that it carried.
#[track_caller]
fn done(step: Step, dry_run: bool, facts: &[(&str, &str)]) {
    let carried = [
        ("run", "00000000-0000-0000-0000-000000000007"),
        ("attempt", "2"),
        ("tenant", "acme"),
        ("due", "1767225600000"),
        ("deadline", "1767229200000"),
        ("dry-run", if dry_run { "true" } else { "false" }),
        ("config", r#"{"key":"value"}"#),
    ];
    let expected: Vec<(String, String)> = facts
        .iter()
        .chain(&carried)
        .map(|(kind, value)| ((*kind).to_owned(), (*value).to_owned()))
        .collect();
    match step {
        Step::Done(evidence) => assert_eq!(evidence.0, expected),
        Step::Running(operation) => panic!("{operation:?}"),
    }
}

#[track_caller]
fn running(step: Step, handle: &str) {
    let Step::Running(operation) = step else {
        panic!("{step:?}")
    };
    assert_eq!(operation.handle, handle.as_bytes());
    assert_eq!(operation.poll_after.as_millis(), 250);
    assert_eq!(operation.percent, Some(50));
    assert_eq!(operation.note, "half of it");
}

/// Every kind of failure, a kind and a step of no version, by the function that is asked with each name.
async fn failures<F: Function<Answer = Step>>(plugin: &Plugin, poll: impl Fn(&str) -> F) {
    for (name, kind, wait) in [
        ("invalid", FailureKind::Invalid, None),
        ("denied", FailureKind::Denied, None),
        ("not-found", FailureKind::NotFound, None),
        ("conflict", FailureKind::Conflict, None),
        ("quota", FailureKind::Quota, None),
        ("throttled", FailureKind::Throttled, Some(1_500)),
        ("unavailable", FailureKind::Unavailable, None),
        ("corrupt", FailureKind::Corrupt, None),
        ("lapsed", FailureKind::Other, None),
    ] {
        let CallResult::Failed(failure) = ask(plugin, poll(name), false).await.0 else {
            panic!("{name} did not fail")
        };
        assert_eq!(failure.kind, kind);
        assert_eq!(failure.detail, "as it was asked to");
        assert_eq!(failure.retry_after_ms, wait);
    }
    let CallResult::Refused(detail) = ask(plugin, poll("later"), false).await.0 else {
        panic!("a step of no version was taken for one that is known")
    };
    assert!(detail.contains("`of-a-later-version`"), "{detail}");
}

#[test]
fn a_released_plugin_describes_itself_as_it_did() {
    runtime().block_on(async {
        for role in Role::ALL {
            for (file, plugin) in released(role).await {
                let description = plugin.description();
                assert_eq!(plugin.roles().iter().copied().collect::<Vec<_>>(), [role]);
                assert_eq!(description.name.as_str(), "plain", "{file}");
                assert_eq!(description.version, "0.1.0");
                assert_eq!(description.wants.len(), 2);
                assert_eq!(description.endpoints.len(), 1);
                assert_eq!(description.features["restore"], "true");
                assert_eq!(description.features["a-later-feature"], "true");
            }
        }
    });
}

#[test]
fn a_released_task_answers_as_it_did() {
    runtime().block_on(async {
        for (_, plugin) in released(Role::Task).await {
            running(step(&plugin, task::Action::Run, true).await, "operation");
            let (ending, recorder) = ask(&plugin, task::Action::Run, false).await;
            let CallResult::Answered(seen) = ending else {
                panic!("{ending:?}")
            };
            let facts = [
                ("state", "written and deleted"),
                ("files", "a writable directory"),
            ];
            done(seen, false, &facts);
            assert_eq!(recorder.reports(), 1);
            let levels: Vec<String> = recorder
                .lines()
                .iter()
                .map(|line| format!("{:?}", line.level))
                .collect();
            assert_eq!(levels, ["Debug", "Info", "Warn", "Error", "Info"]);
            let poll = |name: &str| task::Action::Poll {
                handle: name.into(),
            };
            done(
                step(&plugin, poll("x"), false).await,
                false,
                &[("polled", "x")],
            );
            failures(&plugin, poll).await;
        }
    });
}

#[test]
fn released_snapshots_answer_as_they_did() {
    runtime().block_on(async {
        for (_, plugin) in released(Role::Snapshots).await {
            make(&plugin).await;
            read(&plugin).await;
            let reference = || "one".to_owned();
            let request = snapshots::Action::Delete {
                reference: reference(),
            };
            done(
                step(&plugin, request, true).await,
                true,
                &[("deleted", "one")],
            );
            let request = snapshots::Action::Restore {
                reference: reference(),
                place: "there".to_owned(),
                paths: vec![b"a/b".to_vec(), b"c".to_vec()],
            };
            let facts = [
                ("restored", "one"),
                ("place", "there"),
                ("path", "a/b"),
                ("path", "c"),
            ];
            done(step(&plugin, request, false).await, false, &facts);
            let request = snapshots::Action::Verify {
                reference: reference(),
            };
            let CallResult::Failed(failure) = ask(&plugin, request, false).await.0 else {
                panic!("damage was not told")
            };
            assert_eq!(
                (failure.kind, failure.detail.as_str()),
                (FailureKind::Corrupt, "one\ntwo")
            );
            // Nothing is granted, so its request is denied.
            let request = snapshots::Action::Copy {
                reference: reference(),
            };
            let CallResult::Failed(failure) = ask(&plugin, request, false).await.0 else {
                panic!("a request went out without a grant")
            };
            assert_eq!(failure.kind, FailureKind::Denied);
        }
    });
}

async fn make(plugin: &Plugin) {
    running(step(plugin, snapshots::Action::Create, false).await, "made");
    let facts = [("would-create", "made")];
    done(
        step(plugin, snapshots::Action::Create, true).await,
        true,
        &facts,
    );
    let poll = |name: &str| snapshots::Action::Poll {
        handle: name.into(),
    };
    let facts = [("snapshot", "made"), ("bytes", "7"), ("source", "disk")];
    done(step(plugin, poll("made"), false).await, false, &facts);
    failures(plugin, poll).await;
}

async fn read(plugin: &Plugin) {
    for (reference, state) in [
        ("one", SnapshotState::Ready),
        ("creating", SnapshotState::Creating),
        ("failed", SnapshotState::Failed),
        ("deleting", SnapshotState::Deleting),
        ("archived", SnapshotState::Unknown),
    ] {
        let request = Get {
            reference: reference.to_owned(),
        };
        let (ending, _) = ask(plugin, request, false).await;
        let CallResult::Answered(info) = ending else {
            panic!("{ending:?}")
        };
        assert_eq!((info.reference.as_str(), info.state), (reference, state));
        assert_eq!(info.taken_at.as_millisecond(), 1_767_225_600_000);
        assert_eq!((info.tenant.as_str(), info.size), ("acme", Some(7)));
        assert_eq!(info.source.as_deref(), Some("disk"));
        assert_eq!(info.place.as_deref(), Some("here"));
        assert_eq!(info.labels, [("kept".to_owned(), "well".to_owned())]);
    }
    for (cursor, reference, next) in [
        (None, "first", Some("next")),
        (Some("next".to_owned()), "second", None),
    ] {
        let (ending, _) = ask(plugin, List { cursor, limit: 10 }, false).await;
        let CallResult::Answered(page) = ending else {
            panic!("{ending:?}")
        };
        let listed: Vec<&str> = page
            .snapshots
            .iter()
            .map(|one| one.reference.as_str())
            .collect();
        assert_eq!((listed, page.next.as_deref()), (vec![reference], next));
    }
}
