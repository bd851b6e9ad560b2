//! The composition root: puts clock, ledger, sandbox and schedules together.

use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;
use strongroom_config::ScheduleSet;
use strongroom_domain::schedule::Schedule;
use strongroom_domain::{ScheduleName, TenantName};
use strongroom_ledger::{Ledger, OpenMode, SnapshotFilter, SnapshotRow};
use strongroom_orchestrator::Prepared;
use strongroom_orchestrator::activation::Sources;
use strongroom_orchestrator::setup::{PluginFolder, Setup, Unwanted};
use strongroom_orchestrator::{CallContext, Clock, Observer, SystemClock, load_plugins, prepare};
use strongroom_sandbox::{CompilerCommand, Sandbox, Settings};

use crate::arguments::{Arguments, IdPrefix};
use crate::error::{CliError, EXIT_LEDGER, EXIT_REFUSED};
use crate::print;

/// Live instances at once, before the machine's own cap.
const SLOTS: u32 = 1_000;

/// Refuses a path under which there is nothing.
pub(crate) fn schedules_exist(arguments: &Arguments) -> Result<(), CliError> {
    if arguments.schedules.exists() {
        return Ok(());
    }
    Err(CliError::not_found(format!(
        "there is no schedule file or folder {}",
        arguments.schedules.display()
    ))
    .hint("name it with `--schedules PATH`"))
}

pub(crate) fn schedules(arguments: &Arguments) -> Result<ScheduleSet, CliError> {
    schedules_exist(arguments)?;
    let set = strongroom_config::load(&arguments.schedules, SystemClock.now())?;
    if set.schedules.is_empty() {
        return Err(CliError::usage(format!(
            "{} holds no `[[schedule]]`",
            arguments.schedules.display()
        ))
        .hint("schedule files end in `.toml`; `schedules/README.md` explains every key"));
    }
    Ok(set)
}

pub(crate) fn sandbox(arguments: &Arguments) -> Result<Arc<Sandbox>, CliError> {
    sandbox_in(&arguments.state)
}

/// A sandbox that keeps what it compiled in this state folder.
pub(crate) fn sandbox_in(state: &Path) -> Result<Arc<Sandbox>, CliError> {
    let program = std::env::current_exe()
        .map_err(|error| CliError::bug("this program's own path is not known", &error))?;
    let settings = Settings {
        compiler: CompilerCommand {
            program,
            args: vec!["compile-plugin".into()],
        },
        cache: state.join("cache"),
        slots: SLOTS,
        memory_ceiling: strongroom_domain::schedule::defaults::MEMORY_CEILING,
    };
    private_folder(state)?;
    Sandbox::new(settings)
        .map_err(|error| CliError::usage("the sandbox could not be set up").because(error))
}

/// Makes a folder that only this user can enter.
fn private_folder(folder: &Path) -> Result<(), CliError> {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .map_err(|error| {
            CliError::new(
                EXIT_LEDGER,
                format!("the state folder {} cannot be made", folder.display()),
            )
            .because(error)
            .hint("name another one with `--state DIR`")
        })
}

pub(crate) async fn plugins(
    arguments: &Arguments,
    sandbox: &Arc<Sandbox>,
) -> Result<PluginFolder, CliError> {
    load_plugins(sandbox, &arguments.plugins).await.map_err(|error| {
        CliError::not_found(format!("the plugins folder {} cannot be read", arguments.plugins.display()))
            .because(error)
            .hint("name it with `--plugins DIR`; in a source checkout `cargo xtask plugins` builds `target/plugins`")
    })
}

/// Loads and fits everything; prints warnings.
pub(crate) async fn setup(
    arguments: &Arguments,
) -> Result<(ScheduleSet, PluginFolder, Setup), CliError> {
    let set = schedules(arguments)?;
    let sandbox = sandbox(arguments)?;
    let folder = plugins(arguments, &sandbox).await?;
    let setup = prepare(
        &set,
        &folder,
        &sources(arguments).reserved,
        Unwanted::Refuse,
    )?;
    Ok((set, folder, setup))
}

