//! Takes values out of a table of a cassette, one key at a time, so that one wrong key never hides another.
//!
//! Owns: kinds of values, and keys that do not exist. Never: what a value means.

use std::ops::Range;
use std::time::Duration;

use jiff::Timestamp;
use strongroom_domain::InvalidName;
use strongroom_domain::calendar::parse_duration;
use toml::de::{DeTable, DeValue};

use crate::problems::{Problems, shortened};
use crate::unknown;

/// One table, being read.
pub(super) struct Keys<'a> {
    pub(super) table: &'a DeTable<'a>,
    pub(super) span: Range<usize>,
    pub(super) header: &'static str,
    pub(super) problems: &'a mut Problems,
}

impl Keys<'_> {
    pub(super) fn refuse_unknown(&mut self, known: &[&str]) {
        for (key, _) in self.table.iter() {
            let name: &str = key.get_ref();
            if known.contains(&name) {
                continue;
            }
            let message = format!("`{}` is not a key of `{}`", shortened(name), self.header);
            let hint = match unknown::nearest(name, known.iter().copied()) {
                Some(meant) => format!("did you mean `{meant}`?"),
                None => format!("its keys are: {}", known.join(", ")),
            };
            self.problems.error(&key.span(), message, hint);
        }
    }

    pub(super) fn name<T>(
        &mut self,
        key: &str,
        new: impl Fn(&str) -> Result<T, InvalidName>,
        exists: impl Fn(&T) -> bool,
    ) -> Option<T> {
        let (text, span) = self.text(key)?;
        match new(&text) {
            Err(error) => self.problems.error(&span, error.to_string(), ""),
            Ok(name) if exists(&name) => return Some(name),
            Ok(_) => {
                let message = format!("no schedule file knows the {key} `{text}`");
                let hint = "without this key the reply is for all of them";
                self.problems.error(&span, message, hint);
            }
        }
        None
    }

    pub(super) fn choice(&mut self, key: &str, choices: &[&str]) -> Option<String> {
        let (text, span) = self.text(key)?;
        if choices.contains(&text.as_str()) {
            return Some(text);
        }
        let message = format!("`{key}` cannot be \"{}\"", shortened(&text));
        self.problems
            .error(&span, message, unknown::choices(&text, choices));
        None
    }

    pub(super) fn time(&mut self, key: &str) -> Option<Timestamp> {
        let read = |value: &DeValue<'_>| match value {
            DeValue::Datetime(date) => date.to_string().parse().ok(),
            other => other.as_str()?.parse().ok(),
        };
        let example = format!("{key} = \"2026-03-08T03:00:00-03:00\"");
        let found = self.take(key, "a time with its offset", &example, read)?;
        Some(found.0)
    }

    pub(super) fn length(&mut self, key: &str) -> Option<Duration> {
        let (text, span) = self.text(key)?;
        match parse_duration(&text) {
            Ok(length) => Some(length),
            Err(error) => {
                let hint = error.hint.unwrap_or_default();
                self.problems.error(&span, error.message, hint);
                None
            }
        }
    }

    pub(super) fn number(&mut self, key: &str, least: u32, most: u32) -> Option<u32> {
        let read = |value: &DeValue<'_>| {
            let number = value.as_integer()?;
            let number = u32::from_str_radix(number.as_str(), number.radix()).ok()?;
            (least..=most).contains(&number).then_some(number)
        };
        let kind = match most {
            u32::MAX => format!("a whole number from {least}"),
            most => format!("a whole number from {least} to {most}"),
        };
        let found = self.take(key, &kind, &format!("{key} = 3"), read)?;
        Some(found.0)
    }

    pub(super) fn text(&mut self, key: &str) -> Option<(String, Range<usize>)> {
        let example = format!("{key} = \"…\"");
        self.take(key, "a text in quotes", &example, |value| {
            value.as_str().map(str::to_owned)
        })
    }

    pub(super) fn table(&mut self, key: &'static str, example: &str) -> Option<Keys<'_>> {
        let found = self.table.get(key)?;
        let DeValue::Table(table) = found.get_ref() else {
            let message = format!("`{key}` must be a table");
            let hint = format!("for example: `{example}`");
            self.problems.error(&found.span(), message, hint);
            return None;
        };
        Some(Keys {
            table,
            span: found.span(),
            header: key,
            problems: self.problems,
        })
    }

    pub(super) fn take<T>(
        &mut self,
        key: &str,
        kind: &str,
        example: &str,
        read: impl Fn(&DeValue<'_>) -> Option<T>,
    ) -> Option<(T, Range<usize>)> {
        let found = self.table.get(key)?;
        let value = read(found.get_ref());
        if value.is_none() {
            let hint = format!("for example: `{example}`");
            self.problems
                .error(&found.span(), format!("`{key}` must be {kind}"), hint);
        }
        Some((value?, found.span()))
    }

    pub(super) fn place(&self, key: &str) -> Range<usize> {
        self.table
            .get(key)
            .map_or_else(|| self.span.clone(), |found| found.span())
    }
}
