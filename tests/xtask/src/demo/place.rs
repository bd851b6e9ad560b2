//! The folder `target/demo`: made fresh, and only ever removed when the demo made it.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::run::{Done, Stop, at};
use crate::workspace;

/// The file that says: made by the demo, may be removed by the demo.
const MARK: &str = ".made-by-the-strongroom-demo";

/// Where the parts of the demo are; `schedules/demo.toml` names `data` and `shelf` as `../target/demo/…`.
#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) data: PathBuf,
    pub(crate) shelf: PathBuf,
    pub(crate) state: PathBuf,
    pub(crate) restored: PathBuf,
    pub(crate) audit: PathBuf,
    pub(crate) tampered: PathBuf,
}

/// Makes an empty `target/demo`; an earlier one is removed, or set aside.
pub(crate) fn prepare(keep: bool) -> Done<Place> {
    let folder = workspace::output().join("demo");
    if folder.symlink_metadata().is_ok() {
        if !folder.join(MARK).is_file() {
            return Err(Stop::because(format!(
                "{} exists and was not made by the demo. Move it away and try again.",
                folder.display()
            )));
        }
        if keep {
            set_aside(&folder)?;
        } else {
            remove(&folder)?;
        }
    }
    let inside = |name: &str| folder.join(name);
    let place = Place {
        data: inside("data"),
        shelf: inside("shelf"),
        state: inside("state"),
        restored: inside("restored"),
        audit: inside("audit"),
        tampered: inside("audit-tampered-with"),
    };
    fs::create_dir_all(&folder).map_err(at(&folder))?;
    fs::write(
        inside(MARK),
        "`cargo xtask demo` removes this folder when it starts again.\n",
    )
    .map_err(at(&folder))?;
    for made in [&place.data, &place.shelf, &place.state] {
        fs::create_dir(made).map_err(at(made))?;
    }
    Ok(place)
}

fn set_aside(folder: &Path) -> Done {
    let free = (1..)
        .map(|number| folder.with_extension(number.to_string()))
        .find(|path| !path.exists());
    let Some(free) = free else { return Ok(()) };
    println!("The earlier demo is now {}.", free.display());
    fs::rename(folder, &free).map_err(at(folder))
}

/// Removes everything; snapshots are read-only, so folders are made writable first.
fn remove(folder: &Path) -> Done {
    make_writable(folder)?;
    fs::remove_dir_all(folder).map_err(at(folder))
}

fn make_writable(folder: &Path) -> Done {
    fs::set_permissions(folder, Permissions::from_mode(0o700)).map_err(at(folder))?;
    for entry in fs::read_dir(folder).map_err(at(folder))? {
        let entry = entry.map_err(at(folder))?;
        if entry.file_type().map_err(at(folder))?.is_dir() {
            make_writable(&entry.path())?;
        }
    }
    Ok(())
}
