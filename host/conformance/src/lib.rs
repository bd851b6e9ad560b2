//! One suite that every plugin of the role `snapshots` passes: what the contract says, case by case, on a real provider.
//!
//! Owns: the cases, their verdicts, faults on the way out, and that nothing of its own is left behind.
//! Never: touches a snapshot it did not make, writes to a host's ledger, knows a provider.
//! Read next: `cases/mod.rs` (the list), `context` (what a case stands on), `call` (one call and what is expected of it).

mod cases;
mod clean;
mod context;
mod gates;
mod messages;
mod subject;

use std::pin::Pin;
use std::time::Duration;

use serde::Serialize;

pub use context::TestContext;
pub use subject::{Against, Subject};

use context::call::Stop;

/// One thing that the contract says, and how it is tried.
pub struct Case {
    /// Words joined by hyphens, unique.
    pub name: &'static str,
    /// What the contract says, in a sentence.
    pub says: &'static str,
    needs: &'static [Need],
    run: for<'a> fn(&'a TestContext) -> Trial<'a>,
}

/// A case under way.
type Trial<'a> = Pin<Box<dyn Future<Output = Result<(), Stop>> + Send + 'a>>;

/// What a case cannot do without; else it is skipped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Need {
    /// A real provider.
    Provider,
    /// That the plugin tells this feature.
    Feature(&'static str),
    /// That the plugin sends requests.
    Requests,
    /// A place to restore to.
    Place,
}

/// How a case ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// As the contract says.
    Passed,
    /// Otherwise.
    Failed,
    /// It was not tried.
    Skipped,
}

/// A case that ended.
#[derive(Debug, Clone, Serialize)]
pub struct Ended {
    /// The case's name.
    pub name: &'static str,
    /// What the contract says.
    pub says: &'static str,
    /// How it ended.
    pub verdict: Verdict,
    /// What happened instead, or why it was not tried; empty when it passed.
    pub what: String,
    /// How long it took, in milliseconds.
    pub took_ms: u64,
}

/// What the suite found.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// Every case in its order.
    pub cases: Vec<Ended>,
    /// How many runs of its own may have made something.
    pub runs: usize,
    /// How many calls the plugin answered, or not.
    pub calls: usize,
    /// The longest call that no fault made long, by its function, and its milliseconds.
    pub longest_call: Option<(&'static str, u64)>,
    /// What it made and could not remove, each with what is known of it.
    pub left_behind: Vec<String>,
    /// What was restored at the provider under the name that was given for it; nobody but the user can remove that.
    pub restored: Option<String>,
}

impl Report {
    /// How many cases ended so.
    #[must_use]
    pub fn count(&self, verdict: Verdict) -> usize {
        let cases = self.cases.iter();
        cases.filter(|case| case.verdict == verdict).count()
    }
}

/// Every case in the order in which they run.
pub fn all() -> impl Iterator<Item = &'static Case> {
    cases::ALL.iter().copied().flatten()
}

/// Runs the chosen cases (none chosen: all), tells each as it ends, and cleans up. When `stop` is done, the case that runs
/// is given up, and no other begins.
pub async fn run(
    context: &TestContext,
    chosen: &[String],
    mut tell: impl FnMut(&Ended),
    stop: impl Future<Output = ()>,
) -> Report {
    let mut cases = Vec::new();
    let chosen = |case: &&Case| chosen.is_empty() || chosen.iter().any(|name| name == case.name);
    let trials = async {
        for case in all().filter(chosen) {
            let ended = try_out(case, context).await;
            tell(&ended);
            cases.push(ended);
        }
    };
    tokio::select! {
        biased;
        () = stop => {}
        () = trials => {}
    }
    let left_behind = clean::clean(context).await;
    let calls = context.calls();
    Report {
        cases,
        calls: calls.count,
        longest_call: calls
            .longest
            .map(|(function, took)| (function, milliseconds(took))),
        runs: context.runs().len(),
        left_behind,
        restored: clean::restored(context),
    }
}

async fn try_out(case: &Case, context: &TestContext) -> Ended {
    let began = context.now();
    let missing = case.needs.iter().find_map(|need| context.lacks(*need));
    let told = match missing {
        Some(reason) => Err(Stop::Skipped(reason)),
        None => (case.run)(context).await,
    };
    context.gates.open();
    let (verdict, what) = match told {
        Ok(()) => (Verdict::Passed, String::new()),
        Err(Stop::Failed(what)) => (Verdict::Failed, what),
        Err(Stop::Skipped(why)) => (Verdict::Skipped, why),
    };
    context.heed(case.name, verdict);
    Ended {
        name: case.name,
        says: case.says,
        verdict,
        what,
        took_ms: milliseconds(context.since(began)),
    }
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
