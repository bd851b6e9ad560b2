//! What a person types.

mod conformance;
mod snapshots;
mod swap;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use clap_complete::Shell;
use uuid::Uuid;

pub(crate) use conformance::Test;
pub(crate) use snapshots::Snapshots;
pub(crate) use swap::{Back, CutOver, Report, Swap};

const AFTER_HELP: &str = "Exit codes: 0 ok · 1 a run failed · 2 wrong usage or bad files · 3 refused (grant, approval, signature)
            4 not found · 5 the ledger is unavailable · 70 a bug

Times are written 2026-11-20T03:00:00-03:00, 2026-11-20T06:00Z, or 2026-11-20 (midnight UTC).";

/// Runs sandboxed plugins that keep promises about customers' data: on schedule, on record.
#[derive(Debug, Parser)]
#[command(name = "strongroom", version, after_help = AFTER_HELP, propagate_version = true, subcommand_required = true)]
pub(crate) struct Arguments {
    /// Folder of schedule files, or one file.
    #[arg(
        long,
        global = true,
        env = "STRONGROOM_SCHEDULES",
        default_value = "schedules",
        value_name = "PATH"
    )]
    pub(crate) schedules: PathBuf,
    /// Folder of plugin files (`*.wasm`).
    #[arg(
        long,
        global = true,
        env = "STRONGROOM_PLUGINS",
        default_value = "plugins",
        value_name = "DIR"
    )]
    pub(crate) plugins: PathBuf,
    /// Folder of the ledger, the audit key and the compile cache.
    #[arg(
        long,
        global = true,
        env = "STRONGROOM_STATE",
        default_value = "state",
        value_name = "DIR"
    )]
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
pub(crate) struct Pause {
    /// Which schedule.
    pub(crate) schedule: String,
    /// Why; it is written into the audit log.
    #[arg(long)]
    pub(crate) reason: String,
    /// Until this time; otherwise until it is resumed.
    #[arg(long, value_name = "TIME")]
    pub(crate) until: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Resume {
    /// Which schedule.
    pub(crate) schedule: String,
    /// Why; it is written into the audit log.
    #[arg(long)]
    pub(crate) reason: String,
}

#[derive(Debug, Args)]
pub(crate) struct Cancel {
    /// The occurrence's id, or the beginning of it.
    pub(crate) id: String,
    /// Why; it is written into the audit log.
    #[arg(long)]
    pub(crate) reason: String,
}

#[derive(Debug, Args)]
pub(crate) struct Raise {
    /// The name of the event, as in `on = "password-changed"`.
    pub(crate) event: String,
    /// Only for this tenant; may be repeated.
    #[arg(long)]
    pub(crate) tenant: Vec<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Backfill {
    /// Which schedule.
    pub(crate) schedule: String,
    /// Due times at or after this one.
    #[arg(long, value_name = "TIME")]
    pub(crate) from: String,
    /// Due times before this one; not in the future.
    #[arg(long, value_name = "TIME")]
    pub(crate) to: String,
    /// Only for this tenant.
    #[arg(long)]
    pub(crate) tenant: Option<String>,
    /// Also those that succeeded.
    #[arg(long)]
    pub(crate) again: bool,
    /// Show what would run; plan nothing.
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Also if the schedule is paused.
    #[arg(long)]
    pub(crate) despite_pause: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Clock {
    /// Confirms that the machine's time is right, so that what a jump of the clock held back goes on.
    Accept {
        /// Why; it is written into the audit log.
        #[arg(long)]
        reason: String,
    },
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

const SIMULATE_HELP: &str = "By default no plugin is needed: every run is assumed to succeed at once, schedules with retention fill a shelf, and the
ledger is a temporary one. `schedules/README.md` explains cassettes.

Exit codes: 0 every due time succeeded · 1 one did not · 2 wrong usage or bad files";

#[derive(Debug, Args)]
#[command(after_help = SIMULATE_HELP)]
pub(crate) struct Simulate {
    /// When the simulation begins.
    #[arg(long, value_name = "TIME")]
    pub(crate) from: String,
    /// When it ends; what is due then does not belong to it.
    #[arg(long, value_name = "TIME")]
    pub(crate) to: String,
    /// The host is killed then and starts again after so long, as in `2026-03-08T01:00Z/4h`; may be repeated.
    #[arg(long, value_name = "TIME/LENGTH")]
    pub(crate) down: Vec<String>,
    /// What the plugins answer is read from this file.
    #[arg(long, value_name = "FILE", conflicts_with = "real")]
    pub(crate) cassette: Option<PathBuf>,
    /// Run the real plugins on real files.
    #[arg(long)]
    pub(crate) real: bool,
    /// Write what the real plugins answer into a new file, for `--cassette`.
    #[arg(long, value_name = "FILE", requires = "real")]
    pub(crate) record: Option<PathBuf>,
    /// Use the ledger of the state folder and keep it, so that other commands can look at it afterwards. With
    /// `--real`, if it reaches further than `--from`, the simulation goes on where it ends.
    #[arg(long)]
    pub(crate) keep: bool,
    /// List every due time, not only those that did not succeed.
    #[arg(long)]
    pub(crate) all: bool,
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

/// An id as typed: whole or the beginning.
#[derive(Debug)]
pub(crate) struct IdPrefix(String);

impl IdPrefix {
    pub(crate) fn new(text: &str) -> Self {
        Self(text.to_ascii_lowercase())
    }

    pub(crate) fn matches(&self, id: Uuid) -> bool {
        id.to_string().starts_with(&self.0)
    }
}
