//! What a person types.

mod conformance;
mod control;
mod schedule;
mod simulate;
mod snapshots;
mod swap;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use clap_complete::Shell;

pub(crate) use conformance::Test;
pub(crate) use control::{Backfill, Cancel, Clock, Pause, Raise, Resume};
pub(crate) use schedule::{NewEntry, ScheduleCommand};
pub(crate) use simulate::Simulate;
pub(crate) use snapshots::Snapshots;
pub(crate) use swap::Swap;

const AFTER_HELP: &str = "Exit codes: 0 ok · 1 a run failed · 2 wrong usage or bad files · 3 refused (grant, approval, signature)
            4 not found · 5 the ledger is unavailable · 70 a bug

Times are written 2026-11-20T03:00:00-03:00, 2026-11-20T06:00Z, or 2026-11-20 (midnight UTC).";

/// Runs sandboxed plugins that keep promises about customers' data: on schedule, on record.
#[derive(Debug, Parser)]
#[command(name = "strongroom", version, after_help = AFTER_HELP, propagate_version = true, subcommand_required = true)]
pub(crate) struct Arguments {
    /// Folder of schedule files, or one file.
    #[arg(long, global = true, env = "STRONGROOM_SCHEDULES")]
    #[arg(default_value = "schedules", value_name = "PATH")]
    pub(crate) schedules: PathBuf,
    /// Folder of plugin files (`*.wasm`).
    #[arg(long, global = true, env = "STRONGROOM_PLUGINS")]
    #[arg(default_value = "plugins", value_name = "DIR")]
    pub(crate) plugins: PathBuf,
    /// Folder of the ledger, the audit key and the compile cache.
    #[arg(long, global = true, env = "STRONGROOM_STATE")]
    #[arg(default_value = "state", value_name = "DIR")]
    pub(crate) state: PathBuf,
    /// Print JSON instead of text.
    #[arg(long, global = true)]
    pub(crate) json: bool,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Loads and validates schedules and plugins; runs nothing.
    Check,
    /// Shows coming due times, local and UTC.
    Next(Next),
    /// Shows which runs an edit adds, removes and moves, and what else it changes.
    Plan(Plan),
    /// Writes and tidies schedule files.
    #[command(subcommand)]
    Schedule(ScheduleCommand),
    /// Runs a schedule now, without disturbing its timetable: one attempt, no retries.
    Once(Once),
    /// Runs schedules until stopped (SIGTERM or Ctrl-C).
    Serve(Serve),
    /// Shows what will happen between two times: the whole engine on a simulated clock.
    Simulate(Simulate),
    /// Shows what needs attention: notices, pauses, what runs, what did not.
    Status,
    /// Prints metrics for Prometheus, counted from the record.
    Metrics,
    /// Stops a schedule from beginning anything until it is resumed; what runs goes on.
    Pause(Pause),
    /// Ends a pause. What was due meanwhile stays recorded as paused.
    Resume(Resume),
    /// Cancels an occurrence that waits or runs, here or in a running host.
    Cancel(Cancel),
    /// Raises an event: schedules with `on = EVENT` become due.
    Raise(Raise),
    /// Makes up for past due times that did not succeed; the timetable goes first. A snapshot holds what is there now.
    Backfill(Backfill),
    /// Looks at the machine's clock after a jump.
    #[command(subcommand)]
    Clock(Clock),
    /// Lists due times and what became of them.
    Occurrences(Occurrences),
    /// Lists, explains, holds and verifies snapshots.
    #[command(subcommand)]
    Snapshots(Snapshots),
    /// Restores a snapshot into an empty folder, or to something new at a provider.
    Restore(Restore),
    /// Swaps a provider: compares a schedule with its shadow, exchanges the two, returns.
    #[command(subcommand)]
    Swap(Swap),
    /// Lists how the host proves who it is at providers; never a secret.
    Credentials(Credentials),
    /// Looks into plugin files.
    #[command(subcommand)]
    Plugin(Plugin),
    /// Exports and verifies the audit log.
    #[command(subcommand)]
    Audit(Audit),
    /// Prints the JSON Schema of schedule files.
    Schema,
    /// Examines this machine and installation.
    Doctor,
    /// Prints completions for a shell.
    Completions {
        /// For which shell.
        shell: Shell,
    },
    /// Compiles a component from standard input to standard output, within limits.
    #[command(hide = true)]
    CompilePlugin,
}

