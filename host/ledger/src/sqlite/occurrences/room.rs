//! Room: how many more may be under way at once, of a plugin and of a provider account.
//!
//! What is under way is counted over all hosts, and only when there are limits at all.

use std::collections::BTreeMap;

use jiff::Timestamp;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;
use strongroom_domain::schedule::Limits;
use strongroom_domain::{AccountName, PluginName};

use super::search::{Candidate, Group};
use crate::error::LedgerError;
use crate::sqlite::batch::{Answers, Batch};
use crate::sqlite::columns::{get_count, get_word, misfit, ms};

/// How many more there may be, of what is limited.
pub(super) struct Room {
    plugins: BTreeMap<PluginName, u32>,
    accounts: BTreeMap<AccountName, u32>,
    /// Of what something waits.
    groups: Vec<Group>,
}

/// Owned under a live lease, or with an operation that goes on at the provider.
pub(super) const UNDER_WAY: &str = "SELECT plugin, account, COUNT(*) AS busy FROM occurrences WHERE outcome IS NULL \
     AND (host IS NOT NULL OR operation IS NOT NULL) AND (operation IS NOT NULL OR ready_at > ";

/// Every plugin of which something waits, then each of its accounts: one step in the index for each, however many wait.
pub(super) const GROUPS: &str = "WITH RECURSIVE waiting (plugin) AS (\
     SELECT (SELECT plugin FROM occurrences WHERE outcome IS NULL AND host IS NULL AND operation IS NULL \
     ORDER BY plugin LIMIT 1) UNION ALL \
     SELECT (SELECT plugin FROM occurrences WHERE outcome IS NULL AND host IS NULL AND operation IS NULL \
     AND plugin > waiting.plugin ORDER BY plugin LIMIT 1) FROM waiting WHERE waiting.plugin IS NOT NULL), \
     groups (plugin, account) AS (\
     SELECT plugin, (SELECT COALESCE(account, '') FROM occurrences one WHERE outcome IS NULL AND host IS NULL \
     AND operation IS NULL AND one.plugin = waiting.plugin ORDER BY COALESCE(account, '') LIMIT 1) \
     FROM waiting WHERE plugin IS NOT NULL UNION ALL \
     SELECT plugin, (SELECT COALESCE(account, '') FROM occurrences one WHERE outcome IS NULL AND host IS NULL \
     AND operation IS NULL AND one.plugin = groups.plugin AND COALESCE(account, '') > groups.account \
     ORDER BY COALESCE(account, '') LIMIT 1) FROM groups WHERE groups.account IS NOT NULL) \
     SELECT plugin, NULLIF(account, '') AS account FROM groups WHERE account IS NOT NULL";

/// Whether anything is limited.
pub(super) fn is_limited(limits: &Limits) -> bool {
    !limits.plugins.is_empty() || !limits.accounts.is_empty()
}

impl Room {
    /// What is to be known of it: what is under way, and what waits.
    pub(super) fn questions(batch: &mut Batch, now: Timestamp) {
        let query = batch.add(UNDER_WAY);
        query.push_bind(ms(now)).push(") GROUP BY plugin, account");
        batch.add(GROUPS);
    }

    /// The room there is now, from the answers to [`Room::questions`].
    pub(super) fn of(limits: &Limits, answers: &mut Answers) -> Result<Self, LedgerError> {
        let mut room = Self {
            plugins: limits.plugins.clone(),
            accounts: limits.accounts.clone(),
            groups: Vec::new(),
        };
        for row in &answers.next().rows {
            let busy: u32 = get_count(row, "busy")?;
            let Group { plugin, account } = group(row)?;
            if let Some(free) = room.plugins.get_mut(&plugin) {
                *free = free.saturating_sub(busy);
            }
            if let Some(free) = account.and_then(|account| room.accounts.get_mut(&account)) {
                *free = free.saturating_sub(busy);
            }
        }
        let groups = answers.next().rows;
        room.groups = groups.iter().map(group).collect::<Result<_, _>>()?;
        Ok(room)
    }

    /// Whether there is no room at all for some.
    pub(super) fn is_full(&self) -> bool {
        let mut free = self.plugins.values().chain(self.accounts.values());
        free.any(|free| *free == 0)
    }

    /// Of what something waits, with or without room for more of it.
    pub(super) fn groups(&self, full: bool) -> impl Iterator<Item = &Group> {
        let groups = self.groups.iter();
        groups.filter(move |group| self.is_full_for(&group.plugin, group.account.as_ref()) == full)
    }

    pub(super) fn is_full_for(&self, plugin: &PluginName, account: Option<&AccountName>) -> bool {
        let account = account.and_then(|account| self.accounts.get(account));
        let mut free = self.plugins.get(plugin).into_iter().chain(account);
        free.any(|free| *free == 0)
    }

    /// Those for which there is room, in order; they take it.
    pub(super) fn admit(&mut self, mut found: Vec<Candidate>) -> Vec<Candidate> {
        found.retain(|candidate| self.has_room_for(candidate));
        found
    }

    fn has_room_for(&mut self, candidate: &Candidate) -> bool {
        // An operation that goes on has its room already; what only has to end needs none.
        if candidate.claim.operation.is_some() || candidate.stop.is_some() {
            return true;
        }
        let (plugin, account) = (&candidate.claim.plugin, candidate.account.as_ref());
        if self.is_full_for(plugin, account) {
            return false;
        }
        let account = account.and_then(|account| self.accounts.get_mut(account));
        for room in self.plugins.get_mut(plugin).into_iter().chain(account) {
            *room = room.saturating_sub(1);
        }
        true
    }
}

fn group(row: &SqliteRow) -> Result<Group, LedgerError> {
    let account: Option<String> = row.try_get("account")?;
    Ok(Group {
        plugin: get_word(row, "plugin")?,
        account: account
            .map(|name| AccountName::try_from(name).map_err(|_| misfit("account")))
            .transpose()?,
    })
}
