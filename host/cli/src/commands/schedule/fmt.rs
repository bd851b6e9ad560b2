//! `strongroom schedule fmt`: the tidy form of schedule files.

use std::path::PathBuf;

use serde_json::json;
use strongroom_config::edit::{self, NotTidied};
use strongroom_config::{SourceFile, parse};
use strongroom_orchestrator::{Clock, SystemClock};

use crate::arguments::Arguments;
use crate::error::{CliError, EXIT_FAILED, EXIT_USAGE};
use crate::print;

/// What became of a file.
enum Tidied {
    Same,
    Changed(String),
    Wrong,
}

pub(crate) fn run(arguments: &Arguments, paths: &[PathBuf], check: bool) -> Result<u8, CliError> {
    let own = std::slice::from_ref(&arguments.schedules);
    let paths = if paths.is_empty() { own } else { paths };
    let mut changed = 0;
    let mut wrong = false;
    let mut list = Vec::new();
    for path in paths {
        for source in edit::read(path)? {
            let name = source.path.display().to_string();
            let word = match tidied(source.clone())? {
                Tidied::Same => "tidy",
                Tidied::Wrong => {
                    wrong = true;
                    "has problems and is left alone"
                }
                Tidied::Changed(_) if check => {
                    changed += 1;
                    "would change"
                }
                Tidied::Changed(text) => {
                    changed += 1;
                    edit::write(&source.path, &text).map_err(|error| {
                        CliError::usage(format!("{name} cannot be written")).because(error)
                    })?;
                    "tidied"
                }
            };
            if !arguments.json && word != "tidy" {
                print::line(&format!("{name}: {word}"));
            }
            list.push(json!({ "file": name, "state": word }));
        }
    }
    if arguments.json {
        print::json(&list)?;
    } else if changed == 0 && !wrong {
        print::line(if list.len() == 1 {
            "1 file is tidy."
        } else {
            "All files are tidy."
        });
    }
    Ok(match (wrong, check && changed > 0) {
        (true, _) => EXIT_USAGE,
        (false, true) => EXIT_FAILED,
        (false, false) => 0,
    })
}

/// The tidy text of a file; its problems are shown.
fn tidied(source: SourceFile) -> Result<Tidied, CliError> {
    let text = source.text.clone();
    let name = source.path.display().to_string();
    if let Err(problems) = parse(vec![source], SystemClock.now()) {
        let color = std::io::IsTerminal::is_terminal(&std::io::stderr());
        eprintln!("{}", problems.render(color).trim_end());
        return Ok(Tidied::Wrong);
    }
    match edit::tidy(&text) {
        Ok(tidy) if tidy == text => Ok(Tidied::Same),
        Ok(tidy) => Ok(Tidied::Changed(tidy)),
        Err(error @ NotTidied::Broken(_)) => {
            Err(CliError::usage(format!("{name} is left alone")).because(error))
        }
        Err(error @ NotTidied::Different) => {
            Err(CliError::bug(&format!("{name} is left alone"), &error))
        }
    }
}
