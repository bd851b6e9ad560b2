//! Translates the operating system's answers into the errors of `wit/files.wit`.
//!
//! Owns: which errno means what. Never: decides whether to try again.
//! Read next: `trees`, where paths are resolved.

use rustix::io::Errno;
use strongroom_sandbox::capability::files::FileError;

/// What every function here returns.
pub(super) type Answer<T> = Result<T, FileError>;

/// Translates the answer to an ordinary call on a resolved handle.
pub(super) fn failure(errno: Errno) -> FileError {
    match errno {
        Errno::NOENT => FileError::NotFound,
        Errno::EXIST => FileError::Exists,
        Errno::NOTDIR => FileError::NotADirectory,
        Errno::ISDIR => FileError::IsADirectory,
        Errno::NOTEMPTY => FileError::NotEmpty,
        Errno::ACCESS | Errno::PERM => FileError::Permission,
        Errno::NOSPC | Errno::DQUOT => FileError::Full,
        Errno::XDEV => FileError::CrossDevice,
        Errno::MLINK => FileError::TooManyLinks,
        Errno::LOOP => refused("it is a symbolic link"),
        Errno::NAMETOOLONG => refused("longer than this file system takes"),
        Errno::ROFS => FileError::Other("the disk is mounted read-only".into()),
        Errno::MFILE | Errno::NFILE => {
            FileError::Other("the host has too many open files: raise its limit (ulimit -n)".into())
        }
        Errno::BUSY => FileError::Other("in use: another file system is mounted here".into()),
        other => FileError::Other(std::io::Error::from(other).to_string()),
    }
}

/// Translates the answer of `openat2`, where some numbers mean that a path tried to leave its tree.
pub(super) fn resolution(errno: Errno) -> FileError {
    match errno {
        Errno::LOOP => refused("leads through a symbolic link"),
        Errno::XDEV => refused("leads onto another file system; a change stays on the tree's own"),
        Errno::NOSYS => {
            FileError::Other("the kernel has no openat2: Linux 5.8 or newer is needed".into())
        }
        other => failure(other),
    }
}

/// A refusal with its reason.
pub(super) fn refused(why: &str) -> FileError {
    FileError::Refused(why.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_answer_that_a_plugin_acts_on_has_its_error() {
        let told = [
            (Errno::MLINK, FileError::TooManyLinks),
            (Errno::XDEV, FileError::CrossDevice),
            (Errno::NOSPC, FileError::Full),
            (Errno::DQUOT, FileError::Full),
            (Errno::PERM, FileError::Permission),
        ];
        for (errno, error) in told {
            assert_eq!(failure(errno), error);
        }
        assert!(matches!(resolution(Errno::XDEV), FileError::Refused(_)));
        assert!(matches!(resolution(Errno::LOOP), FileError::Refused(_)));
        assert_eq!(resolution(Errno::NOENT), FileError::NotFound);
        assert_eq!(
            failure(Errno::IO),
            FileError::Other("Input/output error (os error 5)".into())
        );
    }
}
