//! Which schedules and which plugin files are active, at a start and after every change of the files.
//!
//! Owns: the way of a new file: loaded, fitted, probed, then active, all at once; on an error the last good set stays.
//! Never: a half-written file (`watching` waits until files rest).
//! Read next: `setup` for what fits, `watching` for when it looks.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;
use strongroom_config::{Diagnostic, Diagnostics, ScheduleSet};
use strongroom_domain::PluginName;
use strongroom_ledger::{LedgerError, Notice, OccurrenceFilter, PluginRow, PluginState};
use strongroom_sandbox::{Plugin, Sandbox};

use crate::call::context::CallContext;
use crate::dry_run::probe;
use crate::setup::{
    Misfit, PluginFile, PluginFolder, RefusedFile, Setup, Unwanted, load_plugins, prepare,
};

/// The notice that stands while the schedule files are wrong.
pub const SCHEDULES_NOTICE: &str = "schedules";
/// How the name of a notice about a plugin file begins.
pub const PLUGIN_NOTICE: &str = "plugin:";

/// Where everything is.
#[derive(Debug, Clone)]
pub struct Sources {
    /// Folder of schedule files, or one file.
    pub schedules: PathBuf,
    /// Folder of plugin files.
    pub plugins: PathBuf,
    /// Where the host keeps its own copy of each active plugin file, so that a restart finds it again.
    pub copies: PathBuf,
    /// Folders no plugin may be granted.
    pub reserved: Vec<PathBuf>,
}

/// Why nothing new became active.
#[derive(Debug, thiserror::Error)]
pub enum ActivationError {
    /// The schedule files are wrong.
    #[error("the schedule files are wrong")]
    Schedules(Diagnostics),
    /// Schedules and plugins do not fit.
    #[error("schedules and plugins do not fit")]
    Misfit(Misfit),
    /// A folder cannot be read, or a copy cannot be written.
    #[error("{}: {cause}", .path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// In the operating system's words.
        cause: std::io::Error,
    },
    /// The ledger cannot be read or written.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

/// Keeps what is active.
pub struct Activation {
    sandbox: Arc<Sandbox>,
    sources: Sources,
    context: CallContext,
    active: BTreeMap<PluginName, PluginFile>,
    earlier: BTreeMap<String, PluginFile>,
}

/// A plugin file that does not become active, and why.
struct Held {
    name: PluginName,
    digest: String,
    file: PathBuf,
    reason: String,
}

impl Activation {
    /// Takes up the plugins that were active when the last host ended.
    ///
    /// # Errors
    /// The ledger or the host's copies cannot be read.
    pub async fn new(
        sandbox: Arc<Sandbox>,
        sources: Sources,
        context: CallContext,
    ) -> Result<Self, ActivationError> {
        let mut new = Self {
            sandbox,
            sources,
            context,
            active: BTreeMap::new(),
            earlier: BTreeMap::new(),
        };
        let rows = new.context.ledger.plugins().await?;
        let begun = new.begun_on(&rows).await?;
        for row in rows {
            let file = new.copy(&row.digest);
            if row.state != PluginState::Active && !begun.contains(&row.digest) {
                // Nothing goes on with it. A copy that cannot be removed does no harm.
                let _removed = std::fs::remove_file(&file).is_ok();
                continue;
            }
            // A copy that is gone or damaged is like none: the file in the plugins folder is taken.
            let Ok(bytes) = std::fs::read(&file) else {
                continue;
            };
            let size = bytes.len() as u64;
            let Ok(plugin) = new.sandbox.load(bytes).await else {
                continue;
            };
            if plugin.digest() != row.digest {
                continue;
            }
            let known = PluginFile { file, size, plugin };
            if row.state == PluginState::Active {
                new.active.insert(row.name, known);
            } else {
                new.earlier.insert(row.digest, known);
            }
        }
        Ok(new)
    }

    /// The digests of former plugin files with which operations still go on.
    async fn begun_on(&self, rows: &[PluginRow]) -> Result<BTreeSet<String>, LedgerError> {
        let kept =
            |row: &PluginRow| row.state != PluginState::Active && self.copy(&row.digest).exists();
        if !rows.iter().any(kept) {
            return Ok(BTreeSet::new());
        }
        let unfinished = OccurrenceFilter {
            unfinished: true,
            ..OccurrenceFilter::default()
        };
        let rows = self.context.ledger.occurrences(unfinished).await?;
        let begun = rows.into_iter().filter_map(|row| row.operation);
        Ok(begun.map(|operation| operation.digest).collect())
    }

    fn copy(&self, digest: &str) -> PathBuf {
        self.sources.copies.join(format!("{digest}.wasm"))
    }

