//! The engine against `croner`: wherever the two disagree, the disagreement is of a known class.
//!
//! The classes and why each is meant are in `croner_disagreements.md`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use croner::parser::CronParser;
use jiff::Timestamp;
use jiff::tz::AmbiguousOffset;
use strongroom_domain::calendar::{DstGap, DstNote, DstOverlap, DueTime, Zone, due_between};

use crate::expressions;
use crate::world::{Chance, changes, cron, in_every_zone, soak};

const TEXTS: [&str; 17] = [
    "30 2 * * *",
    "0 0 * * *",
    "30 1 * * *",
    "0 1 * * *",
    "0,30 1,2 * * *",
    "0 0,1 * * *",
    "15-20 0-3 * * *",
    "*/15 * * * *",
    "0 * * * *",
    "* 2 * * *",
    "0 */2 * * *",
    "0 0 */2 * MON",
    "0 0 13 * FRI",
    "0 0 29 2 *",
    "0 0 31 * *",
    "45 23 * * SUN",
    "12 23 30 3 SAT",
];

/// Why the two may disagree; the names are those of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Class {
    StarredDay,
    ListInOverlap,
    ListInGap,
    LongGap,
    GapOverMidnight,
}

/// The sentences of the file for each class begin with these headings.
const HEADINGS: [(Class, &str); 5] = [
    (Class::StarredDay, "## Starred day"),
    (Class::ListInOverlap, "## List in an overlap"),
    (Class::ListInGap, "## List in a gap"),
    (Class::LongGap, "## Long gap"),
    (Class::GapOverMidnight, "## Gap over midnight"),
];

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/croner_disagreements.md");
/// The heading of what the long form counts.
const COUNTS: &str = "## Counts of the long form";

/// What `croner` finds, and whether it gave up before the end.
struct Found {
    at: BTreeSet<Timestamp>,
    gave_up: bool,
}

fn theirs(text: &str, both_days: bool, zone: &Zone, from: Timestamp, to: Timestamp) -> Found {
    let parser = CronParser::builder().dom_and_dow(both_days).build();
    let pattern = parser.parse(text).unwrap();
    let mut last = from.to_zoned(zone.time_zone().clone());
    let mut at = BTreeSet::new();
    loop {
        let Ok(next) = pattern.find_next_occurrence(&last, false) else {
            return Found { at, gave_up: true };
        };
        assert!(
            next > last,
            "croner turns back: {text} from {last} to {next}"
        );
        if next.timestamp() > to {
            return Found { at, gave_up: false };
        }
        at.insert(next.timestamp());
        last = next;
    }
}

fn is_second_of_two(zone: &Zone, at: Timestamp) -> bool {
    let tz = zone.time_zone();
    match tz.to_ambiguous_timestamp(tz.to_datetime(at)).offset() {
        AmbiguousOffset::Fold { after, .. } => tz.to_offset(at) == after,
        AmbiguousOffset::Gap { .. } | AmbiguousOffset::Unambiguous { .. } => false,
    }
}

/// Hours, minutes: fixed, and more than one time.
fn is_fixed_list(text: &str) -> bool {
    let times: String = text.split(' ').take(2).collect();
    times.contains([',', '-']) && !times.contains(['*', '/'])
}

/// Two day fields, one of which begins with `*` and still leaves days out.
fn has_starred_day(text: &str) -> bool {
    let fields: Vec<&str> = text.split(' ').collect();
    let [_, _, day, _, weekday] = fields[..] else {
        // A nickname.
        return false;
    };
    let is_stepped = |field: &str| field.starts_with("*/");
    day != "*" && weekday != "*" && (is_stepped(day) || is_stepped(weekday))
}

