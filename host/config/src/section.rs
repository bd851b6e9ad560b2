//! The keys that a table of a file may have, each described once.
//!
//! Owns: what reading, hints, the order of `schedule fmt`, the reference and the JSON Schema need of a key.
//! Never: a file, or what a value means.
//! Read next: `raw`, where every key stands; then `reader`, `schema` and `edit::order`.

use std::fmt;

use serde_json::Value;

/// The names of schedules, plugins, accounts, events and credentials.
const NAME: &str = "^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$";

/// A table of a file and its keys, in the order in which they stand in a tidy file.
#[derive(Debug)]
pub(crate) struct Section {
    /// As a person writes it: `[schedule.retry]`.
    pub(crate) header: &'static str,
    pub(crate) about: &'static str,
    pub(crate) keys: &'static [Key],
    /// Sets of keys of which exactly one is complete; empty: there is no such rule.
    pub(crate) one_of: &'static [&'static [&'static str]],
    /// Sets of keys of which at least one is complete; empty: there is no such rule.
    pub(crate) any_of: &'static [&'static [&'static str]],
}

/// A key of a table.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Key {
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
    pub(crate) kind: Kind,
    /// Another value than the default; tables have none.
    pub(crate) example: Option<Literal>,
    pub(crate) default: Option<Literal>,
    pub(crate) required: bool,
    pub(crate) group: Group,
    /// Words of other schedulers for the same.
    pub(crate) aliases: &'static [&'static str],
}

/// The values that a key may have.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Kind {
    /// A text, perhaps of this pattern.
    Text(Option<&'static str>),
    /// A text, or a date without quotes.
    Time,
    Flag,
    /// A whole number from the first up to the second one.
    Whole(u32, Option<u32>),
    /// One of these texts.
    Choice(&'static [&'static str]),
    /// Some of these texts, at least one and none twice.
    Choices(&'static [&'static str]),
    Texts(Items),
    /// A list of texts, or one that stands for a list of itself.
    TextOrTexts,
    /// A table of texts and lists of texts.
    Bounds,
    /// Any table.
    Object,
    /// A table with keys of its own.
    Table(&'static Section),
    /// A table of such tables, by names that the operator chooses.
    Named(&'static Section),
    /// Entries, each begun by a line in two brackets; at least so many.
    Entries(&'static Section, usize),
}

/// How many items a list has.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Items {
    pub(crate) least: usize,
    pub(crate) most: usize,
    pub(crate) distinct: bool,
}

/// What keys of an entry are for, where that decides whether another key goes with them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Group {
    /// Goes with every other key.
    Any,
    /// When and for whom: a shadow and a succeeded schedule have it from another one.
    Timetable,
    /// The plugin and what it is given: a drill has it from the schedule that it drills.
    Plugin,
    /// A setting of the role `snapshots`.
    Snapshots,
}

/// A value in a description.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Literal {
    Text(&'static str),
    Whole(u32),
    Flag(bool),
    Texts(&'static [&'static str]),
}

impl Section {
    pub(crate) fn key(&self, name: &str) -> Option<&'static Key> {
        self.keys.iter().find(|key| key.name == name)
    }

    /// This table and all below it, from the top.
    pub(crate) fn all(&'static self) -> Vec<&'static Self> {
        let mut all = vec![self];
        for key in self.keys {
            if let Kind::Table(below) | Kind::Named(below) | Kind::Entries(below, _) = key.kind {
                all.extend(below.all());
            }
        }
        all
    }

    /// The names of the keys, in the order of the alphabet.
    pub(crate) fn names(&self) -> Vec<&'static str> {
        let mut names: Vec<_> = self.keys.iter().map(|key| key.name).collect();
        names.sort_unstable();
        names
    }
}

impl Key {
    pub(crate) const fn new(name: &'static str, kind: Kind) -> Self {
        Self {
            name,
            about: "",
            kind,
            example: None,
            default: None,
            required: false,
            group: Group::Any,
            aliases: &[],
        }
    }

    pub(crate) const fn text(name: &'static str, example: &'static str) -> Self {
        Self::new(name, Kind::Text(None)).example(Literal::Text(example))
    }

