//! The vendor kit: what the contract says, tried out on a plugin file case by case.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::json;
use strongroom_config::ScheduleSet;
use strongroom_conformance::{Against, Ended, Report, Subject, TestContext, Verdict, all, run};
use strongroom_domain::PluginName;
use strongroom_domain::role::Role;
use strongroom_ledger::OpenMode;
use strongroom_orchestrator::setup::{PluginFile, PluginFolder, Unwanted};
use strongroom_orchestrator::{Clock, Prepared, SystemClock, prepare};
use strongroom_sandbox::Plugin;

use crate::installation::scratch;
use crate::run::stopped;
use crate::{Error, Installation, Stop, plugins};

/// Which plugin is tried, and on what.
#[derive(Debug)]
pub struct TestRequest<'a> {
    /// The plugin file.
    pub file: &'a Path,
    /// A schedule file with one schedule of this plugin, which says where the provider is.
    pub against: Option<&'a Path>,
    /// What a restore at the provider may be called.
    pub restore_as: Option<&'a str>,
    /// Only these cases, if there are any.
    pub cases: &'a [String],
}

/// What is told while cases run.
pub enum TestEvent<'a> {
    /// The plugin is loaded; its name, version and digest.
    Loaded(&'a PluginName, &'a str, &'a str),
    /// A case ended.
    Ended(&'a Ended),
}

/// What the suite found.
pub struct TestReport<'a> {
    asked: TestRequest<'a>,
    plugin: Plugin,
    /// Every case that ended, and what is left behind.
    pub report: Report,
    /// Cases that were wanted and have not begun.
    pub not_begun: usize,
}

impl TestReport<'_> {
    /// Whether no case failed, all of them began, and nothing is left behind.
    #[must_use]
    pub fn good(&self) -> bool {
        let failed = self.report.count(Verdict::Failed);
        failed == 0 && self.report.left_behind.is_empty() && self.not_begun == 0
    }
}

as_json!(TestReport<'_>, |found| {
    let (description, report) = (found.plugin.description(), &found.report);
    json!({
        "file": found.asked.file, "name": description.name, "version": description.version,
        "digest": found.plugin.digest(), "against": found.asked.against, "passed": report.count(Verdict::Passed),
        "failed": report.count(Verdict::Failed), "skipped": report.count(Verdict::Skipped),
        "not_begun": found.not_begun, "runs": report.runs, "cases": report.cases, "calls": report.calls,
        "longest_call": report.longest_call, "left_behind": report.left_behind, "restored": report.restored,
    })
});

/// Tries the chosen cases on a plugin, tells each as it ends, and removes what it made.
pub async fn test<'a>(
    at: &Installation,
    asked: TestRequest<'a>,
    mut tell: impl FnMut(TestEvent<'_>),
    stop: Stop,
) -> Result<TestReport<'a>, Error> {
    let cases = asked.cases;
    if let Some(name) = cases
        .iter()
        .find(|name| all().all(|case| case.name != *name))
    {
        return Err(Error::usage(format!("there is no case `{name}`"))
            .hint("`strongroom plugin test --list` shows them all"));
    }
    let bytes = plugins::read(asked.file)?;
    let sandbox = at.sandbox()?;
    let plugin = sandbox.load(bytes.clone()).await.map_err(|error| {
        let hint = error.hint();
        plugins::unusable(asked.file).because(error).hint(hint)
    })?;
    let scratch = scratch("conformance", "restores", "")?;
    let against = match asked.against {
        None => None,
        Some(config) => Some(Against {
            prepared: fitted(at, config, asked.file, &plugin, bytes.len() as u64)?,
            restore_as: asked.restore_as.map(str::to_owned),
            scratch: scratch.path().join("restores"),
        }),
    };
    let state = scratch.path().join("state");
    let ledger = strongroom_ledger::open(&state, OpenMode::Host).await?;
    let context = at.context_in(&state, Arc::new(SystemClock), ledger.clone(), None);
    let description = plugin.description();
    tell(TestEvent::Loaded(
        &description.name,
        &description.version,
        plugin.digest(),
    ));
    let subject = Subject {
        plugin: plugin.clone(),
        bytes,
        sandbox,
    };
    let suite = TestContext::new(subject, against, context);
    let ended = |ended: &Ended| tell(TestEvent::Ended(ended));
    let report = run(&suite, cases, ended, stopped(stop)).await;
    ledger.close().await;
    let wanted = |name: &str| cases.is_empty() || cases.iter().any(|case| case == name);
    let expected = all().filter(|case| wanted(case.name)).count();
    Ok(TestReport {
        asked,
        plugin,
        not_begun: expected.saturating_sub(report.cases.len()),
        report,
    })
}

/// The one schedule of this plugin in the file, fitted to it.
fn fitted(
    at: &Installation,
    config: &Path,
    file: &Path,
    plugin: &Plugin,
    size: u64,
) -> Result<Prepared, Error> {
    let name = &plugin.description().name;
    if !plugin.roles().contains(&Role::Snapshots) {
        let message =
            format!("plugin `{name}` keeps no snapshots, so there is nothing to try at a provider");
        return Err(Error::usage(message).hint("leave out `--against`"));
    }
    let shown = config.display();
    if !config.exists() {
        return Err(Error::not_found(format!(
            "there is no schedule file {shown}"
        )));
    }
    let set = strongroom_config::load(config, SystemClock.now())?;
    let set = only(set, name, config)?;
    let mut folder = PluginFolder::default();
    let loaded = PluginFile {
        file: file.to_owned(),
        size,
        plugin: plugin.clone(),
    };
    folder.plugins.insert(name.clone(), loaded);
    let reserved: Vec<PathBuf> = at.sources().reserved;
    let setup = prepare(&set, &folder, &reserved, Unwanted::Refuse)?;
    let prepared = setup.schedules.into_values().next();
    prepared
        .map(|prepared| Prepared::clone(&prepared))
        .ok_or_else(|| Error::usage(format!("{shown} holds no `[[schedule]]`")))
}

/// The set with the one schedule of this plugin.
fn only(mut set: ScheduleSet, name: &PluginName, config: &Path) -> Result<ScheduleSet, Error> {
    set.schedules.retain(|one| one.schedule.plugin == *name);
    let count = set.schedules.len();
    if count != 1 {
        let config = config.display();
        let message =
            format!("{config} holds {count} schedules of plugin `{name}`, and one is needed");
        return Err(Error::usage(message)
            .hint("name one file with the `[[schedule]]` to try and its `[[credential]]`"));
    }
    Ok(set)
}
