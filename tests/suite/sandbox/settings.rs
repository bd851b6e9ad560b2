//! What the settings mean for a guest. That each is set is asserted inside the sandbox; here each is felt.

use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use strongroom_sandbox::call::{CallResult, Context};
use strongroom_sandbox::role::task::Action;
use strongroom_sandbox::{LoadError, Sandbox, Settings};
use strongroom_tests::{eventually, strongroom};

use super::{
    MEMORY, TIME, call, context, misbehaving_bytes, now, runtime, sandbox, settings, shared_cache,
};

/// A component with one core module that needs a feature.
fn with_module(module: &str) -> Result<(), LoadError> {
    let text = format!("(component (core module {module}))");
    Sandbox::inspect(&wat::parse_str(text).unwrap()).map(drop)
}

#[test]
fn features_that_plugins_do_not_need_are_refused() {
    with_module("(memory 1) (func (param v128) (result v128) local.get 0)").unwrap();
    for (feature, module) in [
        (
            "threads",
            "(memory 1) (func (drop (i32.atomic.load (i32.const 0))))",
        ),
        ("shared memory", "(memory 1 1 shared)"),
        ("GC", "(type (struct (field i32)))"),
        (
            "function references",
            "(type $f (func)) (func (param (ref $f)) (call_ref $f (local.get 0)))",
        ),
        ("exceptions", "(tag)"),
        ("tail calls", "(func $f (return_call $f))"),
        ("memory64", "(memory i64 1)"),
        ("multi-memory", "(memory 1) (memory 1)"),
        ("stack switching", "(type $f (func)) (type $c (cont $f))"),
        ("custom page sizes", "(memory 1 (pagesize 1))"),
        (
            "wide arithmetic",
            "(func (param i64 i64) (result i64 i64) (i64.mul_wide_s (local.get 0) (local.get 1)))",
        ),
        (
            "relaxed SIMD",
            "(func (param v128) (result v128) (i8x16.relaxed_swizzle (local.get 0) (local.get 0)))",
        ),
    ] {
        assert!(
            matches!(with_module(module), Err(LoadError::NotAComponent { .. })),
            "{feature} is accepted"
        );
    }
}

#[test]
fn a_schedule_cannot_ask_for_more_memory_than_the_ceiling() {
    let settings = Settings {
        memory_ceiling: 32 << 20,
        ..settings(&shared_cache())
    };
    runtime().block_on(async {
        let plugin = Sandbox::new(settings).unwrap().load(misbehaving_bytes()).await.unwrap();
        let much = Context { memory: MEMORY, ..context(Arc::default()) };
        let ending = plugin.call(&Action::Run, &call(r#"{"do":"grow-memory"}"#), much).await;
        assert!(matches!(&ending, CallResult::Failed(failure) if failure.detail.starts_with("the plugin ran out of memory: ") && failure.detail.ends_with("33554432 are allowed")), "{ending:?}");
    });
}

#[test]
fn a_call_has_the_memory_its_schedule_asks_for() {
    runtime().block_on(async {
        let plugin = sandbox().load(misbehaving_bytes()).await.unwrap();
        let little = Context { memory: 8 << 20, ..context(Arc::default()) };
        let ending = plugin.call(&Action::Run, &call(r#"{"do":"grow-memory"}"#), little).await;
        assert!(matches!(&ending, CallResult::Failed(failure) if failure.detail.starts_with("the plugin ran out of memory: ") && failure.detail.ends_with("8388608 are allowed")), "{ending:?}");
    });
}

#[test]
fn a_runaway_is_stopped_within_milliseconds_of_its_deadline() {
    runtime().block_on(async {
        let plugin = sandbox().load(misbehaving_bytes()).await.unwrap();
        let mut overshoot = Vec::new();
        for _ in 0..20 {
            let time = Duration::from_millis(20);
            let short = Context {
                time,
                ..context(Arc::default())
            };
            let began = now();
            let ending = plugin
                .call(&Action::Run, &call(r#"{"do":"spin"}"#), short)
                .await;
            overshoot.push(began.elapsed().saturating_sub(time));
            assert_eq!(ending, CallResult::TimedOut);
        }
        overshoot.sort();
        assert!(overshoot[10] < Duration::from_millis(30), "{overshoot:?}");
    });
}

#[test]
fn many_runaways_leave_room_for_an_honest_call() {
    let cache = shared_cache();
    runtime().block_on(async {
        let plugin = Sandbox::new(Settings {
            slots: 16,
            ..settings(&cache)
        })
        .unwrap();
        let plugin = plugin.load(misbehaving_bytes()).await.unwrap();
        let runaways: Vec<_> = (0..8)
            .map(|_| {
                let plugin = plugin.clone();
                tokio::spawn(async move {
                    let limited = Context {
                        time: TIME,
                        ..context(Arc::default())
                    };
                    plugin
                        .call(&Action::Run, &call(r#"{"do":"spin"}"#), limited)
                        .await
                })
            })
            .collect();
        for _ in 0..10 {
            let began = now();
            super::answers(&plugin).await;
            assert!(began.elapsed() < super::NEIGHBOUR, "{:?}", began.elapsed());
        }
        for runaway in runaways {
            assert_eq!(runaway.await.unwrap(), CallResult::TimedOut);
        }
    });
}

#[test]
fn slots_beyond_the_machines_maps_are_capped_and_said() {
    let sandbox = Sandbox::new(Settings {
        slots: 1_000_000,
        ..settings(&shared_cache())
    })
    .unwrap();
    assert!(sandbox.slots() < 1_000_000);
    assert!(sandbox.notice().unwrap().contains("vm.max_map_count"));
}

/// The child is asked by its own pipe, held before the plugin arrives, and looked at from outside.
#[test]
fn the_compile_child_limits_itself_before_it_reads_the_plugin() {
    let mut child = Command::new(strongroom())
        .arg("compile-plugin")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let header = (3_u128 << 30) | (7_u128 << 64);
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(&header.to_le_bytes()).unwrap();
    let limits = PathBuf::from(format!("/proc/{}/limits", child.id()));
    let columns = |line: &str| {
        line.split_whitespace()
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    eventually("the child's limits", Duration::from_secs(10), || {
        let text = fs::read_to_string(&limits).unwrap();
        let has = |name: &str, soft: &str, hard: &str| {
            let line = text.lines().find(|line| line.starts_with(name)).unwrap();
            columns(&line[name.len()..]).starts_with(&[soft.to_owned(), hard.to_owned()])
        };
        let limited = has("Max address space", "3221225472", "3221225472")
            && has("Max cpu time", "7", "8")
            && has("Max core file size", "0", "0");
        limited.then_some(())
    });
    drop(stdin);
    let ended = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&ended.stderr).into_owned();
    assert_eq!(said, "the plugin did not arrive as a binary\n");
    assert!(!ended.status.success() && ended.stdout.is_empty());
}

#[test]
fn a_compile_child_without_enough_memory_says_so_and_dies() {
    let header = (64_u128 << 20) | (7_u128 << 64);
    let mut child = Command::new(strongroom())
        .arg("compile-plugin")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(&header.to_le_bytes()).unwrap();
    // The pipe breaks when the child dies before it has read everything.
    drop(stdin.write_all(&vec![0; 200 << 20]));
    drop(stdin);
    let ended = child.wait_with_output().unwrap();
    assert!(!ended.status.success() && ended.stdout.is_empty());
    let said = String::from_utf8_lossy(&ended.stderr).into_owned();
    assert!(said.contains("memory"), "{said}");
}
