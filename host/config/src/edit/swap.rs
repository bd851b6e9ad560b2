//! The exchange of two schedules of a swap: what says when and for whom goes from one entry to the other.
//!
//! Owns: the new texts, with every comment; that nothing but the exchange changes is checked each time.
//! Never: writes; decides whether it is time (`strongroom_domain::swap`).
//! Read next: `write`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;
use strongroom_domain::schedule::{Schedule, SnapshotSettings, SwapRole};
use strongroom_domain::{ScheduleName, schedule};
use toml_edit::{ArrayOfTables, DocumentMut, Item, Key, Table, value};

use super::tidy::tidy;
use crate::diagnostic::Diagnostics;
use crate::files;
use crate::raw::RawSchedule;
use crate::reader::RawTable;
use crate::section::Group;
use crate::set::{self, ScheduleSet};
use crate::source::SourceFile;

/// What the schedule becomes that has kept the promise so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leaves {
    /// It makes nothing new: its shelf runs out.
    Succeeded,
    /// It rehearses beside the other one.
    Shadow,
}

impl Leaves {
    fn key(self) -> &'static str {
        match self {
            Self::Succeeded => "succeeded-by",
            Self::Shadow => "shadow-of",
        }
    }
}

/// What there is to write.
#[derive(Debug, Clone)]
pub struct Exchange {
    /// The files that change, each with its whole text.
    pub files: Vec<(PathBuf, String)>,
    /// The texts they have now.
    pub before: Vec<(PathBuf, String)>,
    /// Other entries that named the one and now name the other.
    pub followed: Vec<ScheduleName>,
    /// What is allowed but probably not meant, in the whole folder.
    pub warnings: Diagnostics,
}

/// Says why two schedules cannot be exchanged.
#[derive(Debug)]
pub enum NotExchanged {
    /// The files there have problems.
    Before(Diagnostics),
    /// An entry is not written as `[[schedule]]`.
    Braces(ScheduleName),
    /// The new texts would say something else: a bug, and the files are better left alone.
    Different(String),
    /// With the exchange the files have problems.
    After(Diagnostics),
}

/// Exchanges, in memory: `from`, which keeps the promise, gives its timetable and tenants to `to`, and becomes what it
/// `leaves` as. Entries that follow, shadow or were succeeded by `from` name `to` from then on.
///
/// # Errors
/// [`NotExchanged`]: nothing is to be written.
pub fn exchange(
    schedules: &Path,
    from: &ScheduleName,
    to: &ScheduleName,
    leaves: Leaves,
    now: Timestamp,
) -> Result<Exchange, NotExchanged> {
    let files = files::read_all(schedules).map_err(NotExchanged::Before)?;
    let before = set::parse(files.clone(), now).map_err(NotExchanged::Before)?;
    let mut texts = Texts::read(&files);
    let moved = texts.take(from, leaves.key(), to)?;
    texts.put(to, moved)?;
    let followed = texts.follow(from, to);
    let (mut changed, mut kept) = (Vec::new(), Vec::new());
    let mut after = files.clone();
    for ((source, read), new) in files.iter().zip(&texts.0).zip(&mut after) {
        let Some((document, unchanged)) = read else {
            continue;
        };
        let mut text = document.to_string();
        if text == *unchanged {
            continue;
        }
        // A file that was tidy stays so.
        if tidy(&source.text).is_ok_and(|tidied| tidied == source.text) {
            text = tidy(&text).unwrap_or(text);
        }
        new.text.clone_from(&text);
        changed.push((source.path.clone(), text));
        kept.push((source.path.clone(), source.text.clone()));
    }
    let set = set::parse(after, now).map_err(NotExchanged::After)?;
    if let Some(why) = different(&before, &set, from, to, leaves) {
        return Err(NotExchanged::Different(why));
    }
    Ok(Exchange {
        files: changed,
        before: kept,
        followed,
        warnings: set.warnings,
    })
}

