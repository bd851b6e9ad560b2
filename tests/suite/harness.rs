//! The harness itself: a comparison that misses something would let every other test pass.

use std::fs;
use std::process::Command;

use strongroom_tests::{Aspect, Comparison, Tree, compare_trees};

fn two_equal_trees() -> (tempfile::TempDir, Tree, Tree) {
    let folder = tempfile::tempdir().unwrap();
    let left = Tree::at(&folder.path().join("left"));
    left.one_of_everything().maildir("mail").fifo("fifo");
    let right = folder.path().join("right");
    let copied = Command::new("cp")
        .arg("-a")
        .arg(left.path())
        .arg(&right)
        .status()
        .unwrap();
    assert!(copied.success());
    (folder, left, Tree::at(&right))
}

#[test]
fn an_exact_copy_has_no_differences() {
    let (_folder, left, right) = two_equal_trees();
    assert_eq!(compare_trees(left.path(), right.path()), [""; 0]);
    assert_eq!(
        Comparison::default()
            .with_roots()
            .compare(left.path(), right.path()),
        [""; 0]
    );
}

/// A change to one of two equal trees and the word that the report must have for it.
type Change = (&'static str, fn(&Tree) -> &Tree, &'static str);

const CHANGES: &[Change] = &[
    (
        "a byte",
        |tree| tree.file("deep/er/and/deeper/still.txt", "Deep\n"),
        "content",
    ),
    ("a size", |tree| tree.file("empty", "x"), "size"),
    ("a mode", |tree| tree.mode("secret", 0o600), "mode"),
    ("a sticky bit", |tree| tree.mode("shared", 0o777), "mode"),
    (
        "a nanosecond",
        |tree| tree.modified("binary.bin", 946_684_800, 123_456_788),
        "modified",
    ),
    (
        "the time of a link",
        |tree| tree.modified("pointer", 1_000_000_000, 6),
        "modified",
    ),
    (
        "the text of a link",
        |tree| tree.remove("pointer").symlink("pointer", "other.txt"),
        "content",
    ),
    (
        "an attribute",
        |tree| tree.attribute("deep", "user.kept", b"on a Folder"),
        "attributes",
    ),
    ("a name less", |tree| tree.remove("-rf"), "only on the left"),
    (
        "a name more",
        |tree| tree.folder("new"),
        "only on the right",
    ),
    (
        "another kind",
        |tree| tree.remove("empty").folder("empty"),
        "kind",
    ),
];

#[test]
fn every_kind_of_difference_is_reported() {
    for (what, change, word) in CHANGES {
        let (_folder, left, right) = two_equal_trees();
        change(&right);
        let found = compare_trees(left.path(), right.path());
        assert!(
            found.iter().any(|line| line.contains(word)),
            "{what}: no `{word}` in {found:#?}"
        );
    }
}

#[test]
fn a_broken_hard_link_is_reported() {
    let (_folder, left, right) = two_equal_trees();
    right
        .remove("also the same plain.txt")
        .file("also the same plain.txt", "plain\n");
    let found = Comparison::default()
        .without(Aspect::Modified)
        .without(Aspect::Attributes);
    let found = found.compare(left.path(), right.path());
    assert_eq!(
        found.len(),
        3,
        "each name of the group is in it: {found:#?}"
    );
    assert!(
        found.iter().all(|line| line.contains("same file as")),
        "{found:#?}"
    );
}

#[test]
fn a_filled_hole_is_reported() {
    let (_folder, left, right) = two_equal_trees();
    let path = right.join("holes.img");
    let bytes = fs::read(&path).unwrap();
    right.file("holes.img", bytes);
    let found = Comparison::default()
        .without(Aspect::Modified)
        .compare(left.path(), right.path());
    assert_eq!(found.len(), 1, "{found:#?}");
    assert!(found[0].contains("data at"), "{found:#?}");
}

#[test]
fn what_is_left_out_is_not_compared() {
    let (_folder, left, right) = two_equal_trees();
    right
        .mode("secret", 0o600)
        .file("deep/new", "x")
        .modified("deep", 0, 0);
    let comparison = Comparison::default()
        .without(Aspect::Mode)
        .without(Aspect::Modified)
        .ignoring("deep/new");
    assert_eq!(comparison.compare(left.path(), right.path()), [""; 0]);
}
