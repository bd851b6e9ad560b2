//! `strongroom schedule new`: an entry from flags, or from the answers of a person.

use std::io::IsTerminal;

use jiff::Timestamp;
use strongroom_app::NewSchedule;
use strongroom_app::schedule_files::{Added, add};
use strongroom_domain::calendar::{Cron, Every, Zone};
use strongroom_domain::preview::when;
use strongroom_domain::retention::Within;
use strongroom_domain::{PluginName, ScheduleName, TenantName};

use super::super::*;
use super::questions::Questions;
use crate::arguments::NewEntry;

type When = (&'static str, String);

pub(super) fn run(at: &Installation, json: bool, options: &NewEntry) -> Result<u8, Error> {
    let stdin = std::io::stdin();
    let person = stdin.is_terminal();
    let (mut input, mut output) = (stdin.lock(), std::io::stderr());
    let mut questions = Questions {
        input: &mut input,
        output: &mut output,
    };
    let new = described(options, person.then_some(&mut questions))?;
    let added = add(at, &new, options.file.as_deref(), options.dry_run)?;
    print::diagnostics(&added.warnings);
    if let Some(file) = &added.missing_plugin {
        let folder = at.plugins.display();
        eprintln!(
            "warning: there is no `{file}` in {folder}; `strongroom check` says whether another file holds this plugin"
        );
    }
    print::result(json, &added, || show(&added))
}

fn show(added: &Added) {
    let schedule = &added.schedule;
    out!("{}", added.entry.trim_end());
    if !added.written {
        return;
    }
    out!("\nWritten to {}.", added.file.display());
    for at in &added.next {
        out!("  due {} ({})", local(*at, &schedule.zone), utc(*at));
    }
    if added.next.is_empty() {
        out!("  runs {}", when(schedule));
    }
}

/// What flags and answers say. Answers pass the same readers as files do.
fn described(
    options: &NewEntry,
    mut person: Option<&mut Questions<'_>>,
) -> Result<NewSchedule, Error> {
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
        Within::parse(age).map_err(|error| Error::usage(told(error.message, error.hint)))?;
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

fn missing(flag: &str) -> Error {
    Error::usage(format!("a new schedule needs {flag}"))
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

fn trees(given: &[String]) -> Result<Vec<(String, String)>, Error> {
    given
        .iter()
        .map(|text| match text.split_once('=') {
            Some((name, path)) if !name.is_empty() && !path.is_empty() => {
                Ok((name.to_owned(), path.to_owned()))
            }
            _ => Err(Error::usage(format!("`{text}` does not name a folder"))
                .hint("write NAME=PATH, as in `data=/srv/{tenant}`")),
        })
        .collect()
}
