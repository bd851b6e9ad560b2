//! What a person types to write schedule files.

use std::path::PathBuf;

use clap::{Args, Subcommand};

#[derive(Debug, Subcommand)]
pub(crate) enum ScheduleCommand {
    /// Adds a schedule to a file; asks for what is missing when a person sits there.
    New(Box<NewEntry>),
    /// Brings schedule files into their tidy form; what they mean and every comment stay.
    Fmt {
        /// Files or folders; otherwise those of `--schedules`.
        paths: Vec<PathBuf>,
        /// Change nothing; end with 1 if a file would change.
        #[arg(long)]
        check: bool,
    },
}

#[derive(Debug, Args)]
pub(crate) struct NewEntry {
    /// Its name, unique in the folder.
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// The plugin that runs.
    #[arg(long)]
    pub(crate) plugin: Option<String>,
    /// A tenant it runs for; may be repeated.
    #[arg(long)]
    pub(crate) tenant: Vec<String>,
    /// When: a cron text, such as `0 3 * * *`.
    #[arg(long, group = "when")]
    pub(crate) cron: Option<String>,
    /// When: a fixed distance, such as `15m`.
    #[arg(long, group = "when")]
    pub(crate) every: Option<String>,
    /// When: once, such as `2026-12-01T03:00:00-03:00`.
    #[arg(long, group = "when")]
    pub(crate) at: Option<String>,
    /// When: on an event.
    #[arg(long, group = "when", value_name = "EVENT")]
    pub(crate) on: Option<String>,
    /// When: after a run of another schedule has ended.
    #[arg(long, group = "when", value_name = "SCHEDULE")]
    pub(crate) after: Option<String>,
    /// The zone in which times are read, such as `-03:00`; otherwise UTC.
    #[arg(long, value_name = "ZONE", allow_hyphen_values = true)]
    pub(crate) timezone: Option<String>,
    /// How long snapshots are kept, such as `5d`.
    #[arg(long, value_name = "AGE")]
    pub(crate) keep_within: Option<String>,
    /// A folder that the plugin may read; may be repeated.
    #[arg(long, value_name = "NAME=PATH")]
    pub(crate) read: Vec<String>,
    /// A folder that the plugin may change; may be repeated.
    #[arg(long, value_name = "NAME=PATH")]
    pub(crate) write: Vec<String>,
    /// The file it is added to; otherwise one of its own in the folder of `--schedules`.
    #[arg(long, value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
    /// Print the text; write nothing.
    #[arg(long)]
    pub(crate) dry_run: bool,
}
