//! What a person types to simulate.

use std::path::PathBuf;

use clap::Args;

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
