//! `strongroom plugin test`: what the contract says, tried out case by case.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::json;
use strongroom_config::ScheduleSet;
use strongroom_conformance::{
    Against, Case, Ended, Report, Subject, TestContext, Verdict, all, run,
};
use strongroom_domain::PluginName;
use strongroom_domain::role::Role;
use strongroom_ledger::OpenMode;
use strongroom_orchestrator::Prepared;
use strongroom_orchestrator::setup::{PluginFile, PluginFolder, Unwanted};
use strongroom_orchestrator::{CallContext, Clock, SystemClock, prepare};
use strongroom_sandbox::Plugin;

use super::run::stop_signal;
use crate::arguments::{Arguments, Test};
use crate::compose;
use crate::error::{CliError, EXIT_FAILED};
use crate::print;

pub(crate) async fn test(arguments: &Arguments, options: &Test) -> Result<u8, CliError> {
    let (Some(file), false) = (&options.file, options.list) else {
        return list(arguments);
    };
    known(&options.case)?;
    let bytes = std::fs::read(file).map_err(|error| {
        CliError::not_found(format!("{} cannot be read", file.display())).because(error)
    })?;
    let size = bytes.len() as u64;
    let sandbox = compose::sandbox(arguments)?;
    let plugin = sandbox.load(bytes.clone()).await.map_err(|error| {
        let hint = error.hint();
        CliError::usage(format!("{} cannot be used as a plugin", file.display()))
            .because(error)
            .hint(hint)
    })?;
    let scratch = scratch()?;
    let against = match &options.against {
        None => None,
        Some(config) => Some(Against {
            prepared: fitted(arguments, config, file, &plugin, size)?,
            restore_as: options.restore_as.clone(),
            scratch: scratch.path().join("restores"),
        }),
    };
    let state = scratch.path().join("state");
    let ledger = strongroom_ledger::open(&state, OpenMode::Host).await?;
    let context = CallContext {
        own_databases: vec![
            state.join("ledger.sqlite"),
            arguments.state.join("ledger.sqlite"),
        ],
        ..CallContext::new(Arc::new(SystemClock), ledger.clone())
    };
    if !arguments.json {
        head(&plugin, options.against.as_deref());
    }
    let subject = Subject {
        plugin: plugin.clone(),
        bytes,
        sandbox,
    };
    let context = TestContext::new(subject, against, context);
    let mut stop = stop_signal()?;
    let stopped = async move {
        // An error: nobody can ask any more.
        if stop.wait_for(|stop| *stop).await.is_err() {
            std::future::pending().await
        }
    };
    let tell = |ended: &Ended| {
        if !arguments.json {
            say(ended);
        }
    };
    let report = run(&context, &options.case, tell, stopped).await;
    ledger.close().await;
    conclude(arguments, options, file, &plugin, &report)
}

fn list(arguments: &Arguments) -> Result<u8, CliError> {
    if arguments.json {
        let value = |case: &Case| json!({ "name": case.name, "says": case.says });
        return print::json(&all().map(value).collect::<Vec<_>>()).map(|()| 0);
    }
    for case in all() {
        print::line(case.name);
        print::line(&format!("    {}.", case.says));
    }
    Ok(0)
}

fn known(chosen: &[String]) -> Result<(), CliError> {
    let unknown = chosen
        .iter()
        .find(|name| all().all(|case| case.name != *name));
    match unknown {
        None => Ok(()),
        Some(name) => Err(CliError::usage(format!("there is no case `{name}`"))
            .hint("`strongroom plugin test --list` shows them all")),
    }
}

