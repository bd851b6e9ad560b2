//! A cassette's text → entries, or every problem of it with its place.
//!
//! Owns: the keys of `[[reply]]`, names that do not exist, and contradictions between keys.
//! Never: keeps a part of what is wrong.

use std::io::Read as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use strongroom_domain::retry::Failure;
use strongroom_domain::{Evidence, PluginName, ScheduleName, TenantName};
use toml::de::{DeTable, DeValue};

use super::keys::Keys;
use super::{CASSETTE_LIMIT, CallKind, Cassette, Entry, Reply};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::problems::{Problems, shortened};
use crate::set::ScheduleSet;
use crate::source::SourceFile;
use crate::syntax;

const KEYS: [&str; 14] = [
    "schedule", "tenant", "plugin", "call", "due", "since", "until", "nth", "times", "takes",
    "done", "running", "failure", "trap",
];
const RUNNING_KEYS: [&str; 3] = ["poll-after", "percent", "note"];
const FAILURE_KEYS: [&str; 3] = ["kind", "detail", "retry-after"];
const FAILURES: [&str; 9] = [
    "invalid",
    "denied",
    "not-found",
    "conflict",
    "quota",
    "throttled",
    "unavailable",
    "corrupt",
    "other",
];
/// How soon the host asks again if nothing else is written.
const POLL_AFTER: Duration = Duration::from_secs(60);
/// The host polls no faster.
const POLL_AFTER_LEAST: Duration = Duration::from_millis(100);

/// Reads a cassette for these schedules.
///
/// # Errors
/// Every problem of the file.
pub fn load(path: &Path, set: &ScheduleSet) -> Result<Cassette, Diagnostics> {
    let source = Arc::new(source(path)?);
    let mut problems = Problems::new(source.clone());
    let (root, errors) = DeTable::parse_recoverable(&source.text);
    let mut cassette = Cassette::default();
    if errors.is_empty() {
        read(root.get_ref(), set, &mut cassette, &mut problems);
    } else {
        syntax::report(&errors, &mut problems);
    }
    let problems = problems.finish();
    if problems.has_errors() {
        Err(problems)
    } else {
        Ok(cassette)
    }
}

fn source(path: &Path) -> Result<SourceFile, Diagnostics> {
    let fail = |message: String, hint: &str| {
        Diagnostics::from(Diagnostic::of_file(path, message).hinted(hint))
    };
    let unreadable = |error: std::io::Error| {
        let message = format!("this cassette cannot be read: {error}");
        fail(message, "name a file, as in `--cassette replies.toml`")
    };
    let mut bytes = Vec::new();
    std::fs::File::open(path)
        .and_then(|file| file.take(CASSETTE_LIMIT as u64 + 1).read_to_end(&mut bytes))
        .map_err(unreadable)?;
    if bytes.len() > CASSETTE_LIMIT {
        let message = format!("this file is larger than {} MiB", CASSETTE_LIMIT >> 20);
        return Err(fail(
            message,
            "is it a cassette? A shorter recording will do",
        ));
    }
    let text = String::from_utf8(bytes)
        .map_err(|_| fail("this is not UTF-8 text".into(), "save the file as UTF-8"))?;
    Ok(SourceFile {
        path: path.to_owned(),
        folder: path.parent().unwrap_or(path).to_owned(),
        text,
    })
}

fn read(root: &DeTable<'_>, set: &ScheduleSet, cassette: &mut Cassette, problems: &mut Problems) {
    for (key, _) in root.iter().filter(|(key, _)| key.get_ref() != "reply") {
        let message = format!("`{}` stands outside of any reply", shortened(key.get_ref()));
        let hint = "everything in a cassette stands below a line `[[reply]]`";
        problems.error(&key.span(), message, hint);
    }
    let Some(found) = root.get("reply") else {
        return;
    };
    let DeValue::Array(list) = found.get_ref() else {
        let message = "`reply` must be a list of entries";
        problems.error(
            &found.span(),
            message,
            "write `[[reply]]`, with two brackets",
        );
        return;
    };
    for entry in list {
        let DeValue::Table(table) = entry.get_ref() else {
            let hint = "begin it with a line `[[reply]]`";
            problems.error(&entry.span(), "a reply must be a table", hint);
            continue;
        };
        let keys = Keys {
            table,
            span: entry.span(),
            header: "[[reply]]",
            problems,
        };
        cassette.entries.extend(keys.entry(set));
    }
}

