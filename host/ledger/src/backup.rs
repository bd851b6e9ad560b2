//! SQLite's online backup, which sqlx does not wrap: the only unsafe code of the ledger.
//!
//! Owns: four calls of SQLite's C interface. Never: a connection's life; both are lent by sqlx, locked.
//! Read next: `database_copy`.

#![expect(
    unsafe_code,
    reason = "SQLite's backup API is C; sqlx lends the handles but does not wrap it"
)]

use std::ffi::c_int;

use libsqlite3_sys::{
    SQLITE_DONE, SQLITE_NOMEM, sqlite3_backup_finish, sqlite3_backup_init, sqlite3_backup_step,
    sqlite3_extended_errcode,
};
use sqlx::sqlite::LockedSqliteHandle;

/// Copies every page of the source's main database into the destination's, within the read transaction that the source
/// connection holds. On failure SQLite's result code.
pub(crate) fn copy_pages(
    source: &mut LockedSqliteHandle<'_>,
    destination: &mut LockedSqliteHandle<'_>,
) -> Result<(), c_int> {
    const ALL_PAGES: c_int = -1;
    let from = source.as_raw_handle().as_ptr();
    let to = destination.as_raw_handle().as_ptr();
    // SAFETY: both pointers are open connections. Their guards live until this function returns and are held
    // exclusively, so no other thread uses either connection meanwhile. The names are NUL-terminated and static.
    let backup = unsafe { sqlite3_backup_init(to, c"main".as_ptr(), from, c"main".as_ptr()) };
    if backup.is_null() {
        // SAFETY: `to` is an open connection, see above; SQLite leaves the reason there.
        return Err(unsafe { sqlite3_extended_errcode(to) });
    }
    // SAFETY: `backup` came from `sqlite3_backup_init`, is not null and was not finished.
    let stepped = unsafe { sqlite3_backup_step(backup, ALL_PAGES) };
    // SAFETY: as above; this is the one call that ends it, and `backup` is not used after it.
    let finished = unsafe { sqlite3_backup_finish(backup) };
    match (stepped, finished) {
        (SQLITE_DONE, 0) => Ok(()),
        // Between pages and no error, yet not done: cannot be when all pages were asked for.
        (0, 0) => Err(SQLITE_NOMEM),
        (SQLITE_DONE | 0, code) | (code, _) => Err(code),
    }
}