/// The files as documents, each with the text it makes as it is; `None`: it is no TOML.
struct Texts(Vec<Option<(DocumentMut, String)>>);

/// Lines of an entry: keys with what stands above them.
type Lines = Vec<(Key, Item)>;

impl Texts {
    fn read(files: &[SourceFile]) -> Self {
        let read = |file: &SourceFile| {
            let document: DocumentMut = file.text.parse().ok()?;
            let text = document.to_string();
            Some((document, text))
        };
        Self(files.iter().map(read).collect())
    }

    fn entries(&mut self) -> impl Iterator<Item = &mut Table> {
        let lists = self.0.iter_mut().flatten().filter_map(|(document, _)| {
            document
                .get_mut("schedule")
                .and_then(Item::as_array_of_tables_mut)
        });
        lists.flat_map(ArrayOfTables::iter_mut)
    }

    fn entry(&mut self, name: &ScheduleName) -> Result<&mut Table, NotExchanged> {
        let named =
            |table: &&mut Table| table.get("name").and_then(Item::as_str) == Some(name.as_str());
        let found = self.entries().find(named);
        found.ok_or_else(|| NotExchanged::Braces(name.clone()))
    }

    /// Takes the lines that say when and for whom out of an entry; a line that names the other one comes in their place.
    fn take(
        &mut self,
        name: &ScheduleName,
        key: &str,
        other: &ScheduleName,
    ) -> Result<Lines, NotExchanged> {
        let entry = self.entry(name)?;
        let mut moved = Vec::new();
        let mut stays = Vec::new();
        let mut place = None;
        for (key, item) in drain(entry) {
            if is_timetable(&key) {
                place.get_or_insert(stays.len());
                moved.push((key, item));
            } else {
                stays.push((key, item));
            }
        }
        let place = place.unwrap_or(stays.len());
        let mut line = value(other.as_str());
        if let Some(value) = line.as_value_mut() {
            value.decor_mut().set_prefix(" ");
        }
        stays.insert(place, (Key::new(key), line));
        fill(entry, stays);
        Ok(moved)
    }

    /// Puts lines into an entry in place of the one that names the other schedule; what was said there stays above them.
    fn put(&mut self, name: &ScheduleName, mut moved: Lines) -> Result<(), NotExchanged> {
        let entry = self.entry(name)?;
        let mut lines = drain(entry);
        let is_part = |(key, _): &(Key, Item)| matches!(key.get(), "shadow-of" | "succeeded-by");
        if let Some(at) = lines.iter().position(is_part) {
            let (key, item) = lines.remove(at);
            if let Some((first, _)) = moved.first_mut() {
                let above = first.leaf_decor().prefix().and_then(|raw| raw.as_str());
                let above = format!("{}{}", said(&key, &item), above.unwrap_or_default());
                first.leaf_decor_mut().set_prefix(above);
            }
            lines.splice(at..at, moved);
        } else {
            lines.extend(moved);
        }
        fill(entry, lines);
        Ok(())
    }

    /// Lets every other entry name the new one; which they are.
    fn follow(&mut self, from: &ScheduleName, to: &ScheduleName) -> Vec<ScheduleName> {
        let mut changed = Vec::new();
        for entry in self.entries() {
            let name = entry.get("name").and_then(Item::as_str);
            let name = name.and_then(|name| ScheduleName::new(name).ok());
            let Some(name) = name.filter(|name| name != to) else {
                continue;
            };
            for key in ["after", "shadow-of", "succeeded-by", "drill-of"] {
                let Some(line) = entry.get_mut(key).and_then(Item::as_value_mut) else {
                    continue;
                };
                if line.as_str() != Some(from.as_str()) {
                    continue;
                }
                let decor = line.decor().clone();
                *line = to.as_str().into();
                *line.decor_mut() = decor;
                changed.push(name.clone());
            }
        }
        changed
    }
}

/// Whether a key says when or for whom.
fn is_timetable(key: &Key) -> bool {
    let key = RawSchedule::SECTION.key(key.get());
    key.is_some_and(|key| key.group == Group::Timetable)
}

