//! Arguments of `strongroom snapshots`.

use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub(crate) enum Snapshots {
    /// Lists the catalog.
    List {
        /// Only of this schedule.
        #[arg(long)]
        schedule: Option<String>,
        /// Only of this tenant.
        #[arg(long)]
        tenant: Option<String>,
        /// Also those that are gone.
        #[arg(long)]
        all: bool,
    },
    /// Shows one snapshot with its evidence.
    Show {
        /// Its id, or the beginning of it.
        id: String,
    },
    /// Says for each snapshot which rule keeps it, or why it would be dropped.
    Explain {
        /// Only of this schedule.
        schedule: Option<String>,
        /// Only of this tenant.
        #[arg(long)]
        tenant: Option<String>,
        /// As of this time instead of now.
        #[arg(long, value_name = "TIME")]
        at: Option<String>,
    },
    /// Keeps a snapshot, whatever the rules say.
    Hold {
        /// Its id, or the beginning of it.
        id: String,
        /// The name of the hold.
        #[arg(long)]
        name: String,
        /// Why; it is written into the audit log.
        #[arg(long)]
        reason: String,
        /// Until this time; otherwise until released.
        #[arg(long, value_name = "TIME")]
        until: Option<String>,
    },
    /// Ends a hold.
    Release {
        /// The snapshot's id, or the beginning of it.
        id: String,
        /// The name of the hold.
        #[arg(long)]
        name: String,
    },
    /// Reads a whole snapshot, or lets the provider restore it, and compares it with what was recorded.
    Verify {
        /// Its id, or the beginning of it.
        id: String,
    },
    /// Compares what the providers have with the catalog; deletes nothing. Exit code 1: they do not agree.
    Reconcile {
        /// Only of this schedule.
        schedule: Option<String>,
        /// Only of this tenant.
        #[arg(long)]
        tenant: Option<String>,
    },
}
