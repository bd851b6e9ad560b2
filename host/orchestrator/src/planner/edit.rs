//! What a new set of schedules changes: timetables that end, and those that begin.
//!
//! Owns: the due times of a timetable that an edit replaced, up to the edit.
//! Never: touches what the edit left as it is.
//! Read next: `strongroom_domain::timetable`.

use jiff::Timestamp;
use strongroom_domain::planning::{self, Planned, Policies};
use strongroom_domain::schedule::{Overlap, Priority, Schedule};
use strongroom_domain::timetable::Timetable;
use strongroom_domain::{Outcome, ScheduleName, occurrence_id};
use strongroom_ledger::{Ledger, LedgerError, NewOccurrence, Origin, Plan, Watermark};

use super::{DUES_A_TURN, OCCURRENCES_A_TURN, Pauses, occurrence, of};

/// The most watermarks in one transaction.
const WATERMARKS_A_TURN: usize = 10_000;

/// What a new set changes, written in large transactions.
pub(super) struct Edit<'a> {
    ledger: &'a dyn Ledger,
    pauses: &'a Pauses,
    now: Timestamp,
    plan: Plan,
}

impl<'a> Edit<'a> {
    pub(super) fn new(ledger: &'a dyn Ledger, pauses: &'a Pauses, now: Timestamp) -> Self {
        Self {
            ledger,
            pauses,
            now,
            plan: Plan::default(),
        }
    }

    /// A timetable comes into force: up to when its due times are written. If one `beside` it goes on, it takes over from
    /// there: the due times since are of the promise.
    pub(super) async fn begin(
        &mut self,
        old: Option<Watermark>,
        schedule: &Schedule,
        beside: Option<Timestamp>,
    ) -> Result<Timestamp, LedgerError> {
        let text = Timetable::of(schedule).map(|timetable| timetable.to_text());
        // A clock that was set back: what is recorded already is not due again.
        let mut until = old.as_ref().map_or(self.now, |old| old.until.max(self.now));
        let was_due = old.as_ref().is_some_and(|old| old.timetable.is_some());
        if let Some(beside) = beside.filter(|_| !was_due) {
            let recorded = old.as_ref().map_or(beside, |old| old.until.max(beside));
            until = until.min(recorded);
        }
        match old {
            Some(old) if old.timetable == text => return Ok(old.until),
            Some(old) => self.finish(&old, Some(schedule)).await?,
            None => {}
        }
        self.mark(Watermark {
            schedule: schedule.name.clone(),
            until,
            timetable: text,
        })
        .await?;
        Ok(until)
    }

    /// A timetable is no longer in force. If one `beside` it goes on from there or from earlier, that one has its due times.
    pub(super) async fn end(
        &mut self,
        old: &mut Watermark,
        beside: Option<Timestamp>,
    ) -> Result<(), LedgerError> {
        if old.timetable.is_none() {
            return Ok(());
        }
        if beside.is_none_or(|beside| beside > old.until) {
            self.finish(old, None).await?;
        }
        old.until = old.until.max(self.now);
        old.timetable = None;
        self.mark(old.clone()).await
    }

    async fn mark(&mut self, mark: Watermark) -> Result<(), LedgerError> {
        self.plan.watermarks.push(mark);
        if self.plan.watermarks.len() < WATERMARKS_A_TURN {
            return Ok(());
        }
        self.write().await
    }

    /// Records the due times of a timetable that an edit replaced, up to now. What may still run under the policies of
    /// today does, for tenants that are still there.
    async fn finish(
        &mut self,
        old: &Watermark,
        schedule: Option<&Schedule>,
    ) -> Result<(), LedgerError> {
        let Some(text) = &old.timetable else {
            return Ok(());
        };
        let Some(timetable) = Timetable::from_text(text) else {
            tracing::error!(schedule = %old.schedule, text, "the timetable on record cannot be read any more; its due times since {} are not recorded", old.until);
            return Ok(());
        };
        let policies = Policies {
            schedule,
            pauses: of(self.pauses, &old.schedule),
        };
        let mut after = old.until;
        while after < self.now {
            let (dues, until) = planning::plan(&timetable, policies, after, self.now, DUES_A_TURN);
            let finished = dues.into_iter().map(|mut due| {
                let gone = schedule.is_none_or(|schedule| !schedule.tenants.contains(&due.tenant));
                if due.ends.is_none() && gone {
                    let why = "the tenant was taken out of the schedule before it could begin";
                    due.ends = Some((Outcome::Missed, why.to_owned()));
                }
                match schedule {
                    Some(schedule) => occurrence(schedule, due),
                    None => ended(&old.schedule, &timetable, due),
                }
            });
            self.plan.occurrences.extend(finished);
            if self.plan.occurrences.len() >= OCCURRENCES_A_TURN {
                self.write().await?;
            }
            after = until;
        }
        Ok(())
    }

    pub(super) async fn write(&mut self) -> Result<(), LedgerError> {
        let plan = std::mem::take(&mut self.plan);
        self.ledger.plan(plan, self.now).await.map(|_| ())
    }
}

/// An occurrence of a schedule that is no longer in the files.
fn ended(name: &ScheduleName, timetable: &Timetable, planned: Planned) -> NewOccurrence {
    NewOccurrence {
        id: occurrence_id(name, &planned.tenant, planned.due),
        schedule: name.clone(),
        tenant: planned.tenant,
        plugin: timetable.plugin.clone(),
        due: planned.due,
        not_before: planned.not_before,
        start_by: planned.start_by,
        timeout: strongroom_domain::schedule::defaults::TIMEOUT,
        makes_up_for: None,
        priority: Priority::default(),
        account: None,
        origin: Origin::Schedule,
        shadow_of: None,
        overlap: Overlap::Allow,
        ends: planned.ends,
    }
}
