//! What a person types to swap a provider.

use clap::{Args, Subcommand};

#[derive(Debug, Subcommand)]
pub(crate) enum Swap {
    /// Compares a schedule with its shadow and says whether a cut-over is advised.
    Report(Report),
    /// Makes the shadow keep the promise; the schedule so far makes nothing new, and its shelf runs out.
    CutOver(CutOver),
    /// Makes a schedule keep its promise again; the one that took its place becomes its shadow.
    Back(Back),
}

#[derive(Debug, Args)]
pub(crate) struct Report {
    /// The schedule that has a shadow.
    pub(crate) schedule: String,
    /// The shadow, if there are several.
    #[arg(long, value_name = "SCHEDULE")]
    pub(crate) shadow: Option<String>,
    /// How many days to compare.
    #[arg(long, default_value_t = 7, value_parser = clap::value_parser!(u32).range(1..=366))]
    pub(crate) days: u32,
    /// Compare what is on record only: do not ask the providers for their lists.
    #[arg(long)]
    pub(crate) record_only: bool,
}

#[derive(Debug, Args)]
pub(crate) struct CutOver {
    /// The schedule that has a shadow.
    pub(crate) schedule: String,
    /// Why; it is written into the audit log.
    #[arg(long)]
    pub(crate) reason: String,
    /// The shadow, if there are several.
    #[arg(long, value_name = "SCHEDULE")]
    pub(crate) shadow: Option<String>,
    /// Within how many days the shadow must have succeeded for each tenant.
    #[arg(long, default_value_t = 7, value_parser = clap::value_parser!(u32).range(1..=366))]
    pub(crate) days: u32,
    /// Also if it has not, and why; it is written into the audit log.
    #[arg(long, value_name = "WHY")]
    pub(crate) despite: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Back {
    /// The schedule whose place was taken.
    pub(crate) schedule: String,
    /// Why; it is written into the audit log.
    #[arg(long)]
    pub(crate) reason: String,
}
