//! Room: how many more may be under way at once, of a plugin and of a provider account.
//!
//! What is under way is counted over all hosts, and only when there are limits at all.

use std::collections::BTreeMap;

use sqlx::{QueryBuilder, Row, Sqlite, SqliteConnection};
use strongroom_domain::{AccountName, PluginName};

use super::claim::Candidate;
use super::columns::{get_count, get_word, misfit, ms};
use crate::error::LedgerError;
use crate::occurrence::ClaimRequest;

/// How many more there may be, of what is limited.
#[derive(Default)]
pub(super) struct Room {
    plugins: BTreeMap<PluginName, u32>,
    accounts: BTreeMap<AccountName, u32>,
}

/// Held under a live lease, or with an operation that goes on at the provider.
pub(super) const UNDER_WAY: &str = "SELECT plugin, account, COUNT(*) AS busy FROM occurrences WHERE outcome IS NULL \
     AND (host IS NOT NULL OR operation IS NOT NULL) AND (operation IS NOT NULL OR ready_at > $1) \
     GROUP BY plugin, account";

impl Room {
    pub(super) async fn of(
        connection: &mut SqliteConnection,
        request: &ClaimRequest<'_>,
    ) -> Result<Self, LedgerError> {
        let mut room = Self {
            plugins: request.limits.plugins.clone(),
            accounts: request.limits.accounts.clone(),
        };
        if !room.has_limits() {
            return Ok(room);
        }
        let rows = sqlx::query(UNDER_WAY)
            .bind(ms(request.now))
            .fetch_all(connection)
            .await?;
        for row in &rows {
            let busy: u32 = get_count(row, "busy")?;
            let account: Option<String> = row.try_get("account")?;
            if let Some(free) = room.plugins.get_mut(&get_word(row, "plugin")?) {
                *free = free.saturating_sub(busy);
            }
            if let Some(name) = account {
                let name = AccountName::try_from(name).map_err(|_| misfit("account"))?;
                if let Some(free) = room.accounts.get_mut(&name) {
                    *free = free.saturating_sub(busy);
                }
            }
        }
        Ok(room)
    }

    pub(super) fn has_limits(&self) -> bool {
        !self.plugins.is_empty() || !self.accounts.is_empty()
    }

    /// Whether there is no room at all for some.
    pub(super) fn is_full(&self) -> bool {
        self.full_plugins().next().is_some() || self.full_accounts().next().is_some()
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
        let mut plugin = self.plugins.get_mut(&candidate.claim.plugin);
        let account = candidate.account.as_ref();
        let mut account = account.and_then(|account| self.accounts.get_mut(account));
        let free = |room: &Option<&mut u32>| room.as_ref().is_none_or(|free| **free > 0);
        if !free(&plugin) || !free(&account) {
            return false;
        }
        for room in plugin.iter_mut().chain(account.iter_mut()) {
            **room = room.saturating_sub(1);
        }
        true
    }

    fn full_plugins(&self) -> impl Iterator<Item = &str> {
        let full = self.plugins.iter().filter(|(_, free)| **free == 0);
        full.map(|(name, _)| name.as_str())
    }

    fn full_accounts(&self) -> impl Iterator<Item = &str> {
        let full = self.accounts.iter().filter(|(_, free)| **free == 0);
        full.map(|(name, _)| name.as_str())
    }

    /// Conditions that the index of what waits answers by itself: no row without room is read.
    pub(super) fn exclude_full(&self, query: &mut QueryBuilder<Sqlite>) {
        if self.full_plugins().next().is_some() {
            query.push(" AND plugin NOT IN (");
            list(query, self.full_plugins());
        }
        if self.full_accounts().next().is_some() {
            query.push(" AND (account IS NULL OR account NOT IN (");
            list(query, self.full_accounts());
            query.push(")");
        }
    }

    pub(super) fn only_full(&self, query: &mut QueryBuilder<Sqlite>) {
        query.push(" AND (plugin IN (");
        list(query, self.full_plugins());
        query.push(" OR account IN (");
        list(query, self.full_accounts());
        query.push(") AND operation IS NULL");
    }
}

fn list<'a>(query: &mut QueryBuilder<Sqlite>, names: impl Iterator<Item = &'a str>) {
    let mut list = query.separated(", ");
    for name in names {
        list.push_bind(name.to_owned());
    }
    query.push(")");
}
