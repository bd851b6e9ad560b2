//! Builds folders with everything that makes an image hard: odd names, links, holes, modes, times, attributes.

use std::ffi::OsStr;
use std::fs::{self, File, Permissions};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, CWD, FileType, Gid, Mode, Timespec, Timestamps, Uid, XattrFlags};

/// A folder that is being filled; every step takes paths relative to it and makes missing parents.
#[derive(Debug, Clone)]
pub struct Tree {
    folder: PathBuf,
}

impl Tree {
    /// Begins at this folder, which is made if it does not exist.
    ///
    /// # Panics
    /// When it cannot be made. So do all the steps, each naming its path.
    #[must_use]
    #[track_caller]
    pub fn at(folder: &Path) -> Self {
        done(folder, fs::create_dir_all(folder));
        Self {
            folder: folder.to_owned(),
        }
    }

    /// The folder itself.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.folder
    }

    /// The absolute path of something inside.
    #[must_use]
    pub fn join(&self, path: impl AsRef<Path>) -> PathBuf {
        self.folder.join(path)
    }

    /// A file with these bytes; replaces what is there.
    #[track_caller]
    pub fn file(&self, path: impl AsRef<Path>, bytes: impl AsRef<[u8]>) -> &Self {
        let path = self.place(path);
        done(&path, fs::write(&path, bytes));
        self
    }

    /// A file of this size with data only at these offsets; the rest are holes.
    #[track_caller]
    pub fn sparse(&self, path: impl AsRef<Path>, size: u64, data: &[(u64, &[u8])]) -> &Self {
        let path = self.place(path);
        let write = || -> io::Result<()> {
            let file = File::create(&path)?;
            file.set_len(size)?;
            for (offset, bytes) in data {
                file.write_all_at(bytes, *offset)?;
            }
            file.sync_all()
        };
        done(&path, write());
        self
    }

    /// An empty folder.
    #[track_caller]
    pub fn folder(&self, path: impl AsRef<Path>) -> &Self {
        let path = self.place(path);
        done(&path, fs::create_dir_all(&path));
        self
    }

    /// A second name of a file.
    #[track_caller]
    pub fn link(&self, existing: impl AsRef<Path>, new: impl AsRef<Path>) -> &Self {
        let new = self.place(new);
        done(&new, fs::hard_link(self.join(existing), &new));
        self
    }

    /// A symbolic link with this text, which need not lead anywhere.
    #[track_caller]
    pub fn symlink(&self, path: impl AsRef<Path>, target: impl AsRef<Path>) -> &Self {
        let path = self.place(path);
        done(&path, symlink(target, &path));
        self
    }

    /// A FIFO: something that is neither file, folder nor link.
    #[track_caller]
    pub fn fifo(&self, path: impl AsRef<Path>) -> &Self {
        let path = self.place(path);
        done(
            &path,
            rustix::fs::mknodat(CWD, &path, FileType::Fifo, Mode::from(0o600), 0)
                .map_err(io::Error::from),
        );
        self
    }

    /// Permission bits, also set-id and sticky.
    #[track_caller]
    pub fn mode(&self, path: impl AsRef<Path>, mode: u32) -> &Self {
        let path = self.join(path);
        done(
            &path,
            fs::set_permissions(&path, Permissions::from_mode(mode)),
        );
        self
    }

    /// Owner and group; needs root.
    #[track_caller]
    pub fn owner(&self, path: impl AsRef<Path>, uid: u32, gid: u32) -> &Self {
        let path = self.join(path);
        let (uid, gid) = (Uid::from_raw(uid), Gid::from_raw(gid));
        let owned =
            rustix::fs::chownat(CWD, &path, Some(uid), Some(gid), AtFlags::SYMLINK_NOFOLLOW);
        done(&path, owned.map_err(io::Error::from));
        self
    }

    /// Time of the last change, also of a symbolic link itself.
    #[track_caller]
    pub fn modified(&self, path: impl AsRef<Path>, seconds: i64, nanoseconds: u32) -> &Self {
        let path = self.join(path);
        let time = Timespec {
            tv_sec: seconds,
            tv_nsec: nanoseconds.into(),
        };
        let times = Timestamps {
            last_access: time,
            last_modification: time,
        };
        let set = rustix::fs::utimensat(CWD, &path, &times, AtFlags::SYMLINK_NOFOLLOW);
        done(&path, set.map_err(io::Error::from));
        self
    }

    /// An extended attribute, named with its namespace (`user.…`).
    #[track_caller]
    pub fn attribute(&self, path: impl AsRef<Path>, name: &str, value: &[u8]) -> &Self {
        let path = self.join(path);
        done(
            &path,
            rustix::fs::lsetxattr(&path, name, value, XattrFlags::empty()).map_err(io::Error::from),
        );
        self
    }

    /// Removes a file, a link or a folder with everything beneath it.
    #[track_caller]
    pub fn remove(&self, path: impl AsRef<Path>) -> &Self {
        let path = self.join(path);
        let folder = path
            .symlink_metadata()
            .is_ok_and(|metadata| metadata.is_dir());
        done(
            &path,
            if folder {
                fs::remove_dir_all(&path)
            } else {
                fs::remove_file(&path)
            },
        );
        self
    }

    /// One of everything: what every snapshot must bring back exactly.
    #[track_caller]
    pub fn one_of_everything(&self) -> &Self {
        self.file("plain.txt", "plain\n")
            .file("empty", "")
            .file("deep/er/and/deeper/still.txt", "deep\n")
            .file(
                "binary.bin",
                (0..100_000_u32)
                    .flat_map(u32::to_le_bytes)
                    .collect::<Vec<u8>>(),
            )
            .file(
                "spaces, 'quotes', \"double\", $dollar, `tick`, * and \\ back.txt",
                "odd\n",
            )
            .file("-rf", "a name that looks like an option\n")
            .file("ümläute-\u{1F4E6}-\u{202E}rtl.txt", "unicode\n")
            .file(OsStr::from_bytes(b"not utf-8 \xff\xfe\x80"), "bytes\n")
            .file("n".repeat(255), "the longest name\n")
            .file("script.sh", "#!/bin/sh\n")
            .mode("script.sh", 0o750)
            .file("secret", "for the owner\n")
            .mode("secret", 0o400)
            .folder("empty folder")
            .folder("shared")
            .mode("shared", 0o1777)
            .link("plain.txt", "deep/the same plain.txt")
            .link("plain.txt", "also the same plain.txt")
            .symlink("pointer", "plain.txt")
            .symlink("pointer to a folder", "deep/er")
            .symlink("pointer to nowhere", "/no/such/place")
            .sparse(
                "holes.img",
                8 << 20,
                &[(0, b"begin"), (3 << 20, b"middle"), ((8 << 20) - 3, b"end")],
            )
            .sparse("only a hole", 1 << 20, &[])
            .attribute("plain.txt", "user.colour", b"blue\0\xff")
            .attribute("deep", "user.kept", b"on a folder")
            .modified("pointer", 1_000_000_000, 5)
            .modified("binary.bin", 946_684_800, 123_456_789)
            .modified("deep/er/and", 1_234_567_890, 987_654_321)
            .modified("deep/er", -1, 500_000_000)
    }

    /// A Maildir with a message in each state.
    #[track_caller]
    pub fn maildir(&self, path: impl AsRef<Path>) -> &Self {
        let mail = path.as_ref();
        self.folder(mail.join("tmp"))
            .file(
                mail.join("cur/1000.M1P1.host:2,RS"),
                "From: a@example.org\nSubject: read and answered\n\nYes.\n",
            )
            .file(
                mail.join("new/1001.M2P1.host"),
                "From: b@example.org\nSubject: new\n\nHello.\n",
            )
    }

    #[track_caller]
    fn place(&self, path: impl AsRef<Path>) -> PathBuf {
        let path = self.join(path);
        if let Some(parent) = path.parent() {
            done(parent, fs::create_dir_all(parent));
        }
        path
    }
}

#[track_caller]
fn done<T>(path: &Path, result: io::Result<T>) -> T {
    result.unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
