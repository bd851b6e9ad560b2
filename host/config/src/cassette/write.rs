//! Entries → a cassette's text, as a person would write it.

use std::fmt;
use std::time::Duration;

use super::{Cassette, Entry, Reply};

/// The first lines of a file.
const TITLE: &str = "# What plugins answered, for `strongroom simulate --cassette FILE`. The first reply that fits a call answers it;\n\
    # `schedules/README.md` explains every key.\n";

impl fmt::Display for Cassette {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(TITLE)?;
        self.entries
            .iter()
            .try_for_each(|entry| write!(f, "\n{entry}"))
    }
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[[reply]]\n")?;
        let mut line = |key: &str, value: Option<String>| match value {
            Some(value) => writeln!(f, "{key} = {value}"),
            None => Ok(()),
        };
        let quoted = |text: Option<&str>| text.map(quote);
        let time = |at: Option<jiff::Timestamp>| at.map(|at| quote(&at.to_string()));
        line(
            "schedule",
            quoted(self.schedule.as_ref().map(|name| name.as_str())),
        )?;
        line(
            "tenant",
            quoted(self.tenant.as_ref().map(|name| name.as_str())),
        )?;
        line(
            "plugin",
            quoted(self.plugin.as_ref().map(|name| name.as_str())),
        )?;
        line("call", quoted(self.call.map(super::CallKind::as_str)))?;
        line("due", time(self.due))?;
        line("since", time(self.since))?;
        line("until", time(self.until))?;
        line("nth", self.nth.map(|nth| nth.to_string()))?;
        line("times", self.times.map(|times| times.to_string()))?;
        let takes = Some(self.takes).filter(|takes| !takes.is_zero());
        line("takes", takes.map(|takes| quote(&in_words(takes))))?;
        writeln!(f, "{}", self.reply)
    }
}

impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Done(evidence) => {
                let pair = |(kind, value): &(String, String)| {
                    format!("[{}, {}]", quote(kind), quote(value))
                };
                let pairs: Vec<String> = evidence.0.iter().map(pair).collect();
                write!(f, "done = [{}]", pairs.join(", "))
            }
            Self::Running {
                poll_after,
                percent,
                note,
            } => {
                let after = quote(&in_words(*poll_after));
                write!(f, "running = {{ poll-after = {after}")?;
                if let Some(percent) = percent {
                    write!(f, ", percent = {percent}")?;
                }
                write!(f, ", note = {} }}", quote(note))
            }
            Self::Failure(failure) => {
                let (kind, detail) = (quote(failure.kind.as_str()), quote(&failure.detail));
                write!(f, "failure = {{ kind = {kind}, detail = {detail}")?;
                if let Some(retry_after_ms) = failure.retry_after_ms {
                    let wait = in_words(Duration::from_millis(retry_after_ms));
                    write!(f, ", retry-after = {}", quote(&wait))?;
                }
                f.write_str(" }")
            }
            Self::Trap(detail) => write!(f, "trap = {}", quote(detail)),
        }
    }
}

/// A text as TOML writes it between double quotes.
fn quote(text: &str) -> String {
    let mut quoted = String::from('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            '\n' => quoted.push_str("\\n"),
            c if c.is_control() => quoted.push_str(&format!("\\u{:04X}", u32::from(c))),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

/// `1d2h5ms`: as it would be written in a file.
fn in_words(length: Duration) -> String {
    let mut left = length.as_millis();
    let mut text = String::new();
    let units = [
        ("d", 86_400_000),
        ("h", 3_600_000),
        ("m", 60_000),
        ("s", 1_000),
        ("ms", 1),
    ];
    for (unit, size) in units {
        if left >= size {
            text.push_str(&format!("{}{unit}", left / size));
            left %= size;
        }
    }
    if text.is_empty() {
        "0s".to_owned()
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use strongroom_domain::Evidence;
    use strongroom_domain::retry::Failure;

    use super::super::{CallKind, load};
    use super::*;
    use crate::ScheduleSet;

    fn entry(reply: Reply) -> Entry {
        Entry {
            schedule: None,
            tenant: None,
            plugin: None,
            call: Some(CallKind::Poll),
            due: Some("2026-03-08T06:00:00Z".parse().unwrap()),
            since: None,
            until: None,
            nth: Some(2),
            times: None,
            takes: Duration::from_millis(90_061_001),
            reply,
        }
    }

    #[test]
    fn what_is_written_is_read_again() {
        let odd = "a \"quote\", a \\, a\nline, a \u{7} and an ü";
        let cassette = Cassette {
            entries: vec![
                entry(Reply::Done(Evidence(vec![(odd.into(), odd.into())]))),
                entry(Reply::Running {
                    poll_after: Duration::from_secs(90),
                    percent: Some(40),
                    note: odd.into(),
                }),
                entry(Reply::Failure(Failure::throttled(odd, 1_500))),
                entry(Reply::Failure(Failure::corrupt(odd))),
                entry(Reply::Trap(odd.into())),
            ],
        };
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("cassette.toml");
        std::fs::write(&file, cassette.to_string()).unwrap();
        assert_eq!(load(&file, &ScheduleSet::default()).unwrap(), cassette);
    }
}
