//! The loop: plans what is due, claims it, hands it to attempts, and writes what they come to.
//!
//! Owns: the claims of this host and the order plan → claim → attempt → record. It knows nothing of what runs.
//! Never: blocks on a plugin. Transitions that are ready together are written in one transaction.
//! Read next: `planner`, `executor`, `workflows`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use strongroom_domain::{Evidence, Outcome, ScheduleName, TenantName};
use strongroom_ledger::{Claim, ClaimRequest, Ledger, LedgerError, Next, PluginRow, Transition};
use tokio::sync::{mpsc, watch};
use uuid::Uuid;

use crate::access::Access;
use crate::clock::Work;
use crate::executor;
use crate::planner::Planner;
use crate::setup::{Prepared, Setup};
use crate::workflows::retention;

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
    access: Access,
    setup: Setup,
    settings: EngineSettings,
    host: Uuid,
    stop: watch::Receiver<bool>,
}

/// What comes back from the tasks the loop started. `Work` keeps simulated time still until it is dealt with.
enum Event {
    Attempted(Box<Transition>, Claim, Work),
    Retained(ScheduleName, TenantName, Result<usize, LedgerError>, Work),
}

struct Running {
    claim: Claim,
    task: tokio::task::AbortHandle,
}

impl Engine {
    /// Makes an engine; `stop` turning true ends it cleanly.
    #[must_use]
    pub fn new(
        access: Access,
        setup: Setup,
        settings: EngineSettings,
        stop: watch::Receiver<bool>,
    ) -> Self {
        Self {
            access,
            setup,
            settings,
            host: Uuid::now_v7(),
            stop,
        }
    }

    /// Runs until told otherwise.
    ///
    /// # Errors
    /// The ledger cannot be read or written. Attempts that were running are abandoned; they are claimed again later.
    pub async fn run(&self, until: Until) -> Result<(), LedgerError> {
        self.register_plugins().await?;
        let mut turn = Loop::new(self, until).await?;
        turn.resume();
        loop {
            turn.plan_and_claim().await?;
            if turn.idle_at_end().await? {
                return Ok(());
            }
            turn.wait().await?;
            if *self.stop.borrow() {
                return turn.stop().await;
            }
        }
    }
}

impl Engine {
    /// Remembers by digest what is going to run.
    async fn register_plugins(&self) -> Result<(), LedgerError> {
        let mut seen = BTreeSet::new();
        for prepared in self.setup.schedules.values() {
            let (plugin, description) = (&prepared.plugin, prepared.plugin.description());
            if !seen.insert(plugin.digest()) {
                continue;
            }
            let described = serde_json::json!({
                "summary": description.summary, "wants": description.wants, "features": description.features,
                "config_schema": description.config_schema,
            });
            let row = PluginRow {
                digest: plugin.digest().to_owned(),
                name: description.name.clone(),
                version: description.version.clone(),
                size: prepared.plugin_size,
                description_json: described.to_string(),
                first_seen: self.access.clock.now(),
            };
            if self.access.ledger.register_plugin(row).await? {
                tracing::info!(plugin = %description.name, digest = plugin.digest(), "first seen");
            }
        }
        Ok(())
    }
}

struct Loop<'a> {
    engine: &'a Engine,
    ledger: Arc<dyn Ledger>,
    until: Until,
    planner: Option<Planner>,
    running: BTreeMap<Uuid, Running>,
    /// Shelves being looked at; with a time: look again, as of then.
    retaining: BTreeMap<(ScheduleName, TenantName), Option<Timestamp>>,
    sender: mpsc::UnboundedSender<Event>,
    events: mpsc::UnboundedReceiver<Event>,
    renewed: Timestamp,
    stop: watch::Receiver<bool>,
}

impl<'a> Loop<'a> {
    async fn new(engine: &'a Engine, until: Until) -> Result<Self, LedgerError> {
        let now = engine.access.clock.now();
        let ledger = engine.access.ledger.clone();
        let planner = match until {
            Until::Ended(_) => None,
            Until::Stopped | Until::Time(_) => {
                Some(Planner::new(ledger.as_ref(), &engine.setup, now).await?)
            }
        };
        let (sender, events) = mpsc::unbounded_channel();
        Ok(Self {
            engine,
            ledger,
            until,
            planner,
            running: BTreeMap::new(),
            retaining: BTreeMap::new(),
            sender,
            events,
            renewed: now,
            stop: engine.stop.clone(),
        })
    }

    /// Takes up the retention that a crash may have cut short.
    fn resume(&mut self) {
        if matches!(self.until, Until::Ended(_)) {
            return;
        }
        for prepared in self.engine.setup.schedules.values() {
            for tenant in &prepared.schedule.tenants {
                self.retain(prepared, tenant, None);
            }
        }
    }

    fn now(&self) -> Timestamp {
        self.engine.access.clock.now()
    }