#[derive(Debug, Args)]
pub(crate) struct Credentials {
    /// Lists the schemes there are, with the keys of each.
    #[arg(long)]
    pub(crate) schemes: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Next {
    /// Only this schedule.
    pub(crate) schedule: Option<String>,
    /// How many due times.
    #[arg(short = 'n', default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(crate) number: u32,
    /// From this time instead of now.
    #[arg(long, value_name = "TIME")]
    pub(crate) from: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Plan {
    /// The schedule file or folder as it is.
    pub(crate) old: PathBuf,
    /// The schedule file or folder as it would be.
    pub(crate) new: PathBuf,
    /// How many days to look ahead.
    #[arg(long, default_value_t = 400, value_parser = clap::value_parser!(u32).range(1..=4_000))]
    pub(crate) days: u32,
    /// As if the edit were made at this time instead of now.
    #[arg(long, value_name = "TIME")]
    pub(crate) from: Option<String>,
    /// List every run that changes, and every warning.
    #[arg(long)]
    pub(crate) all: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Once {
    /// Which schedule.
    pub(crate) schedule: String,
    /// Only for this tenant; otherwise for all of the schedule.
    #[arg(long)]
    pub(crate) tenant: Option<String>,
    /// Ask the plugin what it would do; change and record nothing.
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Also if the schedule is paused.
    #[arg(long)]
    pub(crate) despite_pause: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Serve {
    /// Attempts at once.
    #[arg(long, default_value_t = 16, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    pub(crate) concurrency: u32,
    /// Write metrics for Prometheus to this file every fifteen seconds (node exporter's textfile collector).
    #[arg(long, value_name = "FILE")]
    pub(crate) metrics: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Occurrences {
    /// Only of this schedule.
    #[arg(long)]
    pub(crate) schedule: Option<String>,
    /// Only of this tenant.
    #[arg(long)]
    pub(crate) tenant: Option<String>,
    /// Only due at or after this time.
    #[arg(long, value_name = "TIME")]
    pub(crate) since: Option<String>,
    /// Only due before this time.
    #[arg(long, value_name = "TIME")]
    pub(crate) until: Option<String>,
    /// Only with this outcome; may be repeated.
    #[arg(long)]
    pub(crate) outcome: Vec<String>,
    /// Only those that have not ended.
    #[arg(long, conflicts_with = "outcome")]
    pub(crate) unfinished: bool,
    /// At most so many, the newest.
    #[arg(short = 'n', long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub(crate) limit: u32,
}

#[derive(Debug, Args)]
pub(crate) struct Restore {
    /// The snapshot's id, or the beginning of it.
    pub(crate) snapshot: String,
    /// An empty folder; made if it does not exist.
    #[arg(long, value_name = "DIR", required_unless_present = "name")]
    pub(crate) to: Option<PathBuf>,
    /// Where a plugin restores at its provider: the name of something new there, such as a volume.
    #[arg(long = "as", value_name = "NAME", conflicts_with = "to")]
    pub(crate) name: Option<String>,
    /// Only this path inside the snapshot, such as `data/mail`; may be repeated.
    #[arg(long, value_name = "PATH")]
    pub(crate) path: Vec<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Plugin {
    /// Lists every plugin file the host knows: its digest, what it is to the host, since when, by whom and why.
    List,
    /// Shows what a plugin file is, imports and wants.
    Inspect {
        /// The `.wasm` file.
        file: PathBuf,
    },
    /// Tries out what the contract says, case by case, on a real provider if one is named.
    Test(Test),
}

#[derive(Debug, Subcommand)]
pub(crate) enum Audit {
    /// Writes the audit log as files that anyone can verify.
    Export {
        /// An empty or earlier export folder; made if it does not exist.
        dir: PathBuf,
    },
    /// Verifies an export from its files alone.
    Verify {
        /// The export.
        dir: PathBuf,
        /// The verifier key, or a file that holds it. Without it the key inside the export is used, which proves only
        /// that the export agrees with itself.
        #[arg(long)]
        key: Option<String>,
        /// A checkpoint you kept from earlier: proves that nothing before it was changed or cut off.
        #[arg(long, value_name = "FILE")]
        earlier: Option<PathBuf>,
    },
}
