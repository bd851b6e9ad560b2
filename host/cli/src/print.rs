//! Standard output and standard error: lines, tables, JSON, diagnostics.

use std::io::{IsTerminal, Write};

use serde::Serialize;
use strongroom_app::words::plain;
use strongroom_app::{Diagnostics, Error};
use strongroom_domain::Evidence;

/// Prints a formatted line to standard output.
macro_rules! out {
    ($($part:tt)*) => { $crate::print::line(&format!($($part)*)) };
}
pub(crate) use out;

/// Prints to standard output; a closed pipe (`| head`) is the reader's right and ends the program quietly.
pub(crate) fn line(text: &str) {
    let mut out = std::io::stdout().lock();
    if writeln!(out, "{text}").is_err() {
        std::process::exit(0);
    }
}

/// Prints a result: as one JSON document if that was asked for, else as `say` does. Exit code 0.
pub(crate) fn result(json: bool, value: &impl Serialize, say: impl FnOnce()) -> Result<u8, Error> {
    if json {
        // By way of a value, so that the keys are in order.
        let text = serde_json::to_value(value)
            .and_then(|value| serde_json::to_string_pretty(&value))
            .map_err(|error| Error::bug("the answer could not be written", error))?;
        line(&text);
    } else {
        say();
    }
    Ok(0)
}

/// Prints columns under headings, each as wide as its widest cell; without rows only `none`.
pub(crate) fn table<const N: usize>(headings: [&str; N], rows: &[[String; N]], none: &str) {
    if rows.is_empty() {
        return line(none);
    }
    let mut widths = headings.map(|heading| heading.chars().count());
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let print = |cells: [&str; N]| {
        let padded = cells.iter().zip(widths);
        let padded: Vec<String> = padded
            .map(|(cell, width)| format!("{cell:<width$}"))
            .collect();
        line(padded.join("  ").trim_end());
    };
    print(headings);
    for row in rows {
        print(row.each_ref().map(String::as_str));
    }
}

/// A number of things, as in `1 run` and `2 runs`.
pub(crate) fn counted(count: u64, thing: &str) -> String {
    let s = if count == 1 { "" } else { "s" };
    format!("{count} {thing}{s}")
}

/// Prints evidence, a pair a line.
pub(crate) fn evidence(evidence: &Evidence) {
    for (kind, item) in &evidence.0 {
        out!("  {}: {}", plain(kind), plain(item));
    }
}

/// Writes diagnostics to standard error, if there are any.
pub(crate) fn diagnostics(diagnostics: &Diagnostics) {
    if !diagnostics.is_empty() {
        let color = std::io::stderr().is_terminal();
        eprintln!("{}", diagnostics.render(color).trim_end());
    }
}
