//! A plugin that misbehaves on request, for the sandbox's tests: `config = { do = "spin" }`.
//!
//! Owns: one word per way to misbehave. Uses the raw bindings, because the SDK keeps the limits it must break.
//! Never: shipped. Read next: the file named in the `match` of `run`.

#![expect(
    clippy::panic,
    clippy::disallowed_methods,
    reason = "misbehaving is what it is for"
)]
#![cfg_attr(
    target_arch = "wasm32",
    expect(unsafe_code, reason = "it looks where it should not")
)]

mod answers;
mod compute;
mod flood;
mod memory;
mod surroundings;

use schemars::JsonSchema;
use serde::Deserialize;
use strongroom_plugin::bindings::types::{Call, Failure, FailureKind, Step};
use strongroom_plugin::bindings::{plugin, task};

/// What to do and how much of it.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Config {
    /// The way to misbehave.
    pub r#do: Act,
    /// Megabytes, rounds or polls, as the act understands it.
    #[serde(default = "hundred")]
    pub amount: u64,
    /// A failure's kind, or text to carry through.
    #[serde(default)]
    pub text: String,
}

fn hundred() -> u64 {
    100
}

/// Every way to misbehave, and a few ways to behave.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Act {
    /// Done, with what it was called with as evidence.
    Ok,
    /// An operation that is done after `amount` polls, one every `text` milliseconds (100).
    Running,
    /// The failure named by `text`.
    Failure,
    /// Loops for ever.
    Spin,
    /// Calls itself until the stack ends.
    Recursion,
    /// Takes memory until it is refused, then aborts.
    GrowMemory,
    /// Copies `amount` megabytes within its memory, for ever.
    MemoryCopy,
    /// Panics with `text`.
    Panic,
    /// Executes `unreachable`.
    Trap,
    /// Leaves through `exit(0)` without an answer.
    Exit,
    /// Sleeps for an hour in the host.
    SleepForEver,
    /// Log, progress and file calls for ever.
    HostCallFlood,
    /// `amount` log lines of 1 KiB; 0: for ever.
    LogFlood,
    /// Lines on standard output for ever.
    StdoutFlood,
    /// One line each on standard output and standard error.
    Print,
    /// One log line of `amount` megabytes.
    GiantLog,
    /// A failure whose sentence has `amount` megabytes.
    GiantString,
    /// Evidence that takes `amount` megabytes of empty pairs.
    GiantList,
    /// An operation handle of `amount` megabytes.
    GiantHandle,
    /// Log lines that pretend to be other lines and other tenants.
    ForgedLog,
    /// Opens the tree `data` and walkers in it and never closes them.
    ResourceLeak,
    /// Writes into a file of the tree `data` for ever.
    EndlessWrite,
    /// Fills `amount` megabytes of its memory with a mark.
    LeaveMark,
    /// Looks for that mark, and for anything but zeros in memory it takes afresh.
    Leftover,
    /// Tries what a program can see of its surroundings, and says what it saw.
    Surroundings,
    /// Tells its clocks and its randomness.
    Clock,
}

struct Misbehaving;

impl plugin::Guest for Misbehaving {
    fn describe() -> plugin::Description {
        plugin::Description {
            name: "misbehaving".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            summary: "Misbehaves on request.".to_owned(),
            config_schema: schemars::schema_for!(Config).as_value().to_string(),
            wants: vec![plugin::Want {
                capability: "files".to_owned(),
                name: "data".to_owned(),
                access: "write".to_owned(),
                required: false,
                reason: "a tree to leak and to flood".to_owned(),
                extra: Vec::new(),
            }],
            features: Vec::new(),
        }
    }
}

impl task::exports::strongroom::plugin::task::Guest for Misbehaving {
    fn run(call: Call) -> Result<Step, Failure> {
        let config: Config = serde_json::from_str(&call.config)
            .map_err(|error| answers::failed(FailureKind::Invalid, error.to_string()))?;
        let amount = config.amount;
        match config.r#do {
            Act::Ok => Ok(answers::echo(call)),
            Act::Running => Ok(answers::running(amount, config.text.parse().unwrap_or(100))),
            Act::Failure => Err(answers::failure(&config.text)),
            Act::Spin => compute::spin(),
            Act::Recursion => Ok(answers::number("depth", compute::recurse(0))),
            Act::GrowMemory => memory::grow(),
            Act::MemoryCopy => memory::copy(amount),
            Act::Panic => panic!("{}", config.text),
            Act::Trap => compute::trap(),
            Act::Exit => std::process::exit(0),
            Act::SleepForEver => Ok(compute::sleep()),
            Act::HostCallFlood => flood::host_calls(),
            Act::LogFlood => Ok(flood::log(amount)),
            Act::StdoutFlood => flood::standard_output(),
            Act::Print => Ok(flood::print(&config.text)),
            Act::GiantLog => Ok(flood::giant_log(amount)),
            Act::GiantString => Err(answers::giant_string(amount)),
            Act::GiantList => Ok(answers::giant_list(amount)),
            Act::GiantHandle => Ok(answers::giant_handle(amount)),
            Act::ForgedLog => Ok(flood::forged()),
            Act::ResourceLeak => flood::leak(),
            Act::EndlessWrite => flood::write(),
            Act::LeaveMark => Ok(memory::leave_mark(amount)),
            Act::Leftover => Ok(memory::leftover()),
            Act::Surroundings => Ok(surroundings::look()),
            Act::Clock => Ok(surroundings::clock()),
        }
    }

    fn poll(_call: Call, operation: Vec<u8>) -> Result<Step, Failure> {
        answers::poll(&operation)
    }
}

// Outside a component everything counts as used all the same.
#[cfg(not(target_arch = "wasm32"))]
const _: fn(Call) -> Result<Step, Failure> = {
    let _: fn() -> plugin::Description = <Misbehaving as plugin::Guest>::describe;
    <Misbehaving as task::exports::strongroom::plugin::task::Guest>::run
};

#[cfg(target_arch = "wasm32")]
mod component {
    use super::Misbehaving;
    use strongroom_plugin::bindings::{every, task};
    every::export_plugin!(Misbehaving with_types_in every);
    task::export_task!(Misbehaving with_types_in task);
}
