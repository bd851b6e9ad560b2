//! The loop: plans what is due, claims it, hands it to attempts, and writes what they come to.
//!
//! Owns: the claims of this host and the order look around → plan → claim → attempt → record.
//! Never: blocks on a plugin; knows what runs. Transitions that are ready together are written in one transaction.
//! Read next: `tick`, `completion`, `observe`, then `planner`, `roles`.

mod alerts;
mod claims;
mod clock_watch;
mod completion;
mod follow_ups;
mod observe;
mod plugin_change;
mod tick;
mod wake_ups;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use strongroom_domain::{ScheduleName, TenantName};
use strongroom_ledger::{Claim, Ledger, LedgerError, PluginState, Transition};
use tokio::sync::{mpsc, watch};
use uuid::Uuid;

pub use completion::untimed;
pub use observe::CLOCK_NOTICE;

use alerts::Alerts;
use claims::Claims;
use clock_watch::ClockWatch;
use follow_ups::{FollowUps, Ground};
use plugin_change::Active;
use wake_ups::WakeUps;

use crate::activation;
use crate::call::clock::Work;
use crate::call::context::CallContext;
use crate::call::prepared::Served;
use crate::planner::{Pauses, Planner};
use crate::roles::{self, Watch};
use crate::setup::Setup;

/// How the loop behaves.
#[derive(Debug, Clone)]
pub struct EngineSettings {
    /// Attempts at once.
    pub concurrency: usize,
    /// How long a claim lasts without being renewed: how soon another host may take over.
    pub lease: Duration,
    /// The most transitions in one transaction.
    pub batch: usize,
}

impl Default for EngineSettings {
    fn default() -> Self {
        Self {
            concurrency: 64,
            lease: Duration::from_secs(60),
            batch: 256,
        }
    }
}

/// When the loop ends.
#[derive(Debug, Clone)]
pub enum Until {
    /// Never, but for a stop.
    Stopped,
    /// When everything due up to this time has ended or waits for a later one.
    Time(Timestamp),
    /// When this occurrence has ended; nothing else is planned or run.
    Ended(Uuid),
}

/// Runs schedules.
pub struct Engine {
    context: CallContext,
    setup: Arc<Setup>,
    reloads: Option<watch::Receiver<Arc<Setup>>>,
    settings: EngineSettings,
    host: Uuid,
    stop: watch::Receiver<bool>,
}

impl Engine {
    /// Makes an engine; `stop` turning true ends it cleanly.
    #[must_use]
    pub fn new(
        context: CallContext,
        setup: Arc<Setup>,
        settings: EngineSettings,
        stop: watch::Receiver<bool>,
    ) -> Self {
        Self {
            context,
            setup,
            reloads: None,
            settings,
            host: Uuid::now_v7(),
            stop,
        }
    }

    /// Takes up every new set that comes through the channel, at once and whole. Attempts that run go on with the old.
    #[must_use]
    pub fn reloading(mut self, reloads: watch::Receiver<Arc<Setup>>) -> Self {
        self.reloads = Some(reloads);
        self
    }

    /// Runs until told otherwise.
    ///
    /// # Errors
    /// The ledger cannot be read or written. Attempts that were running are abandoned; they are claimed again later.
    pub async fn run(&self, until: Until) -> Result<(), LedgerError> {
        let wish = matches!(until, Until::Ended(_));
        self.register_plugins(&self.setup, wish).await?;
        let mut tick = Loop::new(self, until).await?;
        tick.resume();
        loop {
            tick.resume_some();
            tick.plan_and_claim().await?;
            if tick.idle_at_end().await? {
                return Ok(());
            }
            tick.wait().await?;
            if *self.stop.borrow() {
                return tick.stop().await;
            }
        }
    }