    /// Reads all files and makes them active if everything fits; else nothing changes, and a notice says why.
    ///
    /// # Errors
    /// Why the files are not active. What was active before still is.
    pub async fn look(&mut self) -> Result<(ScheduleSet, Setup), ActivationError> {
        let looked = self.activate().await;
        let text = match &looked {
            Ok(_) => None,
            Err(ActivationError::Schedules(problems)) => Some(problems.render(false)),
            Err(ActivationError::Misfit(misfit)) => Some(misfit.problems.render(false)),
            Err(error) => Some(error.to_string()),
        };
        match text {
            Some(text) => self.notice(SCHEDULES_NOTICE, text).await?,
            None => self.mended(SCHEDULES_NOTICE).await?,
        }
        looked
    }

    async fn activate(&mut self) -> Result<(ScheduleSet, Setup), ActivationError> {
        let set = strongroom_config::load(&self.sources.schedules, self.context.clock.now())
            .map_err(ActivationError::Schedules)?;
        if set.schedules.is_empty() {
            // A file that was emptied is no wish to stop everything.
            let problem =
                Diagnostic::of_file(&self.sources.schedules, "there is no `[[schedule]]` here");
            let hint = "schedule files end in `.toml`; `enabled = false` stops a schedule";
            return Err(ActivationError::Schedules(problem.hinted(hint).into()));
        }
        let folder = load_plugins(&self.sandbox, &self.sources.plugins)
            .await
            .map_err(|cause| ActivationError::File {
                path: self.sources.plugins.clone(),
                cause,
            })?;
        let mut chosen = PluginFolder::default();
        let mut held = Vec::new();
        for (name, candidate) in folder.plugins {
            let file = match self.active.get(&name).cloned() {
                Some(active) if active.plugin.digest() != candidate.plugin.digest() => {
                    match self.judge(&set, &name, &candidate).await {
                        Ok(()) => candidate,
                        Err(reason) => {
                            self.register(&candidate, PluginState::Refused, &reason)
                                .await?;
                            held.push(Held {
                                name: name.clone(),
                                digest: candidate.plugin.digest().to_owned(),
                                file: candidate.file.clone(),
                                reason,
                            });
                            active
                        }
                    }
                }
                _ => candidate,
            };
            chosen.plugins.insert(name, file);
        }
        self.keep_what_broke(&folder.refused, &mut chosen);
        self.tell(&folder.refused, &held).await?;
        chosen.refused = folder.refused;
        let reserved = &self.sources.reserved;
        let mut setup = prepare(&set, &chosen, reserved, Unwanted::Withhold)
            .map_err(ActivationError::Misfit)?;
        self.adopt(chosen.plugins).await?;
        setup.earlier = self.earlier.clone();
        Ok((set, setup))
    }

    /// A file that was active and is damaged now: what was loaded from it goes on.
    fn keep_what_broke(&self, refused: &[RefusedFile], chosen: &mut PluginFolder) {
        for RefusedFile { file, .. } in refused {
            let stem = file.file_stem().unwrap_or_default();
            for (name, active) in &self.active {
                if *stem == *name.as_str() || active.file == *file {
                    let active = active.clone();
                    chosen.plugins.entry(name.clone()).or_insert(active);
                }
            }
        }
    }

    /// Whether a new file may take the place of the active one: every schedule fits, and it passes a probing run.
    async fn judge(
        &self,
        set: &ScheduleSet,
        name: &PluginName,
        candidate: &PluginFile,
    ) -> Result<(), String> {
        let own = ScheduleSet {
            schedules: set
                .schedules
                .iter()
                .filter(|one| one.schedule.plugin == *name)
                .cloned()
                .collect(),
            ..ScheduleSet::default()
        };
        let mut folder = PluginFolder::default();
        folder.plugins.insert(name.clone(), candidate.clone());
        let setup = prepare(&own, &folder, &self.sources.reserved, Unwanted::Withhold);
        let setup = setup.map_err(|misfit| {
            let what = if misfit.refused {
                "wider grants wanted"
            } else {
                "it does not fit its schedules"
            };
            let problems: Vec<String> = misfit
                .problems
                .iter()
                .map(|problem| problem.message.clone())
                .collect();
            format!("{what}: {}", problems.join("; "))
        })?;
        for prepared in setup.schedules.values() {
            if prepared.schedule.drill_of().is_some() {
                continue;
            }
            if let Some(tenant) = prepared.schedule.tenants.first() {
                probe(&self.context, prepared, tenant)
                    .await
                    .map_err(|why| {
                        format!(
                            "it did not pass its probing run for schedule `{}`: {why}",
                            prepared.schedule.name
                        )
                    })?;
            }
        }
        Ok(())
    }

