//! What is active: plugins loaded, schedules read, each with what serves it.
//!
//! Owns: the types of all that, and the loading of a folder of plugins.
//! Read next: `validate` (each schedule proved to fit its plugin), `planner`, `roles`.

mod configs;
mod drills;
mod misfit;
mod off_site;
mod ownership;
mod services;
mod validate;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use strongroom_config::Diagnostics;
use strongroom_domain::schedule::{Limits, Trigger};
use strongroom_domain::{PluginName, ScheduleName};
use strongroom_sandbox::{Plugin, Sandbox};

pub use misfit::{Misfit, Unwanted};
pub use ownership::Orphaned;
pub use validate::prepare;

use crate::call::prepared::{Prepared, Served};

/// The plugins of a folder.
#[derive(Default)]
pub struct PluginFolder {
    /// Those that can be used.
    pub plugins: BTreeMap<PluginName, PluginFile>,
    /// Those that cannot.
    pub refused: Vec<RefusedFile>,
}

/// A usable plugin.
#[derive(Clone)]
pub struct PluginFile {
    /// Where.
    pub file: PathBuf,
    /// Bytes.
    pub size: u64,
    /// Loaded.
    pub plugin: Plugin,
}

/// A file in the plugins folder that is no usable plugin.
#[derive(Debug, Clone)]
pub struct RefusedFile {
    /// Where.
    pub file: PathBuf,
    /// One sentence.
    pub reason: String,
    /// What a person can do.
    pub hint: Option<String>,
}

/// Everything that is active.
#[derive(Clone, Default)]
pub struct Setup {
    /// By name.
    pub schedules: BTreeMap<ScheduleName, Arc<Prepared>>,
    /// What runs after each schedule's end.
    pub followers: BTreeMap<ScheduleName, Vec<Arc<Prepared>>>,
    /// Those whose place each schedule took: they make nothing new, and their shelves run out.
    pub succeeded: BTreeMap<ScheduleName, Vec<Arc<Prepared>>>,
    /// How many may be under way at once.
    pub limits: Limits,
    /// What fits and is probably not meant.
    pub warnings: Diagnostics,
    /// Plugins by digest that are no longer active, for operations that began on them.
    pub earlier: BTreeMap<String, PluginFile>,
}

impl Setup {
    /// Puts schedules together.
    #[must_use]
    pub fn new(schedules: Vec<Prepared>, limits: Limits) -> Self {
        let mut setup = Self {
            limits,
            ..Self::default()
        };
        for prepared in schedules {
            let prepared = Arc::new(prepared);
            if let Trigger::After(after) = &prepared.schedule.trigger {
                let followers = setup.followers.entry(after.schedule.clone());
                followers.or_default().push(prepared.clone());
            }
            if let Some(successor) = prepared.schedule.successor() {
                let old = setup.succeeded.entry(successor.clone());
                old.or_default().push(prepared.clone());
            }
            let name = prepared.schedule.name.clone();
            setup.schedules.insert(name, prepared);
        }
        setup
    }

    /// A schedule on an earlier digest of its plugin, if that is still at hand; else on the active one.
    #[must_use]
    pub fn on(&self, prepared: &Arc<Prepared>, digest: &str) -> Arc<Prepared> {
        let (Some(PluginFile { plugin, size, .. }), Served::Plugin { credentials, .. }) =
            (self.earlier.get(digest), &prepared.served)
        else {
            return prepared.clone();
        };
        Arc::new(Prepared {
            served: Served::Plugin {
                plugin: plugin.clone(),
                size: *size,
                credentials: credentials.clone(),
            },
            ..Prepared::clone(prepared)
        })
    }
}

/// Loads every `*.wasm` of a folder. What cannot be loaded is listed, not fatal: a schedule that needs it says so.
///
/// # Errors
/// The folder cannot be read.
pub async fn load_plugins(sandbox: &Arc<Sandbox>, folder: &Path) -> std::io::Result<PluginFolder> {
    let mut files: Vec<PathBuf> = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path
            .extension()
            .is_some_and(|extension| extension == "wasm")
        {
            files.push(path);
        }
    }
    files.sort();
    let mut loaded = PluginFolder::default();
    for file in files {
        let bytes = match std::fs::read(&file) {
            Ok(bytes) => bytes,
            Err(error) => {
                loaded.refused.push(RefusedFile {
                    file,
                    reason: error.to_string(),
                    hint: None,
                });
                continue;
            }
        };
        let size = bytes.len() as u64;
        match sandbox.load(bytes).await {
            Err(error) => {
                loaded.refused.push(RefusedFile {
                    file,
                    reason: error.to_string(),
                    hint: Some(error.hint()),
                });
            }
            Ok(plugin) => {
                let name = plugin.description().name.clone();
                if let Some(PluginFile { file: other, .. }) = loaded.plugins.get(&name) {
                    let reason =
                        format!("it calls itself `{name}`, and so does {}", other.display());
                    loaded.refused.push(RefusedFile {
                        file,
                        reason,
                        hint: Some("keep one of the two".to_owned()),
                    });
                } else {
                    loaded
                        .plugins
                        .insert(name, PluginFile { file, size, plugin });
                }
            }
        }
    }
    Ok(loaded)
}