    /// Remembers by digest what is going to run. Of each plugin one file is active: a person's wish changes nothing in
    /// that, whoever else comes with another file takes its place.
    async fn register_plugins(&self, setup: &Setup, wish: bool) -> Result<(), LedgerError> {
        let (ledger, now) = (&self.context.ledger, self.context.clock.now());
        let mut known = None;
        let mut seen = BTreeSet::new();
        for prepared in setup.schedules.values() {
            let Served::Plugin { plugin, size, .. } = &prepared.served else {
                continue;
            };
            if !seen.insert(plugin.digest()) {
                continue;
            }
            let mut row = activation::row(plugin, *size, PluginState::Active, now);
            if known.is_none() {
                known = Some(ledger.plugins().await?);
            }
            let others = known.as_deref().unwrap_or_default().iter().filter(|other| {
                other.name == row.name
                    && other.digest != row.digest
                    && other.state == PluginState::Active
            });
            let others: Vec<String> = others.map(|other| other.digest.clone()).collect();
            if wish && !others.is_empty() {
                row.state = PluginState::Replaced;
                row.reason = "a person ran it while another file was active".to_owned();
            }
            let name = row.name.clone();
            if !ledger.register_plugin(row).await? {
                continue;
            }
            tracing::info!(plugin = %name, digest = plugin.digest(), "first seen");
            for other in others.iter().filter(|_| !wish) {
                let by = plugin.digest().get(..12).unwrap_or_default();
                let (state, reason) = (PluginState::Replaced, format!("replaced by {by}"));
                ledger
                    .set_plugin_state(other, state, "host", &reason, now)
                    .await?;
            }
        }
        Ok(())
    }
}

/// What comes back from the tasks the loop started. `Work` keeps simulated time still until it is dealt with.
enum Event {
    Attempted(Box<Transition>, Claim, Work),
    Followed(ScheduleName, TenantName, Result<(), LedgerError>, Work),
}

/// A task that is given up when it is dropped: a loop that is gone leaves nothing behind.
struct Task(tokio::task::AbortHandle);

impl Drop for Task {
    fn drop(&mut self) {
        self.0.abort();
    }
}

struct Loop<'a> {
    engine: &'a Engine,
    ledger: Arc<dyn Ledger>,
    until: Until,
    active: Active,
    reloads: Option<watch::Receiver<Arc<Setup>>>,
    planner: Option<Planner>,
    pauses: Pauses,
    clocks: ClockWatch,
    watches: Vec<Box<dyn Watch>>,
    claims: Claims,
    alerts: Alerts,
    wake_ups: WakeUps,
    follow_ups: FollowUps,
    sender: mpsc::UnboundedSender<Event>,
    events: mpsc::UnboundedReceiver<Event>,
    stop: watch::Receiver<bool>,
}

impl<'a> Loop<'a> {
    async fn new(engine: &'a Engine, until: Until) -> Result<Self, LedgerError> {
        let now = engine.context.clock.now();
        let (sender, events) = mpsc::unbounded_channel();
        let mut new = Self {
            engine,
            ledger: engine.context.ledger.clone(),
            until,
            active: Active::new(engine.setup.clone()),
            reloads: engine.reloads.clone(),
            planner: None,
            pauses: Pauses::new(),
            clocks: ClockWatch::new(engine.context.clock.as_ref()),
            watches: roles::watches(),
            claims: Claims::new(now),
            alerts: Alerts::new(now),
            wake_ups: WakeUps::default(),
            follow_ups: FollowUps::default(),
            sender,
            events,
            stop: engine.stop.clone(),
        };
        if !matches!(new.until, Until::Ended(_)) {
            new.begin(now).await?;
        }
        Ok(new)
    }

    /// Takes up what a crash may have cut short.
    fn resume(&mut self) {
        if !matches!(self.until, Until::Ended(_)) && !self.clocks.is_held() {
            let (follow_ups, ground) = self.follow_ups();
            follow_ups.resume(&ground);
        }
    }

    fn resume_some(&mut self) {
        let (follow_ups, ground) = self.follow_ups();
        follow_ups.resume_some(&ground);
    }

    /// The background work, and where more of it is begun.
    fn follow_ups(&mut self) -> (&mut FollowUps, Ground<'_>) {
        let ground = Ground {
            context: &self.engine.context,
            setup: &self.active.setup,
            events: &self.sender,
        };
        (&mut self.follow_ups, ground)
    }

    fn now(&self) -> Timestamp {
        self.engine.context.clock.now()
    }

    fn lease_until(&self, now: Timestamp) -> Timestamp {
        now.checked_add(self.engine.settings.lease)
            .unwrap_or(Timestamp::MAX)
    }
}