/// How many due times both find in a stretch of time, and every disagreement with its class; `None`: of no class.
fn disagreements(
    text: &str,
    zone: &Zone,
    from: Timestamp,
    to: Timestamp,
) -> (usize, Vec<(Timestamp, Option<Class>)>) {
    let trigger = cron(text, DstGap::Next, DstOverlap::First);
    let ours: BTreeMap<Timestamp, DueTime> = due_between(&trigger, zone, from, to)
        .map(|due| (due.at, due))
        .collect();
    let starred = has_starred_day(text);
    let mut theirs_found = theirs(text, starred, zone, from, to);
    let mut all = Vec::new();
    if starred {
        // What they would find by their own reading of the two day fields is a class by itself.
        let read_their_way = theirs(text, false, zone, from, to);
        all.extend(
            read_their_way
                .at
                .difference(&theirs_found.at)
                .map(|at| (*at, Some(Class::StarredDay))),
        );
        theirs_found.gave_up |= read_their_way.gave_up;
    }
    let same = ours
        .keys()
        .filter(|at| theirs_found.at.contains(at))
        .count();
    for (at, due) in ours.iter().filter(|(at, _)| !theirs_found.at.contains(at)) {
        let moved = matches!(due.note, Some(DstNote::MovedOutOfGap(_)));
        let over_midnight = matches!(
            due.note,
            Some(DstNote::MovedOutOfGap(civil)) if civil.date() != zone.time_zone().to_datetime(*at).date()
        );
        let class = match moved {
            true if is_fixed_list(text) => Some(Class::ListInGap),
            _ if theirs_found.gave_up && zone.as_str() == "Pacific/Apia" => Some(Class::LongGap),
            true if over_midnight => Some(Class::GapOverMidnight),
            _ => None,
        };
        all.push((*at, class));
    }
    for at in theirs_found.at.iter().filter(|at| !ours.contains_key(at)) {
        let repeated = is_fixed_list(text) && is_second_of_two(zone, *at);
        all.push((*at, repeated.then_some(Class::ListInOverlap)));
    }
    (same, all)
}

/// Whether they read the text at all: they know no range of days over the end of the week.
fn is_read(text: &str) -> bool {
    CronParser::builder().build().parse(text).is_ok()
}

#[test]
fn every_disagreement_with_croner_is_of_a_known_class() {
    let counts: Mutex<BTreeMap<Class, usize>> = Mutex::default();
    let agreed = AtomicUsize::new(0);
    let (list, _) = expressions::all();
    let (read, unread): (Vec<String>, Vec<String>) =
        list.into_iter().partition(|text| is_read(text));
    in_every_zone(|zone, chance: &mut Chance| {
        let to = if soak() { "2032" } else { "2021" };
        let years = [
            ("2018", to),
            ("2011", "2012"),
            Some(("2024", "2025"))
                .filter(|_| !soak())
                .unwrap_or(("2032", "2033")),
        ];
        let found = years.iter().flat_map(|(from, to)| {
            changes(
                zone,
                &format!("{from}-01-01T00:00:00Z"),
                &format!("{to}-01-01T00:00:00Z"),
            )
        });
        for change in found.chain([1_772_323_200]) {
            let instant = |second| Timestamp::from_second(second).unwrap();
            let (from, to) = (instant(change - 86_400), instant(change + 86_400));
            let in_turn = read.iter().cycle().skip(chance.index(read.len()));
            let in_turn = in_turn
                .take(if soak() { read.len() } else { 6 })
                .map(String::as_str);
            for text in TEXTS.into_iter().chain(in_turn) {
                let (same, different) = disagreements(text, zone, from, to);
                agreed.fetch_add(same, Ordering::Relaxed);
                for (at, class) in different {
                    let class = class.unwrap_or_else(|| {
                        panic!("{text} in {} at {at}: no known class", zone.as_str())
                    });
                    *counts.lock().unwrap().entry(class).or_default() += 1;
                }
            }
        }
    });
    let counts = counts.into_inner().unwrap();
    let file = std::fs::read_to_string(FILE).unwrap();
    for (class, heading) in HEADINGS {
        assert!(
            counts.contains_key(&class),
            "{class:?} no longer happens: remove it from the file; {counts:?}"
        );
        assert!(file.contains(heading), "{heading} is missing in the file");
    }
    if soak() {
        told(&file, &counted(&counts, agreed.into_inner(), unread.len()));
    }
}

/// The counts of the long form as the file shows them.
fn counted(counts: &BTreeMap<Class, usize>, agreed: usize, unread: usize) -> String {
    let mut text =
        format!("{COUNTS}\n| what | due times |\n|---|---|\n| both agree | {agreed} |\n");
    for (class, heading) in HEADINGS {
        let (name, count) = (heading.trim_start_matches("## "), counts[&class]);
        text.push_str(&format!("| {name} | {count} |\n"));
    }
    text.push_str("| of no class | 0 |\n\n");
    text + &format!(
        "{unread} of the thousand texts `croner` does not read at all, such as `0 0 * * SUN-TUE`.\n"
    )
}

/// Compares the counts with the end of the file; `UPDATE_CASES=1` writes them there.
fn told(file: &str, counted: &str) {
    let (before, after) = file.split_once(COUNTS).unwrap();
    if std::env::var_os("UPDATE_CASES").is_some() {
        std::fs::write(FILE, format!("{before}{counted}")).unwrap();
    } else {
        let known = format!("{COUNTS}{after}");
        assert_eq!(
            known, counted,
            "look at what changed, then UPDATE_CASES=1 writes it"
        );
    }
}
