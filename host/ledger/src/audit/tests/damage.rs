//! Exports that someone changed: every change is found.

use super::super::files::{pop_entry, push_entry};
use super::super::tree::TileCutter;
use super::*;
use crate::audit::AuditError;
use tlog_tiles::record_hash;

/// Writes one file, verifies, puts it back.
fn with(
    log: &Log,
    folder: &Path,
    name: &str,
    bytes: &[u8],
) -> Result<super::super::Verified, AuditError> {
    let path = folder.join(name);
    let before = fs::read(&path).unwrap();
    fs::write(&path, bytes).unwrap();
    let verified = log.verify(folder);
    fs::write(&path, before).unwrap();
    verified
}

/// Changes one byte in place, verifies, puts it back.
fn with_byte(
    log: &Log,
    folder: &Path,
    name: &str,
    at: usize,
    bytes: (u8, u8),
) -> Result<super::super::Verified, AuditError> {
    use std::os::unix::fs::FileExt;
    let file = fs::OpenOptions::new()
        .write(true)
        .open(folder.join(name))
        .unwrap();
    file.write_all_at(&[bytes.1], at as u64).unwrap();
    let verified = log.verify(folder);
    file.write_all_at(&[bytes.0], at as u64).unwrap();
    verified
}

/// The file that an error points at.
fn named(error: &AuditError) -> String {
    match error {
        AuditError::Unreadable { file, .. }
        | AuditError::Missing { file }
        | AuditError::Unexpected { file }
        | AuditError::Damaged { file, .. }
        | AuditError::Strange { file, .. } => file.clone(),
        AuditError::Entry { file, tile, .. } => format!("{file} or {tile}"),
        AuditError::Checkpoint { .. } => CHECKPOINT.to_owned(),
        AuditError::Root { .. }
        | AuditError::Truncated { .. }
        | AuditError::Forked { .. }
        | AuditError::Earlier { .. } => String::new(),
    }
}

#[test]
fn any_flipped_bit_in_an_export_is_found() {
    let log = Log::new(5);
    let export = log.exported(5);
    let mut flips = 0;
    for (name, bytes) in contents(export.path()) {
        for (index, byte) in bytes.iter().copied().enumerate() {
            for bit in 0..8 {
                let flipped = (byte, byte ^ 1 << bit);
                let verified = with_byte(&log, export.path(), &name, index, flipped);
                let error = verified.expect_err(&format!("{name}: bit {bit} of byte {index}"));
                assert!(named(&error).contains(&name), "{name}: {error}");
                flips += 1;
            }
        }
    }
    assert!(flips > 5_000, "{flips}");
    log.verify(export.path()).unwrap();
}

#[test]
fn a_changed_byte_anywhere_in_a_larger_export_is_found() {
    let log = Log::new(600);
    let export = log.exported(600);
    for (name, bytes) in contents(export.path()) {
        // Every byte of the small files, every 97th of the large ones: all entries and hashes are met.
        let step = if bytes.len() < 2_000 { 1 } else { 97 };
        for index in (0..bytes.len()).step_by(step) {
            let changed = (bytes[index], bytes[index].wrapping_add(1));
            let verified = with_byte(&log, export.path(), &name, index, changed);
            let error = verified.expect_err(&format!("{name}: byte {index}"));
            assert!(named(&error).contains(&name), "{name}: {error}");
        }
    }
    log.verify(export.path()).unwrap();
}

#[test]
fn every_file_of_an_export_is_missed() {
    let log = Log::new(600);
    let export = log.exported(600);
    for (name, bytes) in contents(export.path()) {
        let path = export.path().join(&name);
        fs::remove_file(&path).unwrap();
        let error = log.verify(export.path()).unwrap_err();
        assert!(
            matches!(&error, AuditError::Missing { file } if *file == name),
            "{name}: {error}"
        );
        fs::write(&path, bytes).unwrap();
    }
    log.verify(export.path()).unwrap();
}

