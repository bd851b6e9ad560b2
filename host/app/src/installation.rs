//! The composition root: puts clock, ledger, sandbox, plugins and schedules together.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use strongroom_config::ScheduleSet;
use strongroom_ledger::{Ledger, OpenMode};
use strongroom_orchestrator::activation::Sources;
use strongroom_orchestrator::setup::{PluginFolder, Setup, Unwanted};
use strongroom_orchestrator::{CallContext, Clock, Observer, SystemClock, load_plugins, prepare};
use strongroom_sandbox::{CompilerCommand, Sandbox, Settings};
use tempfile::TempDir;

use crate::{Error, Kind};

/// The argument with which this program, started again, is the sandbox's compiler ([`crate::compile_worker`]).
const COMPILE_PLUGIN: &str = "compile-plugin";
/// Live instances at once, before the machine's own cap.
const SLOTS: u32 = 1_000;
/// The ledger's file in the state folder.
const LEDGER: &str = "ledger.sqlite";

/// Where everything of a host is.
#[derive(Debug, Clone)]
pub struct Installation {
    /// Folder of schedule files, or one file.
    pub schedules: PathBuf,
    /// Folder of plugin files.
    pub plugins: PathBuf,
    /// Folder of the ledger, the audit key and the compile cache.
    pub state: PathBuf,
}

impl Installation {
    /// Refuses a path under which there is nothing.
    pub(crate) fn schedules_exist(&self) -> Result<(), Error> {
        if self.schedules.exists() {
            return Ok(());
        }
        let path = self.schedules.display();
        Err(
            Error::not_found(format!("there is no schedule file or folder {path}"))
                .hint("name it with `--schedules PATH`"),
        )
    }

    pub(crate) fn set(&self) -> Result<ScheduleSet, Error> {
        self.schedules_exist()?;
        let set = strongroom_config::load(&self.schedules, SystemClock.now())?;
        if set.schedules.is_empty() {
            let path = self.schedules.display();
            return Err(Error::usage(format!("{path} holds no `[[schedule]]`"))
                .hint("schedule files end in `.toml`; `schedules/README.md` explains every key"));
        }
        Ok(set)
    }

    /// A sandbox that keeps what it compiled in the state folder.
    pub(crate) fn sandbox(&self) -> Result<Arc<Sandbox>, Error> {
        self.sandbox_in(&self.state)
    }

    /// A sandbox that keeps what it compiled in this folder.
    pub(crate) fn sandbox_in(&self, state: &Path) -> Result<Arc<Sandbox>, Error> {
        let program = std::env::current_exe()
            .map_err(|error| Error::bug("this program's own path is not known", error))?;
        let settings = Settings {
            compiler: CompilerCommand {
                program,
                args: vec![COMPILE_PLUGIN.into()],
            },
            cache: state.join("cache"),
            slots: SLOTS,
            memory_ceiling: strongroom_domain::schedule::defaults::MEMORY_CEILING,
        };
        private_folder(state)?;
        Sandbox::new(settings)
            .map_err(|error| Error::usage("the sandbox could not be set up").because(error))
    }

    pub(crate) async fn folder(&self, sandbox: &Arc<Sandbox>) -> Result<PluginFolder, Error> {
        load_plugins(sandbox, &self.plugins).await.map_err(|error| {
            Error::not_found(format!("the plugins folder {} cannot be read", self.plugins.display()))
                .because(error)
                .hint("name it with `--plugins DIR`; in a source checkout `cargo xtask plugins` builds `target/plugins`")
        })
    }

    /// Loads and fits everything.
    pub(crate) async fn setup(&self) -> Result<(ScheduleSet, PluginFolder, Setup), Error> {
        let set = self.set()?;
        let folder = self.folder(&self.sandbox()?).await?;
        let reserved = self.sources().reserved;
        let setup = prepare(&set, &folder, &reserved, Unwanted::Refuse)?;
        Ok((set, folder, setup))
    }

    /// Where everything is, for a host that watches it.
    pub(crate) fn sources(&self) -> Sources {
        Sources {
            schedules: self.schedules.clone(),
            plugins: self.plugins.clone(),
            copies: self.state.join("plugins"),
            reserved: std::fs::canonicalize(&self.state).into_iter().collect(),
        }
    }

    pub(crate) fn has_ledger(&self) -> bool {
        self.state.join(LEDGER).exists()
    }

    pub(crate) async fn ledger(&self, mode: OpenMode) -> Result<Arc<dyn Ledger>, Error> {
        Ok(strongroom_ledger::open(&self.state, mode).await?)
    }

    /// What calls are given.
    pub(crate) fn context(
        &self,
        clock: Arc<dyn Clock>,
        ledger: Arc<dyn Ledger>,
        observer: Option<Arc<dyn Observer>>,
    ) -> CallContext {
        let context = CallContext::new(clock, ledger);
        CallContext {
            observer: observer.unwrap_or_else(|| context.observer.clone()),
            own_databases: vec![self.state.join(LEDGER)],
            ..context
        }
    }

    /// What calls are given whose ledger lies in another folder; no plugin reads either of the two.
    pub(crate) fn context_in(
        &self,
        state: &Path,
        clock: Arc<dyn Clock>,
        ledger: Arc<dyn Ledger>,
        observer: Option<Arc<dyn Observer>>,
    ) -> CallContext {
        let mut context = self.context(clock, ledger, observer);
        context.own_databases.push(state.join(LEDGER));
        context
    }
}

/// Makes a folder that only this user can enter.
fn private_folder(folder: &Path) -> Result<(), Error> {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .map_err(|error| {
            let path = folder.display();
            Error::new(
                Kind::Ledger,
                format!("the state folder {path} cannot be made"),
            )
            .because(error)
            .hint("name another one with `--state DIR`")
        })
}

/// A folder that is removed when it is dropped.
pub(crate) fn scratch(name: &str, purpose: &str, more: &str) -> Result<TempDir, Error> {
    let prefix = format!("strongroom-{name}-");
    let made = tempfile::Builder::new().prefix(&prefix).tempdir();
    made.map_err(|error| {
        Error::usage(format!("no temporary folder can be made for {purpose}"))
            .because(error)
            .hint(format!("name a folder with the variable TMPDIR{more}"))
    })
}
