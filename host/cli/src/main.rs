//! The `strongroom` command.
//!
//! Owns: arguments, the rendering of results and errors, exit codes.
//! Never: a rule, a write; `strongroom_app` has one function for each. Read next: `arguments`, `commands`.

mod arguments;
mod commands;
mod error;
mod print;
mod signals;
mod typed;
mod watch;

use std::io::IsTerminal;
use std::process::ExitCode;

use clap::Parser;
use strongroom_app::Error;

use crate::arguments::{Arguments, Command};
use crate::error::{EXIT_BUG, exit_code, render};

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if matches!(arguments.command, Command::CompilePlugin) {
        return strongroom_app::compile_worker();
    }
    start_logging(&arguments);
    allow_many_files();
    let json = arguments.json;
    let run = std::panic::AssertUnwindSafe(|| run(arguments));
    match std::panic::catch_unwind(run) {
        Ok(Ok(code)) => ExitCode::from(code),
        Ok(Err(error)) => {
            render(&error, json);
            ExitCode::from(exit_code(&error))
        }
        // The panic hook has printed where; the exit code says that it is our fault.
        Err(_) => {
            eprintln!("hint: this is a bug in strongroom; nothing that was acknowledged is lost");
            ExitCode::from(EXIT_BUG)
        }
    }
}

fn run(arguments: Arguments) -> Result<u8, Error> {
    let mut runtime = if alone(&arguments) {
        stay_on_this_core();
        tokio::runtime::Builder::new_current_thread()
    } else {
        tokio::runtime::Builder::new_multi_thread()
    };
    let threads = std::thread::available_parallelism().map_or(2, usize::from);
    let runtime = runtime
        .worker_threads(threads.clamp(2, 8))
        .enable_all()
        .build()
        .map_err(|error| Error::bug("the runtime could not be started", error))?;
    let code = runtime.block_on(commands::run(arguments));
    // A cancelled call may still be busy in a system call; the process does not wait for it.
    runtime.shutdown_timeout(std::time::Duration::from_secs(2));
    code
}

/// A simulation without plugins never has anything to do beside something else: handing it from thread to thread would
/// cost more than the work.
fn alone(arguments: &Arguments) -> bool {
    matches!(&arguments.command, Command::Simulate(options) if !options.real)
}

/// The thread of the runtime and that of its ledger take turns: handing over to another core would cost more than the
/// work as well. Where it is refused, the simulation takes longer.
fn stay_on_this_core() {
    use rustix::thread::{CpuSet, sched_getcpu, sched_setaffinity};
    let mut this = CpuSet::new();
    let core = sched_getcpu();
    if core < CpuSet::MAX_CPU {
        this.set(core);
        let _refused = sched_setaffinity(None, &this).is_err();
    }
}

/// A call may hold some hundred descriptors and the usual limit is 1 024: takes as many as this process is allowed.
fn allow_many_files() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    let most = Rlimit {
        current: limit.maximum,
        maximum: limit.maximum,
    };
    if let Err(error) = setrlimit(Resource::Nofile, most) {
        tracing::warn!(%error, "the limit on open files stays as it is");
    }
}

/// Logs go to standard error: lines for people on a terminal, JSON for machines otherwise.
fn start_logging(arguments: &Arguments) {
    let default = if matches!(arguments.command, Command::Serve(_)) {
        "info"
    } else {
        "warn"
    };
    let filter = tracing_subscriber::EnvFilter::try_from_env("STRONGROOM_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new(default));
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    if std::io::stderr().is_terminal() && !arguments.json {
        builder.init();
    } else {
        builder.json().init();
    }
}
