//! Runs commands so that a person sees what is run and, when it fails, why everything stopped.

use std::ffi::OsStr;
use std::fmt;
use std::io;
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};

use crate::workspace;

/// Why a task cannot go on.
#[derive(Debug)]
pub(crate) struct Stop {
    sentence: String,
    usage: bool,
}

/// A task or a part of it: done, or stopped with a reason.
pub(crate) type Done<T = ()> = Result<T, Stop>;

impl Stop {
    /// The task failed.
    pub(crate) fn because(sentence: impl Into<String>) -> Self {
        Self {
            sentence: sentence.into(),
            usage: false,
        }
    }

    /// The task was asked for wrongly.
    pub(crate) fn usage(sentence: &str) -> Self {
        Self {
            sentence: sentence.to_owned(),
            usage: true,
        }
    }

    pub(crate) fn is_usage(&self) -> bool {
        self.usage
    }

    pub(crate) fn code(&self) -> ExitCode {
        ExitCode::from(if self.usage { 2 } else { 1 })
    }
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.sentence)
    }
}

/// Turns an I/O error into a stop that names the path.
pub(crate) fn at(path: &Path) -> impl FnOnce(io::Error) -> Stop + '_ {
    move |error| Stop::because(format!("{}: {error}", path.display()))
}

/// Refuses arguments where a task takes none.
pub(crate) fn no_arguments(task: &str, rest: &[String]) -> Done {
    match rest.first() {
        None => Ok(()),
        Some(first) => Err(Stop::usage(&format!(
            "`{task}` takes no arguments, `{first}` was given."
        ))),
    }
}

/// Cargo, started at the repository's root.
pub(crate) fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(workspace::root());
    command
}

/// Any other program, started at the repository's root.
pub(crate) fn program(name: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(name);
    command.current_dir(workspace::root());
    command
}

/// Prints the command and runs it with the terminal as it is; stops if it fails.
pub(crate) fn shown(command: &mut Command) -> Done {
    shown_expecting(command, 0)
}

/// Prints the command and runs it; stops if it does not end with this exit code.
pub(crate) fn shown_expecting(command: &mut Command, expected: i32) -> Done {
    let text = spelled(command);
    println!("$ {text}");
    let status = command
        .status()
        .map_err(|error| Stop::because(format!("`{text}` cannot be started: {error}")))?;
    match status.code() {
        Some(code) if code == expected => Ok(()),
        Some(code) => Err(Stop::because(format!(
            "`{text}` ended with exit code {code}, expected was {expected}."
        ))),
        None => Err(Stop::because(format!("`{text}` was killed: {status}."))),
    }
}

/// Prints the command, runs it and prints of what it says the lines that are wanted, by number and text.
pub(crate) fn picked(command: &mut Command, wanted: impl Fn(usize, &str) -> bool) -> Done {
    println!("$ {}", spelled(command));
    let said = read(command)?;
    let lines = said.lines().enumerate();
    for (_, line) in lines.filter(|(number, line)| wanted(*number, line)) {
        println!("{line}");
    }
    Ok(())
}

/// Runs the command and returns its standard output; stops if it fails.
pub(crate) fn read(command: &mut Command) -> Done<String> {
    let text = spelled(command);
    let output = command
        .stdin(Stdio::null())
        .output()
        .map_err(|error| Stop::because(format!("`{text}` cannot be started: {error}")))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(Stop::because(format!(
        "`{text}` failed ({}).\n{}",
        output.status,
        said.trim_end()
    )))
}

/// Whether a program of this name is on the path.
pub(crate) fn exists(name: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(name).is_file())
}

/// Whether `STRONGROOM_WITHOUT` names what this machine need not have.
pub(crate) fn left_out(name: &str) -> bool {
    let named = std::env::var("STRONGROOM_WITHOUT").unwrap_or_default();
    let found = named.split(',').any(|one| one.trim() == name);
    if found {
        println!("left out: {name}");
    }
    found
}

/// The command as a person would type it at the repository's root.
fn spelled(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(word).collect::<Vec<_>>().join(" ")
}

/// The path as it is named at the repository's root.
pub(crate) fn short(path: &Path) -> &Path {
    path.strip_prefix(workspace::root()).unwrap_or(path)
}

fn word(word: &OsStr) -> String {
    let path = short(Path::new(word));
    let short = if path.is_absolute() && path.file_stem() == Some(OsStr::new("cargo")) {
        Path::new("cargo")
    } else {
        path
    };
    let text = short.to_string_lossy();
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=,+@{}".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        text.into_owned()
    } else {
        format!("'{}'", text.replace('\'', "'\\''"))
    }
}
