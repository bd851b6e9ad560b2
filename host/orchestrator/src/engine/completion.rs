//! What attempts come to: taken together, written in one transaction, and what follows begun.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use strongroom_domain::planning::prevented;
use strongroom_domain::schedule::{Schedule, Trigger};
use strongroom_domain::{Evidence, Outcome, TenantName, occurrence_id};
use strongroom_ledger::{Claim, LedgerError, NewOccurrence, Next, Origin, Transition};
use uuid::Uuid;

use super::{Event, Loop, Until};
use crate::call::clock::Work;
use crate::call::prepared::Prepared;
use crate::planner;
use crate::roles::attempt;

impl Loop<'_> {
    /// Ends what somebody asked to stop.
    pub(super) async fn apply_stop_requests(&mut self) -> Result<(), LedgerError> {
        let claims = self.claims.fences();
        if claims.is_empty() {
            return Ok(());
        }
        for (id, outcome, reason) in self.ledger.stop_requests(&claims).await? {
            self.end_early(id, outcome, reason).await?;
        }
        Ok(())
    }

    /// Writes what became of claims; what the ledger says then of the next moment is kept, if it is what is waited for.
    pub(super) async fn record(
        &mut self,
        transitions: Vec<Transition>,
        now: Timestamp,
    ) -> Result<Vec<bool>, LedgerError> {
        let recorded = self.ledger.record(transitions, now).await?;
        self.wake_ups.recorded(recorded.next_wake, &self.until);
        Ok(recorded.written)
    }

    /// Gives an attempt up and ends its occurrence.
    pub(super) async fn end_early(
        &mut self,
        id: Uuid,
        outcome: Outcome,
        reason: String,
    ) -> Result<(), LedgerError> {
        let Some(running) = self.claims.remove(id) else {
            return Ok(());
        };
        let (context, claim) = (&self.engine.context, &running.claim);
        let attempt = (running.prepared.as_deref(), running.started_at);
        let transition = attempt::given_up(context, claim, attempt, outcome, reason);
        let said = say(&transition);
        let written = self.record(vec![transition], self.now()).await?;
        if written == [true] {
            let claim = &running.claim;
            let observer = &self.engine.context.observer;
            observer.ended(&claim.schedule, &claim.tenant, claim.due, &said);
        }
        Ok(())
    }

    /// Takes what is ready, writes it in one transaction, and starts what follows.
    pub(super) async fn take(&mut self, first: Event) -> Result<(), LedgerError> {
        let mut attempted = Vec::new();
        let mut kept = Vec::new();
        let mut next = Some(first);
        let now = self.now();
        while let Some(event) = next {
            match event {
                Event::Attempted(mut transition, claim, work) => {
                    transition.follow = self.followers(&claim, &transition, now);
                    attempted.push(*transition);
                    kept.push((claim, work));
                }
                Event::Followed(schedule, tenant, result, _work) => {
                    let held = self.clocks.is_held();
                    let (follow_ups, ground) = self.follow_ups();
                    follow_ups.ended(&ground, schedule, tenant, held);
                    result?;
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
        self.write(attempted, kept, now).await
    }

    async fn write(
        &mut self,
        attempted: Vec<Transition>,
        kept: Vec<(Claim, Work)>,
        now: Timestamp,
    ) -> Result<(), LedgerError> {
        let succeeded: Vec<bool> = attempted
            .iter()
            .map(|transition| ended(transition) == Some(Outcome::Succeeded))
            .collect();
        let said: Vec<String> = attempted.iter().map(say).collect();
        let written = self.record(attempted, now).await?;
        if succeeded.contains(&true) {
            self.wake_watches(now);
        }
        for ((((claim, work), succeeded), said), written) in
            kept.into_iter().zip(succeeded).zip(said).zip(written)
        {
            self.claims.remove(claim.id);
            if !written {
                tracing::warn!(occurrence = %claim.id, "another host took this occurrence over; this attempt does not count");
                continue;
            }
            let observer = &self.engine.context.observer;
            observer.ended(&claim.schedule, &claim.tenant, claim.due, &said);
            if succeeded && !self.clocks.is_held() {
                let (follow_ups, ground) = self.follow_ups();
                follow_ups.succeeded(&ground, &claim, now);
            }
            drop(work);
        }
        Ok(())
    }

    /// The occurrences of other schedules that this end makes due.
    fn followers(
        &self,
        claim: &Claim,
        transition: &Transition,
        now: Timestamp,
    ) -> Vec<NewOccurrence> {
        let (Some(outcome), Some(followers)) = (
            ended(transition),
            self.active.setup.followers.get(&claim.schedule),
        ) else {
            return Vec::new();
        };
        let due = Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now);
        let follows = |prepared: &&Arc<Prepared>| {
            let schedule = &prepared.schedule;
            let counts = matches!(&schedule.trigger, Trigger::After(after) if after.outcomes.contains(&outcome));
            counts && schedule.begins() && schedule.tenants.contains(&claim.tenant)
        };
        let follow = |prepared: &Arc<Prepared>| {
            let pauses = planner::of(&self.pauses, &prepared.schedule.name);
            NewOccurrence {
                ends: prevented(&prepared.schedule, pauses, due),
                ..untimed(
                    &prepared.schedule,
                    &claim.tenant,
                    due,
                    Origin::After(claim.id),
                )
            }
        };
        followers.iter().filter(follows).map(follow).collect()
    }

    /// Ends cleanly. A daemon gives attempts a while to finish and hands the rest back: the next host takes them up.
    /// A single run that a person stops is cancelled at once.
    pub(super) async fn stop(mut self) -> Result<(), LedgerError> {
        let grace = match self.until {
            Until::Ended(_) => Duration::ZERO,
            Until::Stopped | Until::Time(_) => self.engine.settings.lease / 2,
        };
        let deadline = self.now().checked_add(grace).unwrap_or(Timestamp::MAX);
        let clock = self.engine.context.clock.clone();
        while !(self.claims.is_empty() && self.follow_ups.is_empty()) {
            tokio::select! {
                biased;
                Some(event) = self.events.recv() => self.take(event).await?,
                () = clock.sleep_until(deadline) => break,
            }
        }
        let mut given_up = Vec::new();
        for running in self.claims.take() {
            given_up.push(Transition {
                next: self.given_up(),
                ..attempt::ended(&running.claim, Outcome::Cancelled, String::new())
            });
        }
        if !given_up.is_empty() {
            tracing::info!(occurrences = given_up.len(), "stopped before they ended");
            self.record(given_up, self.now()).await?;
        }
        if matches!(self.until, Until::Stopped) {
            self.alerts.tell(&self.engine.context).await?;
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

/// An occurrence that no timetable made due: it begins as soon as it may.
#[must_use]
pub fn untimed(
    schedule: &Schedule,
    tenant: &TenantName,
    due: Timestamp,
    origin: Origin,
) -> NewOccurrence {
    // Due times are kept to the millisecond.
    let due = Timestamp::from_millisecond(due.as_millisecond()).unwrap_or(due);
    NewOccurrence {
        id: occurrence_id(&schedule.name, tenant, due),
        schedule: schedule.name.clone(),
        tenant: tenant.clone(),
        plugin: schedule.plugin.clone(),
        due,
        not_before: due,
        start_by: due
            .checked_add(schedule.missed_within)
            .unwrap_or(Timestamp::MAX),
        timeout: schedule.timeout,
        makes_up_for: None,
        priority: schedule.priority,
        account: schedule.account.clone(),
        origin,
        shadow_of: schedule.shadows().cloned(),
        ends: None,
        overlap: schedule.overlap,
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
