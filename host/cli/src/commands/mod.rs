//! One file per command.

mod audit;
mod backfill;
mod check;
mod control;
mod credentials;
mod doctor;
mod metrics;
mod next;
mod occurrences;
mod permissions;
mod plan;
mod plugin;
mod plugin_test;
mod reconcile;
mod restore;
mod run;
mod schedule;
mod simulate;
mod snapshots;
pub(crate) mod staleness;
mod status;
mod swap;

use clap::CommandFactory;

use crate::arguments::{Arguments, Command};
use crate::error::CliError;
use crate::print;

/// Runs the command and returns its exit code.
pub(crate) async fn run(arguments: Arguments) -> Result<u8, CliError> {
    match &arguments.command {
        Command::Check => check::run(&arguments).await,
        Command::Credentials(options) => credentials::run(&arguments, options),
        Command::Next(options) => next::run(&arguments, options).await,
        Command::Plan(options) => plan::run(&arguments, options),
        Command::Schedule(command) => schedule::run(&arguments, command),
        Command::Once(options) => run::once(&arguments, options).await,
        Command::Serve(options) => run::serve(&arguments, options).await,
        Command::Simulate(options) => simulate::run(&arguments, options).await,
        Command::Status => status::run(&arguments).await,
        Command::Metrics => metrics::run(&arguments).await,
        Command::Pause(options) => control::pause(&arguments, options).await,
        Command::Resume(options) => control::resume(&arguments, options).await,
        Command::Cancel(options) => control::cancel(&arguments, options).await,
        Command::Raise(options) => control::raise(&arguments, options).await,
        Command::Backfill(options) => backfill::run(&arguments, options).await,
        Command::Clock(command) => control::clock(&arguments, command).await,
        Command::Occurrences(options) => occurrences::run(&arguments, options).await,
        Command::Snapshots(command) => snapshots::run(&arguments, command).await,
        Command::Restore(options) => restore::run(&arguments, options).await,
        Command::Swap(command) => swap::run(&arguments, command).await,
        Command::Plugin(command) => plugin::run(&arguments, command).await,
        Command::Audit(command) => audit::run(&arguments, command).await,
        Command::Doctor => doctor::run(&arguments).await,
        Command::Schema => print::json(&strongroom_config::json_schema()).map(|()| 0),
        Command::Completions { shell } => {
            clap_complete::generate(
                *shell,
                &mut Arguments::command(),
                "strongroom",
                &mut std::io::stdout(),
            );
            Ok(0)
        }
        Command::CompilePlugin => Ok(0),
    }
}