impl Keys<'_> {
    fn entry(mut self, set: &ScheduleSet) -> Option<Entry> {
        let before = self.problems.errors();
        self.refuse_unknown(&KEYS);
        let schedule = self.name("schedule", ScheduleName::new, |name| {
            set.get(name.as_str()).is_some()
        });
        let tenant = self.name("tenant", TenantName::new, |name| {
            let mut all = set.schedules.iter();
            all.any(|located| located.schedule.tenants.contains(name))
        });
        let plugin = self.name("plugin", PluginName::new, |name| {
            let mut all = set.schedules.iter();
            all.any(|located| located.schedule.plugin == *name)
        });
        let words = CallKind::ALL.map(CallKind::as_str);
        let call = self.choice("call", &words).and_then(|word| {
            let mut all = CallKind::ALL.into_iter();
            all.find(|call| call.as_str() == word)
        });
        let entry = Entry {
            schedule,
            tenant,
            plugin,
            call,
            due: self.time("due"),
            since: self.time("since"),
            until: self.time("until"),
            nth: self.number("nth", 1, u32::MAX),
            times: self.number("times", 1, u32::MAX),
            takes: self.length("takes").unwrap_or_default(),
            reply: self.reply(call)?,
        };
        if let (Some(since), Some(until)) = (entry.since, entry.until)
            && until <= since
        {
            let span = self.place("until");
            let hint = "`until` must be later than `since`";
            self.problems
                .error(&span, "this reply is never given", hint);
        }
        (self.problems.errors() == before).then_some(entry)
    }

    fn reply(&mut self, call: Option<CallKind>) -> Option<Reply> {
        let kinds = ["done", "running", "failure", "trap"];
        let given: Vec<&str> = kinds
            .into_iter()
            .filter(|key| self.table.contains_key(*key))
            .collect();
        match given.as_slice() {
            ["done"] => self.done(),
            ["running"] => {
                if call == Some(CallKind::Get) {
                    let span = self.place("running");
                    let hint = "`get` is answered by `done = []`, `failure` or `trap`";
                    self.problems.error(&span, "`get` never goes on", hint);
                }
                self.running()
            }
            ["failure"] => self.failure(),
            ["trap"] => Some(Reply::Trap(self.text("trap")?.0)),
            [] => {
                let hint =
                    "write one of `done = []`, `running = {…}`, `failure = {…}` and `trap = \"…\"`";
                let span = self.span.clone();
                self.problems
                    .error(&span, "this reply answers nothing", hint);
                None
            }
            [first, others @ ..] => {
                let second = others.first().copied().unwrap_or_default();
                let message = format!("a reply cannot be `{first}` and `{second}` at once");
                let span = self.place(second);
                let hint = "keep one; what comes later goes into a `[[reply]]` of its own";
                self.problems.error(&span, message, hint);
                None
            }
        }
    }

    fn done(&mut self) -> Option<Reply> {
        let pairs = |value: &DeValue<'_>| {
            let pair = |item: &toml::Spanned<DeValue<'_>>| match item.get_ref().as_array()? {
                pair if pair.len() == 2 => {
                    let text = |at: usize| Some(pair.get(at)?.get_ref().as_str()?.to_owned());
                    Some((text(0)?, text(1)?))
                }
                _ => None,
            };
            value.as_array()?.iter().map(pair).collect::<Option<_>>()
        };
        let kind = "a list of pairs of texts";
        let (pairs, _) = self.take("done", kind, "done = [[\"bytes\", \"1048576\"]]", pairs)?;
        Some(Reply::Done(Evidence(pairs)))
    }

    fn running(&mut self) -> Option<Reply> {
        let mut keys = self.table(
            "running",
            "running = { poll-after = \"30s\", percent = 40 }",
        )?;
        keys.refuse_unknown(&RUNNING_KEYS);
        let poll_after = keys.length("poll-after").unwrap_or(POLL_AFTER);
        let percent = keys.number("percent", 0, 100);
        Some(Reply::Running {
            poll_after: poll_after.max(POLL_AFTER_LEAST),
            percent: percent.and_then(|percent| u8::try_from(percent).ok()),
            note: keys.text("note").map(|(note, _)| note).unwrap_or_default(),
        })
    }

    fn failure(&mut self) -> Option<Reply> {
        let example = "failure = { kind = \"unavailable\", detail = \"the provider is down\" }";
        let mut keys = self.table("failure", example)?;
        keys.refuse_unknown(&FAILURE_KEYS);
        let detail = keys.text("detail").map(|(detail, _)| detail);
        let detail = detail.unwrap_or_else(|| "as the cassette says".to_owned());
        let retry_after = keys.length("retry-after");
        if !keys.table.contains_key("kind") {
            let span = keys.span.clone();
            let hint = format!("for example: `{example}`");
            keys.problems.error(&span, "`kind` is missing", hint);
        }
        let kind = keys.choice("kind", &FAILURES)?;
        if retry_after.is_some() && kind != "throttled" {
            let span = keys.place("retry-after");
            let message = format!("`retry-after` says nothing of a failure that is `{kind}`");
            let hint = "only `kind = \"throttled\"` has it; remove this key";
            keys.problems.error(&span, message, hint);
        }
        Some(Reply::Failure(match kind.as_str() {
            "invalid" => Failure::invalid(detail),
            "denied" => Failure::denied(detail),
            "not-found" => Failure::not_found(detail),
            "conflict" => Failure::conflict(detail),
            "quota" => Failure::quota(detail),
            "throttled" => Failure::throttled(
                detail,
                retry_after.map_or(0, |wait| {
                    u64::try_from(wait.as_millis()).unwrap_or(u64::MAX)
                }),
            ),
            "unavailable" => Failure::unavailable(detail),
            "corrupt" => Failure::corrupt(detail),
            _ => Failure::other(detail),
        }))
    }
}
