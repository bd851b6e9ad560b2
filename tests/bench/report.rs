//! The table at the end: figure, peer, ratio, goal, verdict.

use std::fmt;

/// What a figure must reach.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Goal {
    /// At most so many times the peer.
    AtMost(f64),
    /// At least so many times the peer.
    AtLeast(f64),
    /// No goal: for orientation.
    None,
}

/// One line of the table.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    /// What was measured.
    pub(crate) figure: String,
    /// Its value, in the unit.
    pub(crate) value: f64,
    /// What it stands beside.
    pub(crate) peer: String,
    /// The peer's value, in the same unit.
    pub(crate) beside: f64,
    /// `s`, `µs`, `MiB`, `/s`.
    pub(crate) unit: &'static str,
    /// What it must reach.
    pub(crate) goal: Goal,
}

/// All lines.
#[derive(Debug, Clone, Default)]
pub(crate) struct Report(Vec<Row>);

impl Report {
    /// Adds a line and prints it at once.
    pub(crate) fn add(&mut self, row: Row) {
        println!("   {row}");
        self.0.push(row);
    }
}

impl Row {
    fn ratio(&self) -> f64 {
        self.value / self.beside
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            figure,
            value,
            peer,
            beside,
            unit,
            goal,
        } = self;
        let ratio = self.ratio();
        let (goal, verdict) = match goal {
            Goal::AtMost(most) => (
                format!("≤ {most}×"),
                if ratio <= *most { "met" } else { "MISSED" },
            ),
            Goal::AtLeast(least) => (
                format!("≥ {least}×"),
                if ratio >= *least { "met" } else { "MISSED" },
            ),
            Goal::None => (String::new(), ""),
        };
        let (value, beside) = (
            format!("{} {unit}", short(*value)),
            format!("{} {unit}", short(*beside)),
        );
        write!(
            f,
            "{figure:<34} {value:>12}   {peer:<38} {beside:>12}  {ratio:>7.2}×  {goal:<7} {verdict}"
        )
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|row| writeln!(f, "{row}"))
    }
}

fn short(value: f64) -> String {
    match value {
        value if value >= 1000.0 => format!("{value:.0}"),
        value if value >= 10.0 => format!("{value:.1}"),
        value => format!("{value:.2}"),
    }
}