    fn lease_until(&self, now: Timestamp) -> Timestamp {
        now.checked_add(self.engine.settings.lease)
            .unwrap_or(Timestamp::MAX)
    }

    async fn plan_and_claim(&mut self) -> Result<(), LedgerError> {
        let now = self.now();
        if let Some(planner) = &mut self.planner {
            while planner.turn(self.ledger.as_ref(), now).await? {}
        }
        let free = self
            .engine
            .settings
            .concurrency
            .saturating_sub(self.running.len());
        if free > 0 {
            let request = ClaimRequest {
                host: self.engine.host,
                now,
                lease_until: self.lease_until(now),
                limit: u32::try_from(free).unwrap_or(u32::MAX),
                only: if let Until::Ended(id) = self.until {
                    Some(id)
                } else {
                    None
                },
            };
            for claim in self.ledger.claim(request).await? {
                self.start(claim);
            }
        }
        Ok(())
    }

    fn start(&mut self, claim: Claim) {
        let access = self.engine.access.clone();
        let prepared = self.engine.setup.schedules.get(&claim.schedule).cloned();
        let work = access.clock.work();
        let sender = self.sender.clone();
        access
            .watcher
            .started(&claim.schedule, &claim.tenant, claim.due, claim.attempt);
        let task = tokio::spawn({
            let claim = claim.clone();
            async move {
                let transition = executor::attempt(&access, prepared, claim.clone()).await;
                // The loop is gone only when the whole engine is; then nobody wants the answer.
                let _gone = sender
                    .send(Event::Attempted(Box::new(transition), claim, work))
                    .is_err();
            }
        });
        self.running.insert(
            claim.id,
            Running {
                claim,
                task: task.abort_handle(),
            },
        );
    }

    /// The next moment at which the loop has something to do on its own.
    async fn next_wake(&self) -> Result<Option<Timestamp>, LedgerError> {
        let planned = self.planner.as_ref().and_then(Planner::next);
        let waiting = match self.until {
            Until::Ended(id) => self.ledger.next_wake(Some(id)).await?,
            Until::Stopped | Until::Time(_) => self.ledger.next_wake(None).await?,
        };
        Ok([planned, waiting].into_iter().flatten().min())
    }

    async fn idle_at_end(&self) -> Result<bool, LedgerError> {
        if !self.running.is_empty() || !self.retaining.is_empty() {
            return Ok(false);
        }
        let next = self.next_wake().await?;
        Ok(match self.until {
            Until::Stopped => false,
            Until::Time(end) => next.is_none_or(|next| next > end),
            Until::Ended(_) => next.is_none(),
        })
    }

    async fn wait(&mut self) -> Result<(), LedgerError> {
        let now = self.now();
        let third = self.engine.settings.lease / 3;
        let renewal = self.renewed.checked_add(third).unwrap_or(Timestamp::MAX);
        let mut wake = self.next_wake().await?.unwrap_or(Timestamp::MAX);
        if self.running.len() >= self.engine.settings.concurrency {
            wake = Timestamp::MAX;
        }
        if !self.running.is_empty() {
            wake = wake.min(renewal);
        }
        // A claim that could not be taken yet (its tenant is busy) is due already: wait for an event, but not for ever.
        if wake <= now && !(self.running.is_empty() && self.retaining.is_empty()) {
            wake = renewal.max(now.checked_add(Duration::from_secs(1)).unwrap_or(renewal));
        }
        tokio::select! {
            biased;
            Some(event) = self.events.recv() => self.take(event).await?,
            _ = self.stop.changed() => {}
            () = self.engine.access.clock.sleep_until(wake) => {}
        }
        let now = self.now();
        if !self.running.is_empty() && now >= renewal {
            self.renew(now).await?;
        }
        Ok(())
    }

    async fn renew(&mut self, now: Timestamp) -> Result<(), LedgerError> {
        let claims: Vec<_> = self
            .running
            .values()
            .map(|running| (running.claim.id, running.claim.fence))
            .collect();
        let kept = self.ledger.renew(&claims, self.lease_until(now)).await?;
        for ((id, _), kept) in claims.into_iter().zip(kept) {
            if !kept && let Some(lost) = self.running.remove(&id) {
                tracing::warn!(occurrence = %id, "another host took this occurrence over; the attempt here is dropped");
                lost.task.abort();
            }
        }
        self.renewed = now;
        Ok(())
    }