#[test]
fn every_truncated_or_lengthened_file_is_found() {
    let log = Log::new(300);
    let export = log.exported(300);
    for (name, bytes) in contents(export.path()) {
        for cut in [
            0,
            1,
            bytes.len() / 2,
            bytes.len() - 32.min(bytes.len()),
            bytes.len() - 1,
        ] {
            let error = with(&log, export.path(), &name, &bytes[..cut])
                .expect_err(&format!("{name} cut to {cut}"));
            assert!(named(&error).contains(&name), "{name}: {error}");
        }
        for more in [vec![0], vec![b'\n'], vec![0, 0], vec![0; 32], bytes.clone()] {
            let longer = [bytes.clone(), more].concat();
            let error =
                with(&log, export.path(), &name, &longer).expect_err(&format!("{name} lengthened"));
            assert!(named(&error).contains(&name), "{name}: {error}");
        }
    }
    log.verify(export.path()).unwrap();
}

fn split(bundle: &[u8]) -> Vec<Vec<u8>> {
    let mut rest = bundle;
    std::iter::from_fn(|| pop_entry(&mut rest).map(<[u8]>::to_vec)).collect()
}

fn join(entries: &[Vec<u8>]) -> Vec<u8> {
    let mut bundle = Vec::new();
    entries
        .iter()
        .for_each(|entry| push_entry(&mut bundle, entry));
    bundle
}

#[test]
fn a_swapped_removed_inserted_or_appended_entry_is_found_and_named() {
    let log = Log::new(300);
    let export = log.exported(300);
    let bundle = "tile/entries/001.p/44";
    let entries = split(&fs::read(export.path().join(bundle)).unwrap());
    let changed = |change: &dyn Fn(&mut Vec<Vec<u8>>)| {
        let mut changed = entries.clone();
        change(&mut changed);
        with(&log, export.path(), bundle, &join(&changed)).unwrap_err()
    };
    let swapped = changed(&|entries| entries.swap(7, 20));
    assert!(
        matches!(swapped, AuditError::Entry { entry: 263, .. }),
        "{swapped}"
    );
    assert_eq!(
        swapped.to_string(),
        "entry 263 in `tile/entries/001.p/44` does not match its hash in `tile/0/001.p/44`: one of the two was changed"
    );
    let removed = changed(&|entries| drop(entries.remove(7)));
    assert!(
        matches!(removed, AuditError::Entry { entry: 263, .. }),
        "{removed}"
    );
    let last = changed(&|entries| drop(entries.pop()));
    assert!(
        matches!(last, AuditError::Damaged { .. }) && last.to_string().contains("inside entry 299"),
        "{last}"
    );
    let inserted = changed(&|entries| entries.insert(7, entries[7].clone()));
    assert!(
        matches!(inserted, AuditError::Entry { entry: 264, .. }),
        "{inserted}"
    );
    let appended = changed(&|entries| entries.push(entries[43].clone()));
    assert!(
        matches!(appended, AuditError::Damaged { .. })
            && appended.to_string().contains("follow its last entry, 299"),
        "{appended}"
    );
}

/// Rewrites an export as if its entries were these, checkpoint excepted: what someone without the key can do.
fn forge(folder: &Path, entries: &[Vec<u8>]) {
    fs::remove_dir_all(folder.join("tile")).unwrap();
    let mut cutter = TileCutter::default();
    let mut tiles: Vec<_> = entries
        .iter()
        .flat_map(|entry| cutter.append(record_hash(entry)))
        .collect();
    tiles.extend(cutter.finish());
    for (index, bundle) in entries.chunks(256).enumerate() {
        let path = super::super::tree::bundle_path(index as u64, bundle.len());
        super::super::files::write(folder, &path, &join(bundle)).unwrap();
    }
    for tile in tiles {
        super::super::files::write(folder, &tile.path, &tile.bytes).unwrap();
    }
}

