//! Exports as they grow, and what an auditor reads in them.

use super::super::key::open_checkpoint;
use super::*;
use crate::audit::{AuditError, verify_export};

#[test]
fn an_export_of_any_size_is_verified_from_its_files() {
    let log = Log::new(600);
    for size in [0, 1, 2, 255, 256, 257, 511, 512, 513, 600] {
        let export = log.exported(size);
        let verified = log.verify(export.path()).unwrap();
        let last = (size > 0).then(|| Timestamp::from_second(1_000 + size as i64 - 1).unwrap());
        assert_eq!(
            (verified.size, verified.root, verified.last_entry_at),
            (size, log.state(size).root, last)
        );
        assert!(log.key.verifier().starts_with(&verified.origin));
    }
}

#[test]
fn an_export_grows_over_an_older_one_and_leaves_nothing_outgrown() {
    let log = Log::new(600);
    let export = tempfile::tempdir().unwrap();
    for size in [0, 1, 200, 256, 257, 300, 600] {
        log.export(export.path(), size).unwrap();
        assert_eq!(log.verify(export.path()).unwrap().size, size);
        assert_eq!(
            contents(export.path()),
            contents(log.exported(size).path()),
            "{size}"
        );
    }
    // Full tiles and bundles that lay there already are not written again.
    assert_eq!(log.export(export.path(), 600).unwrap().written, 1);
}

#[test]
fn an_export_that_was_interrupted_is_completed_by_the_next() {
    let log = Log::new(600);
    let export = log.exported(300);
    let mut interrupted = Exporter::begin(export.path(), log.state(500)).unwrap();
    interrupted.append(&log.entries[..500]).unwrap();
    drop(interrupted);
    log.export(export.path(), 600).unwrap();
    assert_eq!(log.verify(export.path()).unwrap().size, 600);
}

#[test]
fn an_export_goes_into_an_empty_folder_or_over_its_own_past() {
    let refused =
        |log: &Log, folder: &Path, size| log.export(folder, size).unwrap_err().to_string();
    let log = Log::new(300);
    let other = tempfile::tempdir().unwrap();
    fs::write(other.path().join("notes.txt"), "mine").unwrap();
    assert!(refused(&log, other.path(), 300).contains("no older export"));
    assert_eq!(contents(other.path()).len(), 1);
    let foreign = Log::new(10).exported(10);
    assert!(refused(&log, foreign.path(), 300).contains("not signed by"));
    let longer = log.exported(300);
    assert!(refused(&log, longer.path(), 299).contains("entries are missing"));
    // The same key, another history: as after restoring an old copy of the ledger and going on with it.
    let mut forked = Log {
        folder: tempfile::tempdir().unwrap(),
        key: AuditKey::read(log.folder.path()).unwrap().unwrap(),
        entries: log.entries.clone(),
    };
    forked.entries.swap(3, 4);
    let past = log.exported(200);
    assert!(refused(&forked, past.path(), 300).contains("was changed"));
    let past = log.exported(200);
    fs::remove_dir_all(past.path().join("tile")).unwrap();
    assert!(refused(&forked, past.path(), 300).contains("history was changed"));
}

#[test]
fn entries_that_do_not_add_up_to_the_signed_tree_are_not_exported() {
    let log = Log::new(10);
    for wrong in [&log.entries[..9], &log.entries[1..]] {
        let export = tempfile::tempdir().unwrap();
        let mut exporter = Exporter::begin(export.path(), log.state(10)).unwrap();
        exporter.append(wrong).unwrap();
        assert!(matches!(
            exporter.finish(),
            Err(LedgerError::Corrupt { .. })
        ));
        assert!(!export.path().join(CHECKPOINT).exists());
    }
}

#[test]
fn an_export_contains_an_earlier_checkpoint_or_was_cut_or_forked() {
    let log = Log::new(600);
    let verify =
        |folder: &Path, earlier: &str| verify_export(folder, &log.key.verifier(), Some(earlier));
    let export = log.exported(300);
    for size in [0, 1, 128, 255, 256, 257, 299, 300] {
        assert_eq!(
            verify(export.path(), &log.state(size).checkpoint)
                .unwrap()
                .size,
            300,
            "{size}"
        );
    }
    for size in [301, 600] {
        let error = verify(export.path(), &log.state(size).checkpoint).unwrap_err();
        assert!(
            matches!(error, AuditError::Truncated { size: 300, earlier } if earlier == size),
            "{error}"
        );
    }
    let mut forked = Log {
        folder: tempfile::tempdir().unwrap(),
        key: AuditKey::read(log.folder.path()).unwrap().unwrap(),
        entries: log.entries.clone(),
    };
    forked.entries[100] = forked.entries[99].clone();
    for size in [101, 256, 300] {
        let error = verify(export.path(), &forked.state(size).checkpoint).unwrap_err();
        assert!(
            matches!(error, AuditError::Forked { earlier } if earlier == size),
            "{error}"
        );
    }
    verify(export.path(), &forked.state(100).checkpoint).unwrap();
    let nothing = log
        .key
        .checkpoint(
            0,
            open_checkpoint(log.state(1).checkpoint.as_bytes(), &log.key.verifier())
                .unwrap()
                .root,
        )
        .unwrap();
    assert!(matches!(
        verify(export.path(), &nothing),
        Err(AuditError::Forked { earlier: 0 })
    ));
    let foreign = Log::new(5).state(5).checkpoint;
    assert!(matches!(
        verify(export.path(), &foreign),
        Err(AuditError::Earlier { .. })
    ));
    assert!(matches!(
        verify(export.path(), ""),
        Err(AuditError::Earlier { .. })
    ));
}

#[test]
fn an_entry_that_was_signed_but_lies_about_its_place_is_found() {
    let mut log = Log::new(5);
    log.entries[3] = log.entries[2].clone();
    let error = log.verify(log.exported(5).path()).unwrap_err();
    assert!(
        matches!(error, AuditError::Strange { entry: 3, .. }),
        "{error}"
    );
    log.entries[3] = b"{}".to_vec();
    let error = log.verify(log.exported(5).path()).unwrap_err();
    assert!(
        matches!(error, AuditError::Strange { entry: 3, .. }),
        "{error}"
    );
}