    /// Takes what is ready, writes it in one transaction, and starts what follows.
    async fn take(&mut self, first: Event) -> Result<(), LedgerError> {
        let mut attempted = Vec::new();
        let mut kept = Vec::new();
        let mut next = Some(first);
        while let Some(event) = next {
            match event {
                Event::Attempted(transition, claim, work) => {
                    attempted.push(*transition);
                    kept.push((claim, work));
                }
                Event::Retained(schedule, tenant, result, _work) => {
                    let again = self.retaining.remove(&(schedule.clone(), tenant.clone()));
                    let prepared = self.engine.setup.schedules.get(&schedule);
                    if let (Some(Some(at)), Some(prepared)) = (again, prepared) {
                        self.retain(prepared, &tenant, Some(at));
                    }
                    let deleted = result?;
                    if deleted > 0 {
                        tracing::info!(%schedule, %tenant, deleted, "retention deleted snapshots");
                    }
                }
            }
            next = if attempted.len() < self.engine.settings.batch {
                self.events.try_recv().ok()
            } else {
                None
            };
        }
        if attempted.is_empty() {
            return Ok(());
        }
        let followed: Vec<Option<Outcome>> = attempted.iter().map(ended).collect();
        let said: Vec<String> = attempted.iter().map(say).collect();
        let now = self.now();
        let written = self.ledger.record(attempted, now).await?;
        for ((((claim, work), outcome), said), written) in
            kept.into_iter().zip(followed).zip(said).zip(written)
        {
            self.running.remove(&claim.id);
            if !written {
                tracing::warn!(occurrence = %claim.id, "another host took this occurrence over; this attempt does not count");
                continue;
            }
            self.engine
                .access
                .watcher
                .ended(&claim.schedule, &claim.tenant, claim.due, &said);
            if outcome == Some(Outcome::Succeeded)
                && let Some(prepared) = self.engine.setup.schedules.get(&claim.schedule)
            {
                self.retain(prepared, &claim.tenant, Some(now));
            }
            drop(work);
        }
        Ok(())
    }

    /// Looks at a shelf: as of a success just recorded, or of the last one on record.
    fn retain(
        &mut self,
        prepared: &Arc<Prepared>,
        tenant: &TenantName,
        succeeded_at: Option<Timestamp>,
    ) {
        if prepared.schedule.retention.is_none() {
            return;
        }
        let shelf = (prepared.schedule.name.clone(), tenant.clone());
        if let Some(again) = self.retaining.get_mut(&shelf) {
            // One at a time: two would delete the same snapshot twice.
            *again = succeeded_at.or(*again);
            return;
        }
        self.retaining.insert(shelf, None);
        let (access, prepared, tenant) =
            (self.engine.access.clone(), prepared.clone(), tenant.clone());
        let (sender, work) = (self.sender.clone(), access.clock.work());
        tokio::spawn(async move {
            let result = match succeeded_at {
                Some(at) => retention::apply(&access, &prepared, &tenant, at).await,
                None => retention::resume(&access, &prepared, &tenant).await,
            };
            let event = Event::Retained(prepared.schedule.name.clone(), tenant, result, work);
            let _gone = sender.send(event).is_err();
        });
    }

    /// Ends cleanly. A daemon gives attempts a while to finish and hands the rest back: the next host takes them up.
    /// A single run that a person stops is cancelled at once.
    async fn stop(mut self) -> Result<(), LedgerError> {
        let grace = match self.until {
            Until::Ended(_) => Duration::ZERO,
            Until::Stopped | Until::Time(_) => self.engine.settings.lease / 2,
        };
        let deadline = self.now().checked_add(grace).unwrap_or(Timestamp::MAX);
        let clock = self.engine.access.clock.clone();
        while !(self.running.is_empty() && self.retaining.is_empty()) {
            tokio::select! {
                biased;
                Some(event) = self.events.recv() => self.take(event).await?,
                () = clock.sleep_until(deadline) => break,
            }
        }
        let mut given_up = Vec::new();
        for (id, running) in std::mem::take(&mut self.running) {
            running.task.abort();
            given_up.push(Transition {
                occurrence: id,
                fence: running.claim.fence,
                attempt: None,
                next: self.given_up(),
                catalog: Vec::new(),
                audit: Vec::new(),
            });
        }
        if !given_up.is_empty() {
            tracing::info!(occurrences = given_up.len(), "stopped before they ended");
            self.ledger.record(given_up, self.now()).await?;
        }
        Ok(())
    }

    fn given_up(&self) -> Next {
        match self.until {
            Until::Ended(_) => Next::End {
                outcome: Outcome::Cancelled,
                reason: "stopped by the person who started it".to_owned(),
                evidence: Evidence::default(),
            },
            Until::Stopped | Until::Time(_) => Next::HandBack,
        }
    }
}

fn ended(transition: &Transition) -> Option<Outcome> {
    match transition.next {
        Next::End { outcome, .. } => Some(outcome),
        Next::Retry { .. } | Next::Poll { .. } | Next::HandBack => None,
    }
}

fn say(transition: &Transition) -> String {
    match &transition.next {
        Next::End {
            outcome, reason, ..
        } if reason.is_empty() => outcome.to_string(),
        Next::End {
            outcome, reason, ..
        } => format!("{outcome}: {reason}"),
        Next::Retry { at, reason } => format!("{reason}; again at {at}"),
        Next::Poll { at, operation } => format!(
            "goes on at the provider ({}); asked again at {at}",
            operation.note
        ),
        Next::HandBack => "handed back".to_owned(),
    }
}
