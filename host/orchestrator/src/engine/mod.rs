//! The loop: plans what is due, claims it, hands it to attempts, and writes what they come to.
//!
//! Owns: the claims of this host and the order look around → plan → claim → attempt → record.
//! Never: blocks on a plugin; knows what runs. Transitions that are ready together are written in one transaction.
//! Read next: `tick`, `completion`, `observe`, then `planner`, `executor`, `workflows`.

mod completion;
mod observe;
mod plugin_change;
mod staleness;
mod tick;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use strongroom_domain::clock_jump::Reading;
use strongroom_domain::{ScheduleName, TenantName};
use strongroom_ledger::{Claim, Ledger, LedgerError, PluginState, Transition};
use tokio::sync::{mpsc, watch};
use uuid::Uuid;

pub use completion::untimed;
pub use observe::CLOCK_NOTICE;
pub use plugin_change::SHELVES_NOTICE;

use staleness::Staleness;

use crate::activation;
use crate::clock::Work;
use crate::context::CallContext;
use crate::planner::{Pauses, Planner};
use crate::setup::{Prepared, Served, Setup};

/// Shelves looked at after a start before more are: of a million, each costs memory and a question to the ledger.
const SHELVES: usize = 64;

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
    Retained(ScheduleName, TenantName, Result<usize, LedgerError>, Work),
}

/// A task that is given up when it is dropped: a loop that is gone leaves nothing behind.
struct Task(tokio::task::AbortHandle);

impl Drop for Task {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// An attempt under way.
struct Running {
    claim: Claim,
    prepared: Option<Arc<Prepared>>,
    started_at: Timestamp,
    _task: Task,
}

/// A shelf being looked at.
struct Looking {
    /// Set: look again, as of then.
    again: Option<Timestamp>,
    _task: Task,
}

struct Loop<'a> {
    engine: &'a Engine,
    ledger: Arc<dyn Ledger>,
    until: Until,
    setup: Arc<Setup>,
    /// Entries by digest whose plugin an edit changed, for operations that they began.
    former: BTreeMap<(ScheduleName, String), Arc<Prepared>>,
    reloads: Option<watch::Receiver<Arc<Setup>>>,
    planner: Option<Planner>,
    pauses: Pauses,
    /// The clocks as read last, and until when (on the steady one) a jump forward is not believed.
    reading: Reading,
    doubt: Option<Duration>,
    /// The clock jumped and nobody has confirmed the time: nothing is deleted.
    held: bool,
    staleness: Staleness,
    running: BTreeMap<Uuid, Running>,
    /// Up to when the record was looked through for alerts, and which of that very moment were told.
    alerted: (Timestamp, BTreeSet<Uuid>),
    /// Something waits for a limit and not for a time.
    limited: bool,
    /// Something that was taken ended without having begun: nobody else comes to say that there is room again.
    slot_freed: bool,
    /// When the next thing on record can be taken, as asked last; `None`: something was written since.
    waiting: Option<Option<Timestamp>>,
    retaining: BTreeMap<(ScheduleName, TenantName), Looking>,
    /// From which schedule on the shelves are still to be looked at after a start.
    resuming: Option<Bound<ScheduleName>>,
    sender: mpsc::UnboundedSender<Event>,
    events: mpsc::UnboundedReceiver<Event>,
    renewed: Timestamp,
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
            setup: engine.setup.clone(),
            former: BTreeMap::new(),
            reloads: engine.reloads.clone(),
            planner: None,
            pauses: Pauses::new(),
            reading: Reading {
                wall: now,
                steady: engine.context.clock.steady(),
            },
            doubt: None,
            held: false,
            staleness: Staleness::default(),
            running: BTreeMap::new(),
            alerted: (now, BTreeSet::new()),
            limited: false,
            slot_freed: false,
            waiting: None,
            retaining: BTreeMap::new(),
            resuming: None,
            sender,
            events,
            renewed: now,
            stop: engine.stop.clone(),
        };
        if !matches!(new.until, Until::Ended(_)) {
            new.begin(now).await?;
        }
        Ok(new)
    }

    /// Takes up the retention that a crash may have cut short.
    fn resume(&mut self) {
        if !matches!(self.until, Until::Ended(_)) {
            self.resuming = Some(Bound::Unbounded);
            self.resume_some();
        }
    }

    /// Looks at the next shelves, as long as few are looked at.
    fn resume_some(&mut self) {
        let Some(from) = self.resuming.take() else {
            return;
        };
        let setup = self.setup.clone();
        let mut last = from.clone();
        for (name, prepared) in setup.schedules.range((from, Bound::Unbounded)) {
            if self.retaining.len() >= SHELVES {
                self.resuming = Some(last);
                return;
            }
            for tenant in &prepared.schedule.tenants {
                self.retain(prepared, tenant, None);
            }
            last = Bound::Excluded(name.clone());
        }
    }

    fn now(&self) -> Timestamp {
        self.engine.context.clock.now()
    }

    fn lease_until(&self, now: Timestamp) -> Timestamp {
        now.checked_add(self.engine.settings.lease)
            .unwrap_or(Timestamp::MAX)
    }
}
