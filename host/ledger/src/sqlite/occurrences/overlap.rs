//! Overlap: what a new occurrence means for the unfinished others of its schedule and tenant, and they for it.
//!
//! Decided within the transaction that writes it, so that nobody comes between; in the order of the plan.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;
use strongroom_domain::schedule::Overlap;
use strongroom_domain::{Outcome, ScheduleName, TenantName};
use uuid::Uuid;

use super::ending::{Ending, with_operation};
use super::origin::{get_origin, is_manual};
use crate::error::LedgerError;
use crate::occurrences::{NewOccurrence, OperationRow, Origin};
use crate::sqlite::ROWS;
use crate::sqlite::batch::{Answers, Batch};
use crate::sqlite::columns::{get_id, get_operation, get_time, get_word, ms};
use crate::time::whole_ms;

type Pair = (ScheduleName, TenantName);

/// What was decided about a plan.
#[derive(Default)]
pub(super) struct Decisions {
    /// What is new, in the order of the plan.
    pub(super) rows: Vec<Decided>,
    /// How many existed already.
    pub(super) known: usize,
    /// Others that end at once.
    pub(super) ends: Vec<Ending>,
    /// Others whose owners are asked to end them.
    pub(super) asks: Vec<(Uuid, Outcome, String)>,
    /// Others within the plan that end before they were written.
    pub(super) never_written: usize,
}

/// An occurrence with what was decided about it.
pub(super) struct Decided {
    pub(super) new: NewOccurrence,
    pub(super) ends: Option<(Outcome, String)>,
    pub(super) overlaps: bool,
}

/// An unfinished occurrence of the same schedule and tenant.
struct Other {
    place: Place,
    due: Timestamp,
    manual: bool,
}

enum Place {
    /// In the ledger; nobody owns it.
    Waiting(Uuid, Option<OperationRow>),
    /// In the ledger; somebody owns it, and was asked to end it or not.
    Owned(Uuid, bool),
    /// Before it in the same plan.
    Planned(usize),
}

/// What is to be known before a decision: what exists, and the unfinished others.
pub(super) fn questions(batch: &mut Batch, occurrences: &[NewOccurrence], now: Timestamp) {
    let mut asked = HashSet::new();
    for chunk in occurrences.chunks(ROWS) {
        existing(batch, chunk);
        others(batch, chunk, &mut asked, now);
    }
}

/// Leaves out what exists, and decides the overlap of the rest: with what is stored, and with what stands before it.
/// The answers are those to [`questions`].
pub(super) fn decide(
    answers: &mut Answers,
    occurrences: Vec<NewOccurrence>,
) -> Result<Decisions, LedgerError> {
    let mut known = HashSet::new();
    let mut unfinished: HashMap<Pair, Vec<Other>> = HashMap::new();
    for _ in occurrences.chunks(ROWS) {
        for row in &answers.next().rows {
            known.insert((pair(row)?, get_time(row, "due")?));
        }
        for row in &answers.next().rows {
            let (pair, other) = other(row)?;
            unfinished.entry(pair).or_default().push(other);
        }
    }
    let mut decisions = Decisions::default();
    for new in occurrences {
        let pair = (new.schedule.clone(), new.tenant.clone());
        if !known.insert((pair.clone(), whole_ms(new.due))) {
            decisions.known += 1;
            continue;
        }
        let mut row = Decided {
            ends: new.ends.clone(),
            overlaps: false,
            new,
        };
        if row.ends.is_none() {
            let others = unfinished.entry(pair).or_default();
            decisions.meet(&mut row, others);
            // A backfill that has not begun is in nobody's way.
            if row.ends.is_none() && !matches!(row.new.origin, Origin::Backfill(_)) {
                others.push(Other {
                    place: Place::Planned(decisions.rows.len()),
                    due: whole_ms(row.new.due),
                    manual: is_manual(&row.new.origin),
                });
            }
        }
        decisions.rows.push(row);
    }
    Ok(decisions)
}

/// Whether the overlap of an occurrence depends on others now, and not only when it is claimed.
fn looks_at_others(new: &NewOccurrence) -> bool {
    let decided_now = matches!(new.overlap, Overlap::Skip | Overlap::Replace);
    decided_now && new.ends.is_none() && !matches!(new.origin, Origin::Backfill(_))
}