    /// Makes files active: copies them, says so on record, and remembers those they replace.
    async fn adopt(
        &mut self,
        chosen: BTreeMap<PluginName, PluginFile>,
    ) -> Result<(), ActivationError> {
        for (name, file) in chosen {
            let digest = file.plugin.digest().to_owned();
            let before = self.active.get(&name).cloned();
            if before
                .as_ref()
                .is_some_and(|before| before.plugin.digest() == digest)
            {
                continue;
            }
            self.keep_copy(&digest, &file)?;
            self.register(&file, PluginState::Active, "").await?;
            if let Some(before) = before {
                let reason = format!("replaced by {}", digest.get(..12).unwrap_or(&digest));
                let ledger = &self.context.ledger;
                let now = self.context.clock.now();
                let replaced = before.plugin.digest().to_owned();
                ledger
                    .set_plugin_state(&replaced, PluginState::Replaced, "host", &reason, now)
                    .await?;
                tracing::info!(plugin = %name, digest, before = replaced, "another plugin file is active");
                self.earlier.insert(replaced, before);
            }
            self.earlier.remove(&digest);
            self.active.insert(name, file);
        }
        Ok(())
    }

    fn keep_copy(&self, digest: &str, file: &PluginFile) -> Result<(), ActivationError> {
        let copy = self.copy(digest);
        let fail = |path: &Path| {
            let path = path.to_owned();
            move |cause| ActivationError::File { path, cause }
        };
        std::fs::create_dir_all(&self.sources.copies).map_err(fail(&self.sources.copies))?;
        let unfinished = copy.with_extension("unfinished");
        std::fs::copy(&file.file, &unfinished).map_err(fail(&file.file))?;
        std::fs::rename(&unfinished, &copy).map_err(fail(&copy))
    }

    async fn register(
        &self,
        file: &PluginFile,
        state: PluginState,
        reason: &str,
    ) -> Result<(), LedgerError> {
        let now = self.context.clock.now();
        let row = PluginRow {
            reason: reason.to_owned(),
            ..row(&file.plugin, file.size, state, now)
        };
        let ledger = &self.context.ledger;
        let digest = row.digest.clone();
        if !ledger.register_plugin(row).await? {
            ledger
                .set_plugin_state(&digest, state, "host", reason, now)
                .await?;
        }
        Ok(())
    }

    /// Puts up a notice for every file that is not active, and takes down those that no longer hold.
    async fn tell(&self, refused: &[RefusedFile], held: &[Held]) -> Result<(), LedgerError> {
        let mut standing: BTreeMap<String, String> = BTreeMap::new();
        for RefusedFile { file, reason, hint } in refused {
            let hint = hint
                .as_deref()
                .map(|hint| format!(" (hint: {hint})"))
                .unwrap_or_default();
            standing.insert(
                notice_of(file),
                format!("{} cannot be used: {reason}{hint}", file.display()),
            );
        }
        for Held {
            name,
            digest,
            file,
            reason,
        } in held
        {
            let short = digest.get(..12).unwrap_or(digest);
            let text = format!(
                "{} ({short}) waits, and `{name}` goes on with the file before it: {reason}",
                file.display()
            );
            standing.insert(notice_of(file), text);
        }
        for notice in self.context.ledger.notices().await? {
            if notice.name.starts_with(PLUGIN_NOTICE) && !standing.contains_key(&notice.name) {
                self.mended(&notice.name).await?;
            }
        }
        for (name, text) in standing {
            self.notice(&name, text).await?;
        }
        Ok(())
    }

    async fn notice(&self, name: &str, text: String) -> Result<(), LedgerError> {
        tracing::error!(notice = name, "{text}");
        let notice = Notice {
            name: name.to_owned(),
            since: self.context.clock.now(),
            text,
        };
        self.context.ledger.put_notice(notice).await
    }

    async fn mended(&self, name: &str) -> Result<(), LedgerError> {
        let now = self.context.clock.now();
        let ledger = &self.context.ledger;
        if ledger.remove_notice(name, "host", "mended", now).await? {
            tracing::info!(notice = name, "mended");
        }
        Ok(())
    }
}

/// How a plugin file is remembered.
pub(crate) fn row(plugin: &Plugin, size: u64, state: PluginState, now: Timestamp) -> PluginRow {
    let description = plugin.description();
    let described = serde_json::json!({
        "summary": description.summary, "wants": description.wants, "features": description.features,
        "config_schema": description.config_schema,
    });
    PluginRow {
        digest: plugin.digest().to_owned(),
        name: description.name.clone(),
        version: description.version.clone(),
        size,
        description_json: described.to_string(),
        first_seen: now,
        state,
        since: now,
        person: "host".to_owned(),
        reason: String::new(),
    }
}

fn notice_of(file: &Path) -> String {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    format!("{PLUGIN_NOTICE}{name}")
}