/// Where everything is, for a host that watches it.
pub(crate) fn sources(arguments: &Arguments) -> Sources {
    Sources {
        schedules: arguments.schedules.clone(),
        plugins: arguments.plugins.clone(),
        copies: arguments.state.join("plugins"),
        reserved: std::fs::canonicalize(&arguments.state)
            .into_iter()
            .collect(),
    }
}

pub(crate) async fn ledger(
    arguments: &Arguments,
    mode: OpenMode,
) -> Result<Arc<dyn Ledger>, CliError> {
    Ok(strongroom_ledger::open(&arguments.state, mode).await?)
}

/// What attempts and requests are given.
pub(crate) fn context(
    arguments: &Arguments,
    clock: Arc<dyn Clock>,
    ledger: Arc<dyn Ledger>,
    observer: Option<Arc<dyn Observer>>,
) -> CallContext {
    let context = CallContext::new(clock, ledger);
    CallContext {
        observer: observer.unwrap_or_else(|| context.observer.clone()),
        own_databases: vec![arguments.state.join("ledger.sqlite")],
        ..context
    }
}

/// The schedule of that name.
pub(crate) fn prepared(setup: &Setup, name: &str) -> Result<Arc<Prepared>, CliError> {
    let found = ScheduleName::new(name)
        .ok()
        .and_then(|name| setup.schedules.get(&name).cloned());
    found.ok_or_else(|| {
        let known: Vec<&str> = setup.schedules.keys().map(ScheduleName::as_str).collect();
        CliError::not_found(format!("there is no schedule `{name}`"))
            .hint(format!("there are: {}", known.join(", ")))
    })
}

/// The entry whose plugin made a snapshot.
pub(crate) fn keeper(setup: &Setup, row: &SnapshotRow) -> Result<Arc<Prepared>, CliError> {
    let keeper = setup.keeper(&row.schedule, &row.plugin);
    keeper.cloned().map_err(|orphaned| {
        CliError::not_found(format!("snapshot {} was {orphaned}", print::short(row.id)))
            .hint(orphaned.hint())
    })
}

/// Refuses a schedule that makes nothing new.
pub(crate) fn begins(schedule: &Schedule) -> Result<(), CliError> {
    let Some(successor) = schedule.successor() else {
        return Ok(());
    };
    let name = &schedule.name;
    let message = format!("`{name}` makes nothing new: `{successor}` took its place");
    Err(CliError::new(EXIT_REFUSED, message).hint(format!(
        "run `{successor}` instead, or return with `strongroom swap back {name} --reason WHY`"
    )))
}

/// The name of a schedule as typed.
pub(crate) fn schedule_name(text: &str) -> Result<ScheduleName, CliError> {
    ScheduleName::new(text).map_err(|error| CliError::usage(error.to_string()))
}

/// The schedule of that name in the files.
pub(crate) fn schedule<'a>(set: &'a ScheduleSet, name: &str) -> Result<&'a Schedule, CliError> {
    let found = set.get(name).map(|located| located.schedule.as_ref());
    found.ok_or_else(|| {
        let known = set
            .schedules
            .iter()
            .map(|located| located.schedule.name.as_str());
        let known: Vec<&str> = known.collect();
        CliError::not_found(format!("there is no schedule `{name}`"))
            .hint(format!("there are: {}", known.join(", ")))
    })
}

/// All tenants of a schedule, or the one that was named.
pub(crate) fn tenants(
    schedule: &Schedule,
    only: Option<&str>,
) -> Result<Vec<TenantName>, CliError> {
    let tenants = &schedule.tenants;
    let Some(only) = only else {
        return Ok(tenants.clone());
    };
    if let Some(found) = tenants.iter().find(|tenant| tenant.as_str() == only) {
        return Ok(vec![found.clone()]);
    }
    let known: Vec<&str> = tenants.iter().map(TenantName::as_str).collect();
    let message = format!("schedule `{}` has no tenant `{only}`", schedule.name);
    Err(CliError::not_found(message).hint(format!("it has: {}", known.join(", "))))
}

