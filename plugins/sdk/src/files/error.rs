//! What a file error means to a person and to the host.

use crate::Failure;
use crate::files::Error;

impl Error {
    /// In words, to follow a path and a colon.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::NotFound => "does not exist".to_owned(),
            Self::Exists => "exists already".to_owned(),
            Self::NotADirectory => "is not a directory".to_owned(),
            Self::IsADirectory => "is a directory".to_owned(),
            Self::NotEmpty => "is not empty".to_owned(),
            Self::Permission => "permission denied".to_owned(),
            Self::ReadOnly => "was granted for reading only".to_owned(),
            Self::Refused(why) => format!("refused: {why}"),
            Self::Full => "the disk or its quota is full".to_owned(),
            Self::CrossDevice => "is on another device".to_owned(),
            Self::TooManyLinks => "has too many links".to_owned(),
            Self::Database(why) => {
                format!("the SQLite database could not be copied consistently: {why}")
            }
            Self::Other(why) => why.clone(),
        }
    }

    /// The failure of a call that cannot go on after this error at `place`.
    #[must_use]
    pub fn at(&self, place: impl AsRef<[u8]>) -> Failure {
        let detail = format!(
            "{}: {}",
            String::from_utf8_lossy(place.as_ref()),
            self.words()
        );
        match self {
            Self::NotFound => Failure::NotFound(detail),
            Self::Permission | Self::ReadOnly => Failure::Denied(detail),
            Self::Full => Failure::Quota(detail),
            Self::Exists | Self::NotEmpty => Failure::Conflict(detail),
            Self::Refused(_) => Failure::Invalid(detail),
            Self::NotADirectory
            | Self::IsADirectory
            | Self::CrossDevice
            | Self::TooManyLinks
            | Self::Database(_)
            | Self::Other(_) => Failure::Other(detail),
        }
    }
}
