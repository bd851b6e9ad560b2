//! `cargo xtask demo`: the whole product on real files, on days that pass in seconds.
//!
//! Owns: the story and the folder `target/demo`. Never touches a `--source` folder: it is copied first.
//! Read next: `story` (what happens in which order), `tree` (the files), `place` (the folder), `days`.

mod compare;
mod days;
mod place;
mod story;
mod tree;

use std::path::PathBuf;

use crate::run::{Done, Stop};
use crate::{plugins, workspace};

/// What a person may choose.
#[derive(Debug, Default)]
pub(crate) struct Options {
    /// A folder of the person's own to take snapshots of, instead of a small made one.
    source: Option<PathBuf>,
    /// Set an earlier demo aside instead of removing it.
    keep: bool,
}

impl Options {
    /// Reads the arguments after `demo`.
    pub(crate) fn parse(arguments: &[String]) -> Done<Self> {
        let mut options = Self::default();
        let mut rest = arguments.iter();
        while let Some(argument) = rest.next() {
            match argument.as_str() {
                "--keep" => options.keep = true,
                "--source" => match rest.next() {
                    Some(folder) => options.source = Some(PathBuf::from(folder)),
                    None => return Err(Stop::usage("`--source` needs a folder.")),
                },
                other => return Err(Stop::usage(&format!("`demo` knows nothing of `{other}`."))),
            }
        }
        match &options.source {
            Some(folder) if !folder.is_dir() => Err(Stop::usage(&format!(
                "`--source {}`: there is no such folder.",
                folder.display()
            ))),
            _ => Ok(options),
        }
    }
}

/// Builds what is needed and tells the story.
pub(crate) fn tell(options: &Options) -> Done {
    println!("Building (the first time takes some minutes) …");
    plugins::build_one("local-snapshot")?;
    let strongroom = workspace::strongroom()?;
    let place = place::prepare(options.keep)?;
    story::tell(options.source.as_deref(), &strongroom, &place)
}