/// The person at the keyboard, by the name the session gives; without one, by the number the system knows.
pub(crate) fn person() -> String {
    let named = ["USER", "LOGNAME"]
        .into_iter()
        .filter_map(|name| std::env::var(name).ok());
    let mut named = named.map(|name| name.trim().to_owned());
    named
        .find(|name| !name.is_empty())
        .unwrap_or_else(|| format!("uid {}", rustix::process::getuid().as_raw()))
}

/// A paused schedule begins nothing, unless a person insists.
pub(crate) async fn refuse_paused(
    ledger: &dyn Ledger,
    schedule: &Schedule,
    now: Timestamp,
) -> Result<(), CliError> {
    let pauses = ledger.pauses(now).await?;
    let pauses = pauses.get(&schedule.name).into_iter().flatten();
    match pauses.into_iter().find(|pause| pause.covers(now)) {
        None => Ok(()),
        Some(pause) => Err(CliError::new(
            EXIT_REFUSED,
            format!("`{}` is {}", schedule.name, pause.explain()),
        )
        .hint("`strongroom resume` ends the pause; `--despite-pause` begins it all the same")),
    }
}

/// A reason that says something.
pub(crate) fn reason(text: &str) -> Result<String, CliError> {
    let text = text.trim();
    if text.is_empty() {
        return Err(CliError::usage("the reason is empty")
            .hint("say why: it is written into the audit log"));
    }
    Ok(text.to_owned())
}

/// The one snapshot whose id begins like that.
pub(crate) async fn snapshot(ledger: &dyn Ledger, typed: &str) -> Result<SnapshotRow, CliError> {
    let prefix = IdPrefix::new(typed);
    let all = ledger
        .snapshots(SnapshotFilter {
            gone: true,
            ..SnapshotFilter::default()
        })
        .await?;
    let mut matching = all.into_iter().filter(|row| prefix.matches(row.id));
    match (matching.next(), matching.next()) {
        (Some(row), None) => Ok(row),
        (Some(_), Some(_)) => Err(CliError::usage(format!(
            "several snapshots begin with `{typed}`"
        ))
        .hint("type more of the id")),
        (None, _) => Err(
            CliError::not_found(format!("there is no snapshot `{typed}`"))
                .hint("`strongroom snapshots list --all` shows them all"),
        ),
    }
}

/// Reads a time as typed: RFC 3339, with a zone in brackets or not; or a date, which begins in UTC.
pub(crate) fn time(text: &str) -> Result<Timestamp, CliError> {
    use jiff::civil::{Date, DateTime};
    let refused =
        |message: &str, hint: &str| Err(CliError::usage(format!("`{text}` {message}")).hint(hint));
    let utc = |civil: DateTime| civil.to_zoned(jiff::tz::TimeZone::UTC);
    let read = if text.contains('[') {
        text.parse::<jiff::Zoned>().map(|zoned| zoned.timestamp())
    } else if let Some(civil) = text.strip_suffix(['Z', 'z']) {
        civil.parse().and_then(utc).map(|zoned| zoned.timestamp())
    } else {
        text.parse()
    };
    if let Ok(time) = read {
        return Ok(time);
    }
    let no_clock = !text.contains(':');
    if let (true, Ok(date)) = (no_clock, text.parse::<Date>()) {
        let begins = utc(date.to_datetime(jiff::civil::Time::midnight()));
        return match begins {
            Ok(zoned) => Ok(zoned.timestamp()),
            Err(_) => refused(
                "is beyond the times there are here",
                "the last day is 9999-12-30",
            ),
        };
    }
    if !text.contains('[') && text.parse::<DateTime>().is_ok() {
        let offset = "add one, as in `-03:00`, or `Z` for UTC";
        return refused("has no offset from UTC", offset);
    }
    let forms = "write 2026-11-20T03:00:00-03:00, 2026-11-20T06:00Z or 2026-11-20";
    refused("is not a time", forms)
}