impl Decisions {
    /// Lets an occurrence meet the unfinished others of its schedule and tenant.
    fn meet(&mut self, row: &mut Decided, others: &mut Vec<Other>) {
        if !looks_at_others(&row.new) {
            return;
        }
        let manual = is_manual(&row.new.origin);
        if row.new.overlap == Overlap::Skip {
            // What a person asked for costs no due time; but a person's own run looks at everything.
            let first = others.iter().filter(|other| manual || !other.manual);
            if let Some(other) = first.min_by_key(|other| other.due) {
                row.overlaps = true;
                row.ends = Some((
                    Outcome::SkippedOverlap,
                    format!("the run due {} is still unfinished", other.due),
                ));
            }
            return;
        }
        let reason = format!("replaced by the run due {}", whole_ms(row.new.due));
        // A run that a person asked for replaces only others that a person asked for, a due time only other due times.
        others.retain_mut(|other| other.manual != manual || self.replace(&row.new, other, &reason));
    }

    /// Ends another or has it ended; whether it stays unfinished.
    fn replace(&mut self, by: &NewOccurrence, other: &mut Other, reason: &str) -> bool {
        match &mut other.place {
            Place::Waiting(id, operation) => {
                self.ends.push(Ending {
                    id: *id,
                    schedule: by.schedule.clone(),
                    tenant: by.tenant.clone(),
                    due: other.due,
                    outcome: Outcome::Superseded,
                    reason: with_operation(reason, operation.as_ref()),
                });
                false
            }
            Place::Owned(id, asked) => {
                if !*asked {
                    *asked = true;
                    self.asks
                        .push((*id, Outcome::Superseded, reason.to_owned()));
                }
                true
            }
            Place::Planned(index) => {
                if let Some(planned) = self.rows.get_mut(*index) {
                    planned.ends = Some((Outcome::Superseded, reason.to_owned()));
                    self.never_written += 1;
                }
                false
            }
        }
    }
}

fn existing(batch: &mut Batch, chunk: &[NewOccurrence]) {
    let query = batch.add("WITH asked (schedule, tenant, due) AS (");
    query.push_values(chunk, |mut row, new| {
        row.push_bind(new.schedule.as_str())
            .push_bind(new.tenant.as_str())
            .push_bind(ms(new.due));
    });
    // CROSS JOIN: SQLite takes the tables in this order, and looks up one row for each asked for.
    query.push(
        ") SELECT known.schedule, known.tenant, known.due FROM asked CROSS JOIN occurrences known \
         WHERE known.schedule = asked.schedule AND known.tenant = asked.tenant AND known.due = asked.due",
    );
}

/// The unfinished ones beside those whose overlap is decided now; each schedule and tenant is asked for once.
fn others<'a>(
    batch: &mut Batch,
    chunk: &'a [NewOccurrence],
    asked: &mut HashSet<(&'a str, &'a str)>,
    now: Timestamp,
) {
    let mut pairs = Vec::new();
    for new in chunk.iter().filter(|new| looks_at_others(new)) {
        let pair = (new.schedule.as_str(), new.tenant.as_str());
        if asked.insert(pair) {
            pairs.push(pair);
        }
    }
    if pairs.is_empty() {
        batch.add("SELECT 1 WHERE 1 = 0");
        return;
    }
    let query = batch.add("WITH asked (schedule, tenant) AS (");
    query.push_values(pairs, |mut row, (schedule, tenant)| {
        row.push_bind(schedule).push_bind(tenant);
    });
    query.push(
        ") SELECT known.schedule, known.tenant, known.id, known.due, known.person, known.cause, known.operation, \
         known.stop IS NOT NULL AS asked, known.host IS NOT NULL AND known.ready_at > ",
    );
    query.push_bind(ms(now)).push(
        " AS owned FROM asked CROSS JOIN occurrences known WHERE known.outcome IS NULL \
         AND known.schedule = asked.schedule AND known.tenant = asked.tenant AND NOT (known.turn = 2 AND known.fence = 0)",
    );
}

fn other(row: &SqliteRow) -> Result<(Pair, Other), LedgerError> {
    let id = get_id(row, "id")?;
    let place = if row.try_get("owned")? {
        Place::Owned(id, row.try_get("asked")?)
    } else {
        Place::Waiting(id, get_operation(row, "operation")?)
    };
    let other = Other {
        place,
        due: get_time(row, "due")?,
        manual: is_manual(&get_origin(row)?),
    };
    Ok((pair(row)?, other))
}

fn pair(row: &SqliteRow) -> Result<Pair, LedgerError> {
    Ok((get_word(row, "schedule")?, get_word(row, "tenant")?))
}
