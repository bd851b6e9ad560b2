//! A host of a test's own: folders for schedules, plugins, state, data and shelf, and the real binary on them.

use std::ffi::{OsStr, OsString};
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

use crate::{Daemon, Ran, Tree, built, compiled};

/// Everything one host owns; removed when it is dropped.
#[derive(Debug)]
pub struct Host {
    folder: TempDir,
    plugins: PathBuf,
}

impl Host {
    /// Makes the folders in the system's temporary folder; plugins are those of the repository.
    ///
    /// # Panics
    /// When the temporary folder cannot be made or the plugins were not built.
    #[must_use]
    #[track_caller]
    #[expect(
        clippy::new_without_default,
        reason = "it makes folders, which is more than a default"
    )]
    pub fn new() -> Self {
        let host = Self::within(&std::env::temp_dir());
        compiled::lend(&host.cache());
        host
    }

    /// Makes the folders in a temporary folder inside this one, for a test that needs a certain disk.
    ///
    /// # Panics
    /// When the temporary folder cannot be made or the plugins were not built.
    #[must_use]
    #[track_caller]
    pub fn within(parent: &Path) -> Self {
        let folder = tempfile::Builder::new()
            .prefix("strongroom-test-")
            .tempdir_in(parent);
        let folder = folder
            .unwrap_or_else(|error| panic!("a temporary folder in {}: {error}", parent.display()));
        for name in ["schedules", "state", "data", "shelf"] {
            make(&folder.path().join(name));
        }
        Self {
            folder,
            plugins: built::plugins(),
        }
    }

    /// The folder around all the others.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Where schedule files are.
    #[must_use]
    pub fn schedules(&self) -> PathBuf {
        self.folder.path().join("schedules")
    }

    /// Where the ledger is.
    #[must_use]
    pub fn state(&self) -> PathBuf {
        self.folder.path().join("state")
    }

    /// Where compiled plugins are.
    fn cache(&self) -> PathBuf {
        self.state().join("cache")
    }

    /// Where tenants' sources are put.
    #[must_use]
    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// Where snapshots go.
    #[must_use]
    pub fn shelf(&self) -> PathBuf {
        self.folder.path().join("shelf")
    }

    /// Where plugins are.
    #[must_use]
    pub fn plugins(&self) -> &Path {
        &self.plugins
    }

    /// Gives the host a plugin folder of its own, empty at first.
    ///
    /// # Panics
    /// When it cannot be made.
    #[must_use]
    #[track_caller]
    pub fn with_own_plugins(mut self) -> Self {
        self.plugins = self.folder.path().join("plugins");
        make(&self.plugins);
        self
    }

    /// Copies a plugin or guest file into the host's own plugin folder under this name.
    ///
    /// # Panics
    /// When it cannot be copied, or the plugins are those of the repository.
    #[track_caller]
    pub fn install(&self, name: &str, file: &Path) -> PathBuf {
        assert!(
            self.plugins.starts_with(self.folder.path()),
            "call `with_own_plugins` first"
        );
        let destination = self.plugins.join(format!("{name}.wasm"));
        fs::copy(file, &destination).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        destination
    }

    /// Writes a schedule file; `<data>`, `<shelf>` and `<folder>` in the text become this host's paths.
    ///
    /// # Panics
    /// When it cannot be written.
    #[track_caller]
    pub fn schedule(&self, name: &str, text: &str) -> PathBuf {
        let path = self.schedules().join(name);
        let mut text = text.to_owned();
        for (mark, folder) in self.marks() {
            text = text.replace(mark, &folder.to_string_lossy());
        }
        fs::write(&path, text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        path
    }

    /// A builder of files beneath `data/NAME`.
    #[must_use]
    #[track_caller]
    pub fn tree(&self, name: &str) -> Tree {
        Tree::at(&self.data().join(name))
    }

    /// Runs `strongroom` with these arguments on this host until it ends.
    ///
    /// # Panics
    /// When it cannot be started.
    #[must_use]
    #[track_caller]
    pub fn run<S: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = S>) -> Ran {
        self.finish(self.command(arguments))
    }

    /// Runs a command made with [`Host::command`] until it ends.
    ///
    /// # Panics
    /// When it cannot be started.
    #[must_use]
    #[track_caller]
    pub fn finish(&self, mut command: Command) -> Ran {
        let typed = typed(&command);
        let output = command
            .output()
            .unwrap_or_else(|error| panic!("`{typed}` cannot be started: {error}"));
        Ran::new(typed, &output)
    }

    /// The command for this host: nothing of the caller's environment but the path.
    #[must_use]
    #[track_caller]
    pub fn command<S: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = S>) -> Command {
        let mut command = Command::new(built::strongroom());
        command
            .args(arguments)
            .current_dir(self.folder())
            .env_clear()
            .env(
                "PATH",
                std::env::var_os("PATH").unwrap_or_else(|| OsString::from("/usr/bin:/bin")),
            )
            .env("HOME", self.folder())
            .env("TMPDIR", self.folder())
            .env("NO_COLOR", "1")
            .env("STRONGROOM_SCHEDULES", self.schedules())
            .env("STRONGROOM_PLUGINS", &self.plugins)
            .env("STRONGROOM_STATE", self.state())
            .stdin(Stdio::null());
        command
    }

    /// Starts `strongroom serve`; it is killed when the value is dropped.
    ///
    /// # Panics
    /// When it cannot be started.
    #[must_use]
    #[track_caller]
    pub fn serve(&self) -> Daemon {
        self.serve_with(self.command(["serve"]))
    }

    /// Starts a daemon from a command made with [`Host::command`].
    ///
    /// # Panics
    /// When it cannot be started.
    #[must_use]
    #[track_caller]
    pub fn serve_with(&self, command: Command) -> Daemon {
        Daemon::start(command, &self.folder().join("serve.log"))
    }

    /// The text with this host's paths replaced by `<data>`, `<shelf>`, …, so that it can be compared.
    #[must_use]
    pub fn tidy(&self, text: &str) -> String {
        let mut text = text.to_owned();
        let mut marks = self.marks().to_vec();
        marks.push(("<plugins>", self.plugins.clone()));
        marks.sort_by_key(|(_, folder)| std::cmp::Reverse(folder.as_os_str().len()));
        for (mark, folder) in marks {
            text = text.replace(&*folder.to_string_lossy(), mark);
        }
        text
    }

    fn marks(&self) -> [(&'static str, PathBuf); 5] {
        [
            ("<data>", self.data()),
            ("<shelf>", self.shelf()),
            ("<schedules>", self.schedules()),
            ("<state>", self.state()),
            ("<folder>", self.folder().to_owned()),
        ]
    }
}

impl Drop for Host {
    /// Snapshots are read-only: folders are made writable so that they can be removed.
    fn drop(&mut self) {
        compiled::keep(&self.cache());
        make_writable(self.folder.path());
    }
}

fn make(folder: &Path) {
    fs::create_dir_all(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
}

/// What cannot be made writable stays behind in the temporary folder; that fails no test.
fn make_writable(folder: &Path) {
    if fs::set_permissions(folder, Permissions::from_mode(0o700)).is_err() {
        return;
    }
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            make_writable(&entry.path());
        }
    }
}

pub(crate) fn typed(command: &Command) -> String {
    let program = Path::new(command.get_program())
        .file_name()
        .unwrap_or_default();
    let words = std::iter::once(program).chain(command.get_args());
    words
        .map(|word| word.to_string_lossy().into_owned())
        .collect::<Vec<_>>()
        .join(" ")
}
