//! What a person types to control a host.

use clap::{Args, Subcommand};

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
