//! `strongroom schedule`: new entries, and files that stay tidy. `strongroom_config::edit` does it; here is what is asked
//! and shown.

mod fmt;
mod new;
mod questions;

use crate::arguments::{Arguments, ScheduleCommand};
use crate::error::CliError;

pub(crate) fn run(arguments: &Arguments, command: &ScheduleCommand) -> Result<u8, CliError> {
    match command {
        ScheduleCommand::New(options) => new::run(arguments, options),
        ScheduleCommand::Fmt { paths, check } => fmt::run(arguments, paths, *check),
    }
}
