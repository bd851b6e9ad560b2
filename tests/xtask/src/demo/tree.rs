//! The files of two tenants: small, but with everything that makes an image hard.

use std::ffi::OsStr;
use std::fs::{self, File, Permissions};
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileExt, PermissionsExt, symlink};
use std::path::Path;

use crate::run::{self, Done, at};

/// The file that the story damages and the one that it deletes; both must exist in every made tree.
pub(crate) const TO_DAMAGE: &str = "documents/contract.txt";
pub(crate) const TO_DELETE: &str = "documents/photo.bin";

const SPARSE_BYTES: u64 = 64 << 20;

/// Makes the tree of one tenant.
pub(crate) fn make(folder: &Path, tenant: &str) -> Done {
    for inner in [
        "documents",
        "empty folder",
        "mail/cur",
        "mail/new",
        "mail/tmp",
    ] {
        let path = folder.join(inner);
        fs::create_dir_all(&path).map_err(at(&path))?;
    }
    let text =
        format!("Contract with {tenant}.\nA snapshot every day at 03:00, five days are kept.\n");
    write(&folder.join(TO_DAMAGE), text.as_bytes())?;
    write(
        &folder.join(TO_DELETE),
        &noise(300_000, tenant.len() as u64),
    )?;
    write(
        &folder.join("documents/odd name: 'quotes', ümläute, \u{1F4E6} and  spaces.txt"),
        b"odd\n",
    )?;
    write(
        &folder
            .join("documents")
            .join(OsStr::from_bytes(b"not utf-8 \xff\xfe.txt")),
        b"bytes\n",
    )?;

    let script = folder.join("run.sh");
    write(&script, b"#!/bin/sh\necho hello\n")?;
    fs::set_permissions(&script, Permissions::from_mode(0o750)).map_err(at(&script))?;
    let twin = folder.join("documents/contract (same file).txt");
    fs::hard_link(folder.join(TO_DAMAGE), &twin).map_err(at(&twin))?;
    let pointer = folder.join("newest document");
    symlink(TO_DAMAGE, &pointer).map_err(at(&pointer))?;

    let disk = folder.join("disk.img");
    let sparse = File::create(&disk).map_err(at(&disk))?;
    sparse.set_len(SPARSE_BYTES).map_err(at(&disk))?;
    sparse
        .write_all_at(b"a little at the start", 0)
        .map_err(at(&disk))?;
    sparse
        .write_all_at(b"and a little at the end", SPARSE_BYTES - 4096)
        .map_err(at(&disk))?;

    deliver(folder, tenant, "1000.1.example:2,S", "cur")?;
    deliver(folder, tenant, "1001.1.example", "new")?;
    if run::exists("sqlite3") {
        sql(
            folder,
            "CREATE TABLE visits(day TEXT PRIMARY KEY, people INTEGER); INSERT INTO visits VALUES('start', 0);",
        )
    } else {
        println!("(no sqlite3 here: the tree gets no database)");
        Ok(())
    }
}

/// What happens on one day: something new, something changed, something gone, mail, a row.
pub(crate) fn live(folder: &Path, tenant: &str, number: u64, date: &str) -> Done {
    write(
        &folder.join(format!("documents/report {date}.txt")),
        format!("Day {number}: all is well.\n").as_bytes(),
    )?;
    let journal = folder.join("documents/journal.txt");
    let mut file = File::options()
        .append(true)
        .create(true)
        .open(&journal)
        .map_err(at(&journal))?;
    writeln!(file, "{date}: day {number}").map_err(at(&journal))?;
    let scratch = folder.join(format!("scratch {number}.tmp"));
    write(&scratch, &noise(20_000, number))?;
    if let Some(before) = number.checked_sub(1) {
        let gone = folder.join(format!("scratch {before}.tmp"));
        if gone.exists() {
            fs::remove_file(&gone).map_err(at(&gone))?;
        }
    }
    deliver(
        folder,
        tenant,
        &format!("{}.1.example", 2000 + number),
        "new",
    )?;
    if folder.join("visits.sqlite").exists() {
        sql(
            folder,
            &format!("INSERT INTO visits VALUES('{date}', {});", number * 7),
        )?;
    }
    Ok(())
}

/// The only trace that a day leaves in a copy of somebody's own folder.
pub(crate) fn live_in_a_copy(folder: &Path, number: u64, date: &str) -> Done {
    write(
        &folder.join(format!("strongroom-demo-day-{number}.txt")),
        format!("{date}\n").as_bytes(),
    )
}

fn deliver(folder: &Path, tenant: &str, name: &str, state: &str) -> Done {
    let text = format!(
        "From: somebody@example.org\nTo: office@{tenant}.example\nSubject: Message {name}\n\nGood morning, {tenant}.\n"
    );
    write(&folder.join("mail").join(state).join(name), text.as_bytes())
}

fn sql(folder: &Path, statements: &str) -> Done {
    run::read(
        run::program("sqlite3")
            .arg(folder.join("visits.sqlite"))
            .arg(statements),
    )
    .map(|_| ())
}

fn write(path: &Path, bytes: &[u8]) -> Done {
    fs::write(path, bytes).map_err(at(path))
}

/// Bytes without a pattern that a file system could compress, the same on every run (xorshift).
fn noise(length: usize, seed: u64) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    };
    let mut bytes = Vec::with_capacity(length + 8);
    while bytes.len() < length {
        bytes.extend_from_slice(&next());
    }
    bytes.truncate(length);
    bytes
}