/// Every line of a table, taken out in order.
fn drain(table: &mut Table) -> Lines {
    let names: Vec<String> = table.iter().map(|(name, _)| name.to_owned()).collect();
    names
        .iter()
        .filter_map(|name| table.remove_entry(name))
        .collect()
}

fn fill(table: &mut Table, lines: Lines) {
    for (key, mut item) in lines {
        // Printed after the lines before it, wherever it stood.
        if let Some(inner) = item.as_table_mut()
            && is_timetable(&key)
        {
            inner.set_position(None);
        }
        table.insert_formatted(&key, item);
    }
}

/// The comments above a line and beside it, to stand above another one.
fn said(key: &Key, item: &Item) -> String {
    let above = key.leaf_decor().prefix().and_then(|raw| raw.as_str());
    let mut text = above.unwrap_or_default().to_owned();
    let beside = item.as_value().and_then(|value| value.decor().suffix());
    let beside = beside.and_then(|raw| raw.as_str()).map(str::trim);
    if let Some(comment) = beside.filter(|comment| !comment.is_empty()) {
        text.push_str(comment);
        text.push('\n');
    }
    text
}

/// What the exchange changes beside what it is for; `None`: nothing.
fn different(
    before: &ScheduleSet,
    after: &ScheduleSet,
    from: &ScheduleName,
    to: &ScheduleName,
    leaves: Leaves,
) -> Option<String> {
    let of = |set: &ScheduleSet| -> BTreeMap<ScheduleName, Arc<Schedule>> {
        let schedules = set.schedules.iter().map(|one| &one.schedule);
        schedules
            .map(|one| (one.name.clone(), one.clone()))
            .collect()
    };
    let (olds, news) = (of(before), of(after));
    if !olds.keys().eq(news.keys()) {
        return Some("the entries are others".to_owned());
    }
    let Some(promised) = olds.get(from) else {
        return Some(format!("there is no `{from}`"));
    };
    for (old, (name, new)) in olds.values().zip(&news) {
        let mut expected = Schedule::clone(old);
        let settings = Arc::make_mut(&mut expected.snapshots);
        if name == to {
            settings.swap_role = SwapRole::Primary;
        } else if name == from {
            settings.swap_role = match leaves {
                Leaves::Succeeded => SwapRole::SucceededBy(to.clone()),
                Leaves::Shadow => SwapRole::ShadowOf(to.clone()),
            };
        } else {
            settings.swap_role = renamed(&settings.swap_role, from, to);
        }
        if let schedule::Trigger::After(after) = &mut expected.trigger
            && after.schedule == *from
            && name != to
        {
            after.schedule = to.clone();
        }
        if name == to || name == from {
            expected.enabled = new.enabled;
        }
        if expected.drill_of() == Some(from) {
            // A drill runs as the schedule it drills does, which is the other one now.
            expected = Schedule {
                name: expected.name,
                snapshots: Arc::new(SnapshotSettings {
                    drill_of: Some(to.clone()),
                    ..SnapshotSettings::clone(&new.snapshots)
                }),
                trigger: expected.trigger,
                tenants: expected.tenants,
                ..Schedule::clone(new)
            };
        }
        let same = format!("{expected:?}") == format!("{new:?}");
        let when = format!("{:?} {:?}", promised.trigger, promised.tenants)
            == format!("{:?} {:?}", new.trigger, new.tenants);
        if !same || (name == to && !when) {
            return Some(format!("`{name}` would mean something else"));
        }
    }
    None
}

fn renamed(swap_role: &SwapRole, from: &ScheduleName, to: &ScheduleName) -> SwapRole {
    match swap_role {
        SwapRole::ShadowOf(name) if name == from => SwapRole::ShadowOf(to.clone()),
        SwapRole::SucceededBy(name) if name == from => SwapRole::SucceededBy(to.clone()),
        other => other.clone(),
    }
}