#[test]
fn a_history_forged_with_its_whole_tree_is_found() {
    let log = Log::new(301);
    let export = log.exported(300);
    let mut entries = log.entries[..300].to_vec();
    forge(export.path(), &entries);
    log.verify(export.path()).unwrap();
    entries[42] = String::from_utf8(entries[42].clone())
        .unwrap()
        .replace("294", "295")
        .into_bytes();
    forge(export.path(), &entries);
    let error = log.verify(export.path()).unwrap_err();
    assert!(matches!(error, AuditError::Root { size: 300 }), "{error}");
    // Shorter or longer than what is signed.
    forge(export.path(), &log.entries[..299]);
    assert!(matches!(
        log.verify(export.path()).unwrap_err(),
        AuditError::Unexpected { .. }
    ));
    forge(export.path(), &log.entries);
    assert!(matches!(
        log.verify(export.path()).unwrap_err(),
        AuditError::Unexpected { .. }
    ));
}

#[test]
fn tiles_above_the_leaves_are_checked_too() {
    let log = Log::new(600);
    let export = log.exported(600);
    let name = "tile/1/000.p/2";
    let mut bytes = fs::read(export.path().join(name)).unwrap();
    bytes[40] ^= 1;
    let error = with(&log, export.path(), name, &bytes).unwrap_err();
    assert_eq!(
        error.to_string(),
        "`tile/1/000.p/2` is damaged: hash 1 does not match the tiles below it"
    );
}

#[test]
fn whatever_is_not_part_of_the_tree_is_named() {
    let log = Log::new(300);
    let export = log.exported(300);
    for extra in [
        "notes.txt",
        "tile/notes",
        "tile/0/002",
        "tile/0/000.p/7",
        "tile/0/001.p/43",
        "tile/2/000.p/1",
        "tile/entries/002",
        "checkpoint.new",
        "x/y",
    ] {
        let export = log.exported(300);
        let path = export.path().join(extra);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, "x").unwrap();
        let error = log.verify(export.path()).unwrap_err();
        assert!(
            matches!(&error, AuditError::Unexpected { file } if extra.starts_with(file.as_str())),
            "{extra}: {error}"
        );
    }
    fs::create_dir(export.path().join("empty")).unwrap();
    assert!(
        matches!(log.verify(export.path()).unwrap_err(), AuditError::Unexpected { file } if file == "empty/")
    );
    fs::remove_dir(export.path().join("empty")).unwrap();
    // A link is no file, wherever it leads.
    let tile = export.path().join("tile/0/000");
    fs::rename(&tile, log.folder.path().join("elsewhere")).unwrap();
    std::os::unix::fs::symlink(log.folder.path().join("elsewhere"), &tile).unwrap();
    assert!(
        matches!(log.verify(export.path()).unwrap_err(), AuditError::Unexpected { file } if file == "tile/0/000")
    );
}

#[test]
fn the_wrong_key_and_a_checkpoint_of_another_log_prove_nothing() {
    let (log, other) = (Log::new(10), Log::new(10));
    let export = log.exported(10);
    let error =
        super::super::verify_export(export.path(), &other.key.verifier(), None).unwrap_err();
    assert!(
        matches!(&error, AuditError::Checkpoint { .. })
            && error.to_string().contains("not signed by the given key"),
        "{error}"
    );
    let foreign = with(
        &log,
        export.path(),
        CHECKPOINT,
        other.state(10).checkpoint.as_bytes(),
    )
    .unwrap_err();
    assert!(
        matches!(foreign, AuditError::Checkpoint { .. }),
        "{foreign}"
    );
    // Right key, right size, another tree.
    let mut forked = Log::new(0);
    forked.key = AuditKey::read(log.folder.path()).unwrap().unwrap();
    forked.entries = log.entries.iter().rev().cloned().collect();
    let error = with(
        &log,
        export.path(),
        CHECKPOINT,
        forked.state(10).checkpoint.as_bytes(),
    )
    .unwrap_err();
    assert!(matches!(error, AuditError::Root { size: 10 }), "{error}");
}
