//! An entry `[[limit]]`: how many runs go on at the same time.
//!
//! Owns: what an entry must have.
//! Never: counts runs; the ledger does.

use std::fmt;
use std::ops::{Range, RangeInclusive};
use std::sync::Arc;

use strongroom_domain::{AccountName, PluginName};

use super::names::named;
use crate::problems::Problems;
use crate::raw::RawLimit;
use crate::reader::RawTable;
use crate::source::SourceFile;

/// Nothing at all is what `enabled = false` is for; more than a thousand runs no machine does at once.
const AT_ONCE: RangeInclusive<u32> = 1..=1_000;

/// What is limited.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Limited {
    /// The runs of a plugin.
    Plugin(PluginName),
    /// The runs of all schedules that name an account.
    Account(AccountName),
}

impl fmt::Display for Limited {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Plugin(name) => write!(f, "the plugin `{name}`"),
            Self::Account(name) => write!(f, "the account `{name}`"),
        }
    }
}

/// A limit, and where the name stands of what it limits.
#[derive(Debug)]
pub(crate) struct Limit {
    pub(crate) of: Limited,
    pub(crate) at_once: u32,
    pub(crate) source: Arc<SourceFile>,
    pub(crate) span: Range<usize>,
}

/// The limit of an entry, or `None` if something of it is wrong; then the problems say what.
pub(crate) fn limit(
    raw: &RawLimit,
    header: &Range<usize>,
    problems: &mut Problems,
) -> Option<Limit> {
    if let (Some(plugin), Some(account)) = (&raw.plugin, &raw.account) {
        let hint = "keep one of them, or write two limits";
        let message = "`plugin` and `account` both say what is limited";
        let problem = problems.at(&account.span, message, hint);
        let problem = problem.noted(&problems.source, plugin.span.clone(), "the other one");
        problems.add(problem);
    } else if !["plugin", "account"].iter().any(|key| raw.has(key)) {
        let hint = "add a line such as `plugin = \"local-snapshot\"` or `account = \"acme-cloud\"`";
        problems.error(header, "nothing says what this limit is for", hint);
    }
    for key in raw.missing() {
        problems.missing("this limit", key, header);
    }
    if let Some(at) = &raw.at_once
        && !AT_ONCE.contains(&at.value)
    {
        let message = format!("`at-once` cannot be {}", at.value);
        let hint = "it is 1 to 1000; a schedule that shall not run at all has `enabled = false`";
        problems.error(&at.span, message, hint);
        return None;
    }
    let plugin = raw
        .plugin
        .as_ref()
        .and_then(|at| Some((named("a plugin", PluginName::new, at, problems)?, &at.span)))
        .map(|(name, span)| (Limited::Plugin(name), span));
    let account = raw
        .account
        .as_ref()
        .and_then(|at| {
            Some((
                named("an account", AccountName::new, at, problems)?,
                &at.span,
            ))
        })
        .map(|(name, span)| (Limited::Account(name), span));
    let at_once = raw.at_once.as_ref()?.value;
    let (of, span) = plugin.or(account)?;
    Some(Limit {
        of,
        at_once,
        source: Arc::clone(&problems.source),
        span: span.clone(),
    })
}
