//! When a schedule is due: exactly one of `cron`, `every`, `at`, `on` and `after`.
//!
//! Owns: the choice between them.
//! Never: reads a cron text itself; the domain does.
//! Read next: `strongroom_domain::calendar`.

use std::ops::Range;

use jiff::Timestamp;
use strongroom_domain::calendar::{DstGap, DstOverlap, Every};
use strongroom_domain::schedule::{After, Trigger};
use strongroom_domain::{EventName, Outcome, ScheduleName};

use super::names::named;
use super::words::{called, chosen};
use crate::interner::Interner;
use crate::problems::{Problems, shortened};
use crate::raw::RawSchedule;
use crate::reader::{At, RawTable};

/// The trigger, or `None` and a reported problem.
pub(super) fn trigger(
    raw: &RawSchedule,
    header: &Range<usize>,
    interner: &mut Interner,
    problems: &mut Problems,
) -> Option<Trigger> {
    let keys = [
        ("cron", &raw.cron),
        ("every", &raw.every),
        ("at", &raw.at),
        ("on", &raw.on),
        ("after", &raw.after),
    ];
    let given: Vec<_> = keys
        .iter()
        .filter_map(|(key, value)| value.as_ref().map(|at| (*key, at)))
        .collect();
    if let [(first, kept), others @ ..] = given.as_slice() {
        for (other, at) in others {
            let message = format!("`{first}` and `{other}` both say when");
            let problem = problems.at(
                &at.span,
                message,
                "keep one of them, or write two schedules",
            );
            let problem = problem.noted(&problems.source, kept.span.clone(), "the other one");
            problems.add(problem);
        }
    } else if !keys.iter().any(|(key, _)| raw.has(key)) {
        let message = format!("nothing says when {} is due", called(raw));
        problems.error(
            header,
            message,
            "add a line such as `cron = \"0 3 * * *\"` (at 03:00 every day) or `every = \"15m\"`",
        );
    }
    only_with_after(raw, problems);
    only_with_cron("dst-gap", raw.dst_gap.as_ref(), raw, problems);
    only_with_cron("dst-overlap", raw.dst_overlap.as_ref(), raw, problems);
    let cron = raw
        .cron
        .as_ref()
        .and_then(|at| cron(at, raw, interner, problems));
    let every = raw.every.as_ref().and_then(|at| every(at, problems));
    let at = raw.at.as_ref().and_then(|at| once(at, problems));
    let on = raw
        .on
        .as_ref()
        .and_then(|at| named("an event", EventName::new, at, problems))
        .map(Trigger::Event);
    let after = raw.after.as_ref().and_then(|at| after(at, raw, problems));
    cron.or(every).or(at).or(on).or(after)
}

/// What follows another schedule's end.
fn after(at: &At<String>, raw: &RawSchedule, problems: &mut Problems) -> Option<Trigger> {
    let schedule = named("a schedule", ScheduleName::new, at, problems)?;
    let mut outcomes = Vec::new();
    if let Some(list) = &raw.after_outcome {
        for word in &list.value {
            let outcome: Outcome = word.value.parse().ok()?;
            if outcomes.contains(&outcome) {
                let message = format!("`{outcome}` is named twice");
                problems.error(&word.span, message, "remove one");
            } else {
                outcomes.push(outcome);
            }
        }
        if list.value.is_empty() {
            let hint =
                "name at least one end, or remove the line: `[\"succeeded\"]` is the default";
            problems.error(&list.span, "`after-outcome` names no end", hint);
        }
    } else {
        outcomes.push(Outcome::Succeeded);
    }
    Some(Trigger::After(After { schedule, outcomes }))
}

fn only_with_after(raw: &RawSchedule, problems: &mut Problems) {
    if let Some(at) = &raw.after_outcome
        && !raw.has("after")
    {
        let hint = "say whose end is followed, as in `after = \"acme-daily\"`, or remove this line";
        problems.error(
            &at.span,
            "`after-outcome` says nothing without `after`",
            hint,
        );
    }
}

fn only_with_cron(
    key: &str,
    policy: Option<&At<String>>,
    raw: &RawSchedule,
    problems: &mut Problems,
) {
    if let (Some(policy), None) = (policy, &raw.cron) {
        let message = format!("`{key}` says nothing without `cron`");
        problems.error(
            &policy.span,
            message,
            "only `cron` has times of day that clocks can skip or repeat; remove this line",
        );
    }
}

fn cron(
    at: &At<String>,
    raw: &RawSchedule,
    interner: &mut Interner,
    problems: &mut Problems,
) -> Option<Trigger> {
    let gap = chosen::<DstGap>(raw.dst_gap.as_ref());
    let overlap = chosen::<DstOverlap>(raw.dst_overlap.as_ref());
    match interner.cron(&at.value) {
        Ok(cron) => Some(Trigger::Cron { cron, gap, overlap }),
        Err(error) => {
            let span = problems.source.inside(&at.span, &at.value, &error.span);
            problems.error(&span, error.message, error.hint.unwrap_or_default());
            None
        }
    }
}

fn every(at: &At<String>, problems: &mut Problems) -> Option<Trigger> {
    match Every::parse(&at.value) {
        Ok(every) => Some(Trigger::Every(every)),
        Err(error) => {
            problems.error(&at.span, error.message, error.hint.unwrap_or_default());
            None
        }
    }
}

fn once(at: &At<String>, problems: &mut Problems) -> Option<Trigger> {
    if let Ok(time) = at.value.parse::<Timestamp>() {
        return Some(Trigger::At(time));
    }
    let shown = shortened(&at.value);
    if at.value.parse::<jiff::civil::DateTime>().is_ok() {
        let hint = "add one, as in `2026-12-01T03:00:00-03:00`; `Z` at the end means UTC";
        problems.error(&at.span, format!("`{shown}` has no offset from UTC"), hint);
    } else {
        let hint = "write date, time and offset, as in `at = \"2026-12-01T03:00:00-03:00\"`";
        problems.error(&at.span, format!("`{shown}` is not a time"), hint);
    }
    None
}
