//! What a provider lists of a tenant, page by page.
//!
//! Owns: that a list ends, and that no page is larger than was asked for, whatever a plugin says.
//! Never: keeps a page.

use std::collections::HashSet;
use std::time::Duration;

use strongroom_domain::retry::{Failure, FailureKind};
use strongroom_sandbox::role::snapshots::{List, Page, SnapshotInfo};

use super::context::CallContext;
use super::plugin_call::PluginCall;

/// Snapshots of a page: the most that the contract allows.
const PAGE: u32 = 1_000;
/// The most pages of one list: ten million snapshots of one tenant, or a provider that goes round in circles.
const PAGES: usize = 10_000;
/// How often a page is asked for that cannot be had for now, and how long before it is asked for again.
const TRIES: u32 = 3;
const WAIT: Duration = Duration::from_secs(2);

/// A list, being read.
pub(crate) struct Pager<'a> {
    call: &'a PluginCall<'a>,
    cursor: Option<String>,
    cursors: HashSet<String>,
    ended: bool,
}

impl<'a> Pager<'a> {
    pub(crate) fn new(call: &'a PluginCall<'a>) -> Self {
        Self {
            call,
            cursor: None,
            cursors: HashSet::new(),
            ended: false,
        }
    }

    /// The next page; it may be empty. `None`: there is no more.
    pub(crate) async fn next(
        &mut self,
        context: &CallContext,
    ) -> Result<Option<Vec<SnapshotInfo>>, Failure> {
        if self.ended {
            return Ok(None);
        }
        let Page { snapshots, next } = self.page(context).await?;
        if snapshots.len() > PAGE as usize {
            return Err(Failure::broken_contract(&format!(
                "listed {} snapshots on one page of at most {PAGE}",
                snapshots.len()
            )));
        }
        match &next {
            None => self.ended = true,
            Some(cursor) if !self.cursors.insert(cursor.clone()) => {
                return Err(Failure::broken_contract(
                    "listed in circles: a page names one before it as the next",
                ));
            }
            Some(_) if self.cursors.len() >= PAGES => {
                return Err(Failure::broken_contract(&format!(
                    "listed more than {PAGES} pages"
                )));
            }
            Some(_) => {}
        }
        self.cursor = next;
        Ok(Some(snapshots))
    }

    async fn page(&self, context: &CallContext) -> Result<Page, Failure> {
        let mut tries = 1;
        loop {
            let list = List {
                cursor: self.cursor.clone(),
                limit: PAGE,
            };
            let answer = self.call.send(context, list).await;
            let failure = match answer.or_failure("listing the snapshots took too long") {
                Ok(page) => return Ok(page),
                Err(failure) => failure,
            };
            let wait = match failure.kind {
                FailureKind::Unavailable => WAIT,
                FailureKind::Throttled => {
                    let asked = failure.retry_after_ms.unwrap_or_default();
                    WAIT.max(Duration::from_millis(asked))
                }
                _ => return Err(failure),
            };
            let again = context.clock.now().checked_add(wait);
            match again.ok().filter(|at| *at < self.call.deadline) {
                Some(at) if tries < TRIES => context.clock.sleep_until(at).await,
                _ => return Err(failure),
            }
            tries += 1;
        }
    }
}
