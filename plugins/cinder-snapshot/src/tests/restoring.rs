//! Restores and verification: only new volumes, and scratch volumes go away again.

use strongroom_plugin::{Evidence, Failure, Snapshots, Step, Target};

use super::world::{Shared, VOLUME, world};
use super::{RUN, call, finish};
use crate::CinderSnapshot;

fn restore(world: &Shared, id: &str, name: &str) -> Result<Evidence, Failure> {
    let target = Target {
        place: name.to_owned(),
        paths: Vec::new(),
    };
    finish(world, CinderSnapshot::start_restore(call(), id, &target))
}

fn last_volume(world: &Shared) -> String {
    let world = world.borrow();
    world.volumes.last().unwrap()["id"]
        .as_str()
        .unwrap()
        .to_owned()
}

#[test]
fn a_restore_makes_a_new_volume_of_that_name() {
    let world = world();
    let id = world.borrow_mut().snapshot("acme", RUN);
    let evidence = restore(&world, &id, "vault-restored").unwrap();
    let made = world.borrow().volumes[1].clone();
    assert_eq!(made["snapshot_id"], *id);
    assert_eq!(made["name"], "vault-restored");
    assert_eq!(evidence.get("volume"), made["id"].as_str());
    assert_eq!(evidence.get("bytes"), Some("3221225472"));
    for name in ["vault-restored", "vault"] {
        let failure = restore(&world, &id, name).unwrap_err();
        assert!(matches!(failure, Failure::Conflict(_)), "{failure}");
    }
    assert_eq!(world.borrow().volumes.len(), 2);
}

#[test]
fn a_restore_that_makes_no_sense_is_refused() {
    let world = world();
    let id = world.borrow_mut().snapshot("acme", RUN);
    for name in ["", " x", "a/b", "a\nb", &"x".repeat(256)] {
        let failure = restore(&world, &id, name).unwrap_err();
        assert!(
            matches!(failure, Failure::Invalid(_)),
            "{name:?}: {failure}"
        );
    }
    let target = Target {
        place: "x".to_owned(),
        paths: vec![b"etc".to_vec()],
    };
    let failure = CinderSnapshot::start_restore(call(), &id, &target).unwrap_err();
    assert!(matches!(failure, Failure::Invalid(_)), "{failure}");
    world.borrow_mut().set(&id, "status", "error");
    let failure = restore(&world, &id, "x").unwrap_err();
    assert!(matches!(failure, Failure::Corrupt(_)), "{failure}");
    world.borrow_mut().set(&id, "status", "deleting");
    let failure = CinderSnapshot::start_verify(call(), &id).unwrap_err();
    assert!(matches!(failure, Failure::Conflict(_)), "{failure}");
    assert_eq!(world.borrow().changes(), [""; 0]);
}

#[test]
fn a_volume_that_is_not_whole_is_not_a_restore() {
    let world = world();
    let id = world.borrow_mut().snapshot("acme", RUN);
    for (key, value, corrupt) in [
        ("size", serde_json::json!(2), true),
        ("status", "error".into(), false),
        ("snapshot_id", VOLUME.into(), false),
    ] {
        let target = Target {
            place: format!("with-{key}"),
            paths: Vec::new(),
        };
        let step = CinderSnapshot::start_restore(call(), &id, &target);
        let volume = last_volume(&world);
        world.borrow_mut().set(&volume, key, value);
        let failure = finish(&world, step).unwrap_err();
        assert_eq!(matches!(failure, Failure::Corrupt(_)), corrupt, "{failure}");
    }
}

#[test]
fn a_verification_restores_whole_and_leaves_nothing() {
    let world = world();
    let id = world.borrow_mut().snapshot("acme", RUN);
    let evidence = finish(&world, CinderSnapshot::start_verify(call(), &id)).unwrap();
    assert_eq!(evidence.get("checked"), Some("restored"));
    assert_eq!(evidence.get("source"), Some(VOLUME));
    assert_eq!(evidence.get("bytes"), Some("3221225472"));
    assert_eq!(world.borrow().volumes.len(), 1);
    let changes = world.borrow().changes();
    assert_eq!(changes[0], "POST /volumes");
    assert!(changes[1].starts_with("DELETE /volumes/"), "{changes:?}");
}

#[test]
fn a_verification_that_finds_damage_leaves_nothing_either() {
    for (key, value, corrupt) in [
        ("size", serde_json::json!(2), true),
        ("status", "error".into(), false),
    ] {
        let world = world();
        let id = world.borrow_mut().snapshot("acme", RUN);
        let step = CinderSnapshot::start_verify(call(), &id);
        let volume = last_volume(&world);
        world.borrow_mut().set(&volume, key, value);
        let failure = finish(&world, step).unwrap_err();
        assert_eq!(matches!(failure, Failure::Corrupt(_)), corrupt, "{failure}");
        assert_eq!(world.borrow().volumes.len(), 1);
    }
}

#[test]
fn an_old_scratch_volume_is_no_proof_and_is_removed_first() {
    let world = world();
    let id = world.borrow_mut().snapshot("acme", RUN);
    let Ok(Step::Running(_)) = CinderSnapshot::start_verify(call(), &id) else {
        panic!("it must go on");
    };
    world.borrow_mut().settle();
    let old = last_volume(&world);
    let evidence = finish(&world, CinderSnapshot::start_verify(call(), &id)).unwrap();
    assert_eq!(evidence.get("checked"), Some("restored"));
    let changes = world.borrow().changes();
    assert_eq!(changes[1], format!("DELETE /volumes/{old}"));
    assert_eq!(changes.len(), 4, "{changes:?}");
    assert_eq!(world.borrow().volumes.len(), 1);
}

#[test]
fn a_volume_that_is_only_called_like_a_scratch_volume_is_left_alone() {
    let world = world();
    let id = world.borrow_mut().snapshot("acme", RUN);
    world
        .borrow_mut()
        .set(VOLUME, "name", format!("strongroom-verify-{RUN}"));
    let failure = CinderSnapshot::start_verify(call(), &id).unwrap_err();
    assert!(matches!(failure, Failure::Conflict(_)), "{failure}");
    assert_eq!(world.borrow().changes(), [""; 0]);
}

#[test]
fn a_dry_run_of_a_restore_or_verification_makes_nothing() {
    let world = world();
    let id = world.borrow_mut().snapshot("acme", RUN);
    let target = Target {
        place: "x".to_owned(),
        paths: Vec::new(),
    };
    let mut dry = call();
    dry.dry_run = true;
    finish(
        &world,
        CinderSnapshot::start_restore(dry.clone(), &id, &target),
    )
    .unwrap();
    finish(&world, CinderSnapshot::start_verify(dry, &id)).unwrap();
    assert_eq!(world.borrow().changes(), [""; 0]);
}

#[test]
fn a_handle_of_something_else_is_refused() {
    let failure = CinderSnapshot::poll(call(), b"{}".to_vec()).unwrap_err();
    assert!(matches!(failure, Failure::Invalid(_)), "{failure}");
}
