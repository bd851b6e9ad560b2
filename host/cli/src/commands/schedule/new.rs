//! `strongroom schedule new`: an entry from flags, or from the answers of a person.

use std::io::IsTerminal;
use std::path::PathBuf;

use jiff::Timestamp;
use serde_json::json;
use strongroom_config::edit::{self, Addition, NewSchedule, NotAdded};
use strongroom_domain::calendar::{Cron, Every, Zone, due_between};
use strongroom_domain::preview::when;
use strongroom_domain::retention::Within;
use strongroom_domain::{PluginName, ScheduleName, TenantName};
use strongroom_orchestrator::{Clock, SystemClock};

use super::questions::Questions;
use crate::arguments::{Arguments, NewEntry};
use crate::error::CliError;
use crate::print;

type When = (&'static str, String);

pub(crate) fn run(arguments: &Arguments, options: &NewEntry) -> Result<u8, CliError> {
    let stdin = std::io::stdin();
    let person = stdin.is_terminal();
    let (mut input, mut output) = (stdin.lock(), std::io::stderr());
    let mut questions = Questions {
        input: &mut input,
        output: &mut output,
    };
    let new = described(options, person.then_some(&mut questions))?;
    let file = file(arguments, options, &new.name);
    let addition =
        edit::add(&arguments.schedules, &file, &new, SystemClock.now()).map_err(not_added)?;
    if !addition.warnings.is_empty() {
        let color = std::io::stderr().is_terminal();
        eprintln!("{}", addition.warnings.render(color).trim_end());
    }
    let name = format!("{}.wasm", new.plugin);
    if !arguments.plugins.join(&name).exists() {
        let folder = arguments.plugins.display();
        eprintln!(
            "warning: there is no `{name}` in {folder}; `strongroom check` says whether another file holds this plugin"
        );
    }
    if !options.dry_run {
        edit::write(&addition.file, &addition.text).map_err(|error| {
            let message = format!("{} cannot be written", addition.file.display());
            CliError::usage(message).because(error)
        })?;
    }
    show(arguments, options, &addition)?;
    Ok(0)
}

fn not_added(problem: NotAdded) -> CliError {
    match problem {
        NotAdded::Exists(file) => CliError::usage(format!(
            "there is a schedule of that name in {}",
            file.display()
        ))
        .hint("runs and snapshots are recorded under the name; give the new one another"),
        NotAdded::Before(problems) => CliError::from(problems)
            .hint("these problems were there before; mend them first. Nothing was written"),
        NotAdded::After(problems) => {
            CliError::from(problems).hint("this is the text that would be written; nothing was")
        }
    }
}

fn file(arguments: &Arguments, options: &NewEntry, name: &str) -> PathBuf {
    match &options.file {
        Some(file) => file.clone(),
        None if arguments.schedules.is_file() => arguments.schedules.clone(),
        None => arguments.schedules.join(format!("{name}.toml")),
    }
}

fn show(arguments: &Arguments, options: &NewEntry, addition: &Addition) -> Result<(), CliError> {
    let schedule = &addition.schedule;
    let now = SystemClock.now();
    let dues: Vec<Timestamp> = due_between(&schedule.trigger, &schedule.zone, now, Timestamp::MAX)
        .map(|due| due.at)
        .take(3)
        .collect();
    if arguments.json {
        return print::json(&json!({
            "schedule": schedule.name, "file": addition.file, "entry": addition.entry,
            "written": !options.dry_run, "next": dues,
        }));
    }
    print::line(addition.entry.trim_end());
    if options.dry_run {
        return Ok(());
    }
    print::line("");
    print::line(&format!("Written to {}.", addition.file.display()));
    for at in &dues {
        print::line(&format!(
            "  due {} ({})",
            print::local(*at, &schedule.zone),
            print::utc(*at)
        ));
    }
    if dues.is_empty() {
        print::line(&format!("  runs {}", when(schedule)));
    }
    Ok(())
}

/// What flags and answers say. Answers pass the same readers as files do.
fn described(
    options: &NewEntry,
    mut person: Option<&mut Questions<'_>>,
) -> Result<NewSchedule, CliError> {
    let mut required = |given: &Option<String>, flag: &str, question: &str, check: Check| match (
        given,
        person.as_deref_mut(),
    ) {
        (Some(text), _) => Ok(text.clone()),
        (None, Some(questions)) => {
            questions.ask(question, |text| check(text).map(|()| text.to_owned()))
        }
        (None, None) => Err(missing(flag)),
    };
    let name = required(
        &options.name,
        "--name NAME",
        "Name (such as `acme-daily`)?",
        |text| said(ScheduleName::new(text)),
    )?;
    let plugin = required(
        &options.plugin,
        "--plugin PLUGIN",
        "Plugin (such as `local-snapshot`)?",
        |text| said(PluginName::new(text)),
    )?;
    let given = (!options.tenant.is_empty()).then(|| options.tenant.join(" "));
    let tenants = required(
        &given,
        "--tenant TENANT",
        "Tenants (with blanks between)?",
        |text| match split(text).as_slice() {
            [] => Err("name at least one".to_owned()),
            names => names
                .iter()
                .try_for_each(|name| said(TenantName::new(name))),
        },
    )?;
    let mut timezone = options.timezone.clone();
    let when = match (given_when(options), person) {
        (Some(when), _) => when,
        (None, Some(questions)) => {
            let question = "When (cron such as `0 3 * * *`, a distance such as `15m`, or a time)?";
            let when = questions.ask(question, understood)?;
            if timezone.is_none() && when.0 != "at" {
                let answer = questions.ask("Time zone (empty for UTC)?", |text| match text {
                    "" => Ok(None),
                    text => Zone::parse(text)
                        .map(|_| Some(text.to_owned()))
                        .map_err(|error| told(error.message, error.hint)),
                })?;
                timezone = answer;
            }
            when
        }
        (None, None) => return Err(missing("one of --cron, --every, --at, --on and --after")),
    };
    if let Some(age) = &options.keep_within {
        Within::parse(age).map_err(|error| CliError::usage(told(error.message, error.hint)))?;
    }
    Ok(NewSchedule {
        name,
        plugin,
        tenants: split(&tenants).into_iter().map(str::to_owned).collect(),
        when,
        timezone,
        keep_within: options.keep_within.clone(),
        read: trees(&options.read)?,
        write: trees(&options.write)?,
    })
}

type Check = fn(&str) -> Result<(), String>;

fn said<T, E: ToString>(read: Result<T, E>) -> Result<(), String> {
    read.map(|_| ()).map_err(|error| error.to_string())
}

fn told(message: String, hint: Option<String>) -> String {
    match hint {
        Some(hint) => format!("{message}; {hint}"),
        None => message,
    }
}

fn missing(flag: &str) -> CliError {
    CliError::usage(format!("a new schedule needs {flag}"))
        .hint("on a terminal, `strongroom schedule new` asks for what is missing")
}

fn split(text: &str) -> Vec<&str> {
    text.split([' ', ',', '\t'])
        .filter(|name| !name.is_empty())
        .collect()
}

fn given_when(options: &NewEntry) -> Option<When> {
    [
        ("cron", &options.cron),
        ("every", &options.every),
        ("at", &options.at),
        ("on", &options.on),
        ("after", &options.after),
    ]
    .into_iter()
    .find_map(|(key, value)| Some((key, value.clone()?)))
}

/// Tells by the look of an answer which key is meant.
fn understood(text: &str) -> Result<When, String> {
    if Every::parse(text).is_ok() {
        return Ok(("every", text.to_owned()));
    }
    if text.parse::<Timestamp>().is_ok() {
        return Ok(("at", text.to_owned()));
    }
    match Cron::parse(text) {
        Ok(_) => Ok(("cron", text.to_owned())),
        Err(error) => Err(told(error.message, error.hint)),
    }
}

fn trees(given: &[String]) -> Result<Vec<(String, String)>, CliError> {
    given
        .iter()
        .map(|text| match text.split_once('=') {
            Some((name, path)) if !name.is_empty() && !path.is_empty() => {
                Ok((name.to_owned(), path.to_owned()))
            }
            _ => Err(CliError::usage(format!("`{text}` does not name a folder"))
                .hint("write NAME=PATH, as in `data=/srv/{tenant}`")),
        })
        .collect()
}
