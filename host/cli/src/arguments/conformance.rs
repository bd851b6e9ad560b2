//! What a person types after `strongroom plugin test`.

use std::path::PathBuf;

use clap::Args;

const TEST_HELP: &str = "Without `--against` only what needs no provider is tried. With it snapshots are really made, read, restored and deleted
there, for the first tenant of the schedule; what the suite did not make it never touches, and what it made it
removes, also after a failed case and on Ctrl-C.

Exit codes: 0 no case failed · 1 a case failed, or something is left behind · 2 wrong usage or bad files · 3 refused (grant)";

#[derive(Debug, Args)]
#[command(after_help = TEST_HELP)]
pub(crate) struct Test {
    /// The `.wasm` file.
    #[arg(required_unless_present = "list")]
    pub(crate) file: Option<PathBuf>,
    /// A schedule file with one `[[schedule]]` of this plugin, which says where the provider is and what is granted.
    #[arg(long, value_name = "CONFIG")]
    pub(crate) against: Option<PathBuf>,
    /// What a restore at the provider may be called; what is restored stays there for you to remove.
    #[arg(long, value_name = "NAME", requires = "against")]
    pub(crate) restore_as: Option<String>,
    /// Only this case; may be repeated.
    #[arg(long, value_name = "NAME")]
    pub(crate) case: Vec<String>,
    /// List the cases and what each holds a plugin to; try none.
    #[arg(long)]
    pub(crate) list: bool,
}