    /// A text that is the name of something.
    pub(crate) const fn named(name: &'static str, example: &'static str) -> Self {
        Self::text(name, example).pattern(NAME)
    }

    pub(crate) const fn time(name: &'static str, example: &'static str) -> Self {
        Self::new(name, Kind::Time).example(Literal::Text(example))
    }

    pub(crate) const fn flag(name: &'static str, default: bool) -> Self {
        let key = Self::new(name, Kind::Flag).example(Literal::Flag(!default));
        key.default(Literal::Flag(default))
    }

    pub(crate) const fn whole(
        name: &'static str,
        least: u32,
        most: Option<u32>,
        example: u32,
    ) -> Self {
        Self::new(name, Kind::Whole(least, most)).example(Literal::Whole(example))
    }

    pub(crate) const fn choice(
        name: &'static str,
        choices: &'static [&'static str],
        example: &'static str,
    ) -> Self {
        Self::new(name, Kind::Choice(choices)).example(Literal::Text(example))
    }

    /// A list of at most so many texts.
    pub(crate) const fn texts(
        name: &'static str,
        most: usize,
        example: &'static [&'static str],
    ) -> Self {
        let items = Items {
            least: 0,
            most,
            distinct: false,
        };
        Self::new(name, Kind::Texts(items)).example(Literal::Texts(example))
    }

    pub(crate) const fn example(mut self, example: Literal) -> Self {
        self.example = Some(example);
        self
    }

    pub(crate) const fn default(mut self, default: Literal) -> Self {
        self.default = Some(default);
        self
    }

    /// With this text as its default.
    pub(crate) const fn or(self, default: &'static str) -> Self {
        self.default(Literal::Text(default))
    }

    pub(crate) const fn pattern(mut self, pattern: &'static str) -> Self {
        self.kind = Kind::Text(Some(pattern));
        self
    }

    /// A list with at least one item.
    pub(crate) const fn filled(mut self) -> Self {
        if let Kind::Texts(items) = &mut self.kind {
            items.least = 1;
        }
        self
    }

    /// A list in which no item is twice.
    pub(crate) const fn distinct(mut self) -> Self {
        if let Kind::Texts(items) = &mut self.kind {
            items.distinct = true;
        }
        self
    }

    pub(crate) const fn required(mut self) -> Self {
        self.required = true;
        self
    }

    pub(crate) const fn of(mut self, group: Group) -> Self {
        self.group = group;
        self
    }

    pub(crate) const fn aliases(mut self, aliases: &'static [&'static str]) -> Self {
        self.aliases = aliases;
        self
    }

    pub(crate) const fn about(mut self, about: &'static str) -> Self {
        self.about = about;
        self
    }

    /// A line that could stand in the file; tables have none.
    pub(crate) fn line(&self) -> Option<String> {
        Some(format!("{} = {}", self.name, self.example?))
    }

    /// The shortest such line: a list has one item.
    pub(crate) fn short_line(&self) -> Option<String> {
        match self.example? {
            Literal::Texts([first, ..]) => Some(format!("{} = [\"{first}\"]", self.name)),
            _ => self.line(),
        }
    }

    /// The only texts that it may have or hold; empty: any.
    pub(crate) fn choices(&self) -> &'static [&'static str] {
        match self.kind {
            Kind::Choice(choices) | Kind::Choices(choices) => choices,
            _ => &[],
        }
    }
}

impl Kind {
    /// Whether the value is a table.
    pub(crate) fn is_table(self) -> bool {
        match self {
            Self::Object | Self::Bounds | Self::Table(_) | Self::Named(_) => true,
            Self::Text(_) | Self::Time | Self::Flag | Self::Whole(..) | Self::Choice(_) => false,
            Self::Choices(_) | Self::Texts(_) | Self::TextOrTexts | Self::Entries(..) => false,
        }
    }
}

impl Literal {
    pub(crate) fn json(self) -> Value {
        match self {
            Self::Text(text) => text.into(),
            Self::Whole(number) => number.into(),
            Self::Flag(flag) => flag.into(),
            Self::Texts(texts) => texts.into(),
        }
    }
}

/// As TOML: JSON's texts, numbers, truth values and lists are TOML's as well.
impl fmt::Display for Literal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.json().to_string().replace("\",\"", "\", \""))
    }
}
