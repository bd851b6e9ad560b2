//! The commands: what was typed becomes a request, and its result is shown.
//!
//! Owns: the words, and the exit code of a result that is not all good. Never: a rule or a write.

mod audit;
mod check;
mod control;
mod credentials;
mod next;
mod occurrences;
mod plan;
mod plugin;
mod plugin_test;
mod reconcile;
mod run;
mod schedule;
mod simulate;
mod snapshots;
mod status;
mod swap;

use clap::CommandFactory;
use strongroom_app::words::{local, plain, short, size, utc};
use strongroom_app::{Error, Installation};

use crate::arguments::{Arguments, Command};
use crate::error::{EXIT_FAILED, EXIT_REFUSED, EXIT_USAGE};
use crate::print::{self, out};
use crate::typed::{act, maybe_time, person, time};

/// Runs the command and returns its exit code.
pub(crate) async fn run(arguments: Arguments) -> Result<u8, Error> {
    let Arguments {
        schedules,
        plugins,
        state,
        json,
        command,
    } = arguments;
    let at = &Installation {
        schedules,
        plugins,
        state,
    };
    match &command {
        Command::Check => check::check(at, json).await,
        Command::Credentials(options) => credentials::run(at, json, options),
        Command::Next(options) => next::run(at, json, options).await,
        Command::Plan(options) => plan::run(json, options),
        Command::Schedule(command) => schedule::run(at, json, command),
        Command::Once(options) => run::once(at, json, options).await,
        Command::Serve(options) => run::serve(at, json, options).await,
        Command::Simulate(options) => simulate::run(at, json, options).await,
        Command::Status => status::run(at, json).await,
        Command::Metrics => status::metrics(at, json).await,
        Command::Pause(options) => control::pause(at, json, options).await,
        Command::Resume(options) => control::resume(at, json, options).await,
        Command::Cancel(options) => control::cancel(at, json, options).await,
        Command::Raise(options) => control::raise(at, json, options).await,
        Command::Backfill(options) => control::backfill(at, json, options).await,
        Command::Clock(command) => control::clock(at, json, command).await,
        Command::Occurrences(options) => occurrences::run(at, json, options).await,
        Command::Snapshots(command) => snapshots::run(at, json, command).await,
        Command::Restore(options) => snapshots::restore(at, json, options).await,
        Command::Swap(command) => swap::run(at, json, command).await,
        Command::Plugin(command) => plugin::run(at, json, command).await,
        Command::Audit(command) => audit::run(at, json, command).await,
        Command::Doctor => check::doctor(at, json).await,
        Command::Schema => print::result(true, &strongroom_app::json_schema(), || ()),
        Command::Completions { shell } => {
            let mut output = std::io::stdout();
            clap_complete::generate(*shell, &mut Arguments::command(), "strongroom", &mut output);
            Ok(0)
        }
        Command::CompilePlugin => Ok(0),
    }
}
