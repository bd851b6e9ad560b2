//! Tables, times and sizes as people read them.

use std::io::Write;

use jiff::Timestamp;
use serde::Serialize;
use strongroom_domain::calendar::Zone;

use crate::arguments::Arguments;
use crate::error::CliError;

/// Prints to standard output; a closed pipe (`| head`) is the reader's right and ends the program quietly.
pub(crate) fn line(text: &str) {
    let mut out = std::io::stdout().lock();
    if writeln!(out, "{text}").is_err() {
        std::process::exit(0);
    }
}

/// Prints one JSON document.
pub(crate) fn json(value: &impl Serialize) -> Result<(), CliError> {
    let text = serde_json::to_string_pretty(value)
        .map_err(|error| CliError::bug("the answer could not be written", &error))?;
    line(&text);
    Ok(())
}

/// Prints an answer: the value as JSON if that was asked for, else what `say` makes of it. Exit code 0.
pub(crate) fn answer(
    arguments: &Arguments,
    value: &impl Serialize,
    say: impl FnOnce() -> String,
) -> Result<u8, CliError> {
    if arguments.json {
        json(value)?;
    } else {
        line(&say());
    }
    Ok(0)
}

/// Prints columns under headings, each as wide as its widest cell.
pub(crate) fn table(headings: &[&str], rows: &[Vec<String>]) {
    let mut widths: Vec<usize> = headings
        .iter()
        .map(|heading| heading.chars().count())
        .collect();
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let print = |cells: Vec<&str>| {
        let padded: Vec<String> = cells
            .iter()
            .zip(&widths)
            .map(|(cell, width)| format!("{cell:<width$}"))
            .collect();
        line(padded.join("  ").trim_end());
    };
    print(headings.to_vec());
    for row in rows {
        print(row.iter().map(String::as_str).collect());
    }
}

/// A moment in UTC, to the second.
pub(crate) fn utc(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%SZ").to_string()
}

/// A moment in a zone, with its offset.
pub(crate) fn local(at: Timestamp, zone: &Zone) -> String {
    at.to_zoned(zone.time_zone().clone())
        .strftime("%a %Y-%m-%d %H:%M:%S %:z")
        .to_string()
}

/// Bytes with a unit.
pub(crate) fn size(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["KiB", "MiB", "GiB", "TiB", "PiB"];
    let mut value = bytes as f64;
    let mut unit = "B";
    for next in UNITS {
        if value < 1024.0 {
            break;
        }
        value /= 1024.0;
        unit = next;
    }
    if unit == "B" {
        format!("{bytes} B")
    } else {
        format!("{value:.1} {unit}")
    }
}

/// The first eight characters of an id: enough to type.
pub(crate) fn short(id: uuid::Uuid) -> String {
    id.to_string().chars().take(8).collect()
}

/// Replaces control characters, so that a name cannot move the cursor.
pub(crate) fn plain(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { '\u{fffd}' } else { c })
        .collect()
}