/// The one schedule of this plugin in the file, fitted to it.
fn fitted(
    arguments: &Arguments,
    config: &Path,
    file: &Path,
    plugin: &Plugin,
    size: u64,
) -> Result<Prepared, CliError> {
    let name = &plugin.description().name;
    if !plugin.roles().contains(&Role::Snapshots) {
        return Err(CliError::usage(format!(
            "plugin `{name}` keeps no snapshots, so there is nothing to try at a provider"
        ))
        .hint("leave out `--against`"));
    }
    if !config.exists() {
        return Err(CliError::not_found(format!(
            "there is no schedule file {}",
            config.display()
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
    let reserved: Vec<PathBuf> = compose::sources(arguments).reserved;
    let setup = prepare(&set, &folder, &reserved, Unwanted::Refuse)?;
    let prepared = setup.schedules.into_values().next();
    prepared
        .map(|prepared| Prepared::clone(&prepared))
        .ok_or_else(|| CliError::usage(format!("{} holds no `[[schedule]]`", config.display())))
}

/// The set with the one schedule of this plugin.
fn only(set: ScheduleSet, name: &PluginName, config: &Path) -> Result<ScheduleSet, CliError> {
    let of_it = |set: &ScheduleSet| {
        let schedules = set.schedules.iter();
        schedules
            .filter(|one| one.schedule.plugin == *name)
            .cloned()
            .collect::<Vec<_>>()
    };
    let schedules = of_it(&set);
    if schedules.len() != 1 {
        let message = format!(
            "{} holds {} schedules of plugin `{name}`, and one is needed",
            config.display(),
            schedules.len()
        );
        return Err(CliError::usage(message)
            .hint("name one file with the `[[schedule]]` to try and its `[[credential]]`"));
    }
    Ok(ScheduleSet { schedules, ..set })
}

fn scratch() -> Result<tempfile::TempDir, CliError> {
    tempfile::Builder::new()
        .prefix("strongroom-conformance-")
        .tempdir()
        .map_err(|error| {
            CliError::usage("no temporary folder can be made for restores")
                .because(error)
                .hint("name a folder with the variable TMPDIR")
        })
}

fn head(plugin: &Plugin, against: Option<&Path>) {
    let description = plugin.description();
    let digest: String = plugin.digest().chars().take(12).collect();
    let against = against.map_or(String::new(), |config| {
        format!(", against {}", config.display())
    });
    print::line(&format!(
        "{} {} ({digest}){against}",
        description.name, description.version
    ));
}

/// One case, as it ends.
fn say(ended: &Ended) {
    let word = word(ended.verdict);
    let seconds = std::time::Duration::from_millis(ended.took_ms).as_secs_f64();
    match ended.verdict {
        Verdict::Passed => print::line(&format!("{word}  {:<24} {seconds:>6.1} s", ended.name)),
        Verdict::Skipped => print::line(&format!(
            "{word}  {:<24} {}",
            ended.name,
            print::plain(&ended.what)
        )),
        Verdict::Failed => {
            print::line(&format!("{word}  {:<24} {seconds:>6.1} s", ended.name));
            print::line(&format!("         the contract: {}.", ended.says));
            print::line(&format!(
                "         what happened: {}.",
                print::plain(&ended.what)
            ));
        }
    }
}

fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Passed => "passed ",
        Verdict::Failed => "FAILED ",
        Verdict::Skipped => "skipped",
    }
}

fn conclude(
    arguments: &Arguments,
    options: &Test,
    file: &Path,
    plugin: &Plugin,
    report: &Report,
) -> Result<u8, CliError> {
    let count = |verdict| report.count(verdict);
    let (passed, failed) = (count(Verdict::Passed), count(Verdict::Failed));
    let skipped = count(Verdict::Skipped);
    let expected = all().filter(|case| {
        options.case.is_empty() || options.case.iter().any(|name| name == case.name)
    });
    let not_begun = expected.count().saturating_sub(report.cases.len());
    let good = failed == 0 && report.left_behind.is_empty() && not_begun == 0;
    let code = if good { 0 } else { EXIT_FAILED };
    if arguments.json {
        let description = plugin.description();
        print::json(&json!({
            "file": file, "name": description.name, "version": description.version, "digest": plugin.digest(),
            "against": options.against, "passed": passed, "failed": failed, "skipped": skipped,
            "not_begun": not_begun, "runs": report.runs, "cases": report.cases,
            "calls": report.calls, "longest_call": report.longest_call,
            "left_behind": report.left_behind, "restored": report.restored,
        }))?;
        return Ok(code);
    }
    for left in &report.left_behind {
        print::line(&format!("left behind: {}", print::plain(left)));
    }
    if let Some(restored) = &report.restored {
        print::line(&format!(
            "restored, and yours to remove: {}",
            print::plain(restored)
        ));
    }
    let stopped = if not_begun > 0 {
        format!(", {not_begun} not begun")
    } else {
        String::new()
    };
    let longest = report
        .longest_call
        .map_or(String::new(), |(function, took)| {
            format!(
                "; {} calls, the longest `{function}` with {took} ms",
                report.calls
            )
        });
    print::line(&format!(
        "{passed} passed, {failed} failed, {skipped} skipped{stopped}{longest}."
    ));
    Ok(code)
}
