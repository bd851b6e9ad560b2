//! What is wrong between schedules and plugins.

use strongroom_config::{Diagnostic, Diagnostics};

/// Why schedules and plugins do not fit.
#[derive(Debug)]
pub struct Misfit {
    /// Every problem of every schedule, each at its place in the file.
    pub problems: Diagnostics,
    /// Every one of them is a permission: the host refuses, the files are in order.
    pub refused: bool,
}

/// The problems of one schedule: wrong files, and permissions that do not agree.
#[derive(Default)]
pub(super) struct Found {
    pub(super) wrong: Vec<Diagnostic>,
    pub(super) refused: Vec<Diagnostic>,
}

/// What to do about a grant that the plugin does not want.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unwanted {
    /// It is a problem: nothing is given that is not used.
    Refuse,
    /// It is not given: the plugin was replaced by one that wants less, and the schedule still grants the rest.
    Withhold,
}
