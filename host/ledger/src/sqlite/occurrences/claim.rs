//! Claims: who works on what, until when. A fence number makes a late answer of a former claimant worthless.
//!
//! Read next: `search`, `room` (limits), `lease` (what happens to a claim until it is recorded), `wake`.

use jiff::Timestamp;
use strongroom_domain::Outcome;

use super::ending::{Ending, NO_EVIDENCE, end, with_operation};
use super::room::{Room, is_limited};
use super::search::{Candidate, Which, candidates, search};
use super::wake;
use crate::error::LedgerError;
use crate::occurrences::{Claim, ClaimReport, ClaimRequest};
use crate::sqlite::SqliteLedger;
use crate::sqlite::batch::{AT_MOST, Answer, Batch};
use crate::sqlite::columns::{get_id, get_time, get_word, id, ms};
use crate::sqlite::writer::{Write, Writer};

/// The most one request takes: a batch larger than this would hold the write lock for too long.
const LIMIT: u32 = 1_000;

/// The most that end as missed with one request, for the same reason.
const EXPIRED: i64 = 1_000;

const MISSED: &str = "its turn did not come within the time in which it may begin";

pub(super) async fn claim(
    ledger: &SqliteLedger,
    request: ClaimRequest<'_>,
) -> Result<ClaimReport, LedgerError> {
    let most = request.limit.min(LIMIT) as usize;
    if most == 0 {
        return Ok(ClaimReport::default());
    }
    let limited = is_limited(request.limits);
    let mut first = Writer::beginning();
    expire(&mut first, request.now);
    if limited {
        Room::questions(&mut first, request.now);
    }
    let which = if limited { Which::Exempt } else { Which::Any };
    search(&mut first, &request, which, most);
    let mut writer = ledger.writer().await?;
    let (mut write, mut answers) = writer.write_with(first).await?;
    let mut taking = Taking {
        request: &request,
        most,
        claimed: ClaimReport {
            missed: expired(&mut write, &answers.next(), request.now)?,
            ..ClaimReport::default()
        },
        stopped: 0,
        last: Batch::new(),
    };
    if limited {
        let room = Room::of(request.limits, &mut answers)?;
        taking.take(&mut write, candidates(&answers.next(), request.now)?)?;
        taking.within(room, &mut write).await?;
    } else {
        taking.take(&mut write, candidates(&answers.next(), request.now)?)?;
    }
    let Taking {
        mut claimed,
        stopped,
        last,
        ..
    } = taking;
    if claimed.missed + stopped + claimed.claims.len() > 0 {
        if request.only.is_none() {
            // What waits for a limit waits for an end, not for a time.
            let after = claimed.limited.then_some(request.now);
            claimed.next_wake = Some(wake::commit(write, last, after).await?);
        } else {
            write.commit_with(last).await?;
        }
    }
    Ok(claimed)
}

/// Ends what was never claimed and may not begin any more.
pub(super) fn expire(batch: &mut Batch, now: Timestamp) {
    let query = batch.add("UPDATE occurrences SET outcome = ");
    query
        .push_bind(Outcome::Missed.as_str())
        .push(", reason = ")
        .push_bind(MISSED)
        .push(", evidence = ")
        .push_bind(NO_EVIDENCE)
        .push(", ended_at = ")
        .push_bind(ms(now))
        .push(" WHERE id IN (SELECT id FROM occurrences WHERE outcome IS NULL AND fence = 0 AND deadline < ")
        .push_bind(ms(now))
        .push(" ORDER BY deadline")
        .push(AT_MOST)
        .push_bind(EXPIRED)
        .push(") RETURNING id, schedule, tenant, due");
}

/// Puts on record what [`expire`] ended; how many.
fn expired(write: &mut Write<'_>, answer: &Answer, now: Timestamp) -> Result<usize, LedgerError> {
    let missed = answer.rows.iter().map(|row| {
        Ok(Ending {
            id: get_id(row, "id")?,
            schedule: get_word(row, "schedule")?,
            tenant: get_word(row, "tenant")?,
            due: get_time(row, "due")?,
            outcome: Outcome::Missed,
            reason: MISSED.to_owned(),
        })
    });
    let mut missed = missed.collect::<Result<Vec<_>, LedgerError>>()?;
    missed.sort_by_key(|ending| ending.due);
    for ending in &missed {
        write.log.append(&ending.entry(), now)?;
    }
    Ok(missed.len())
}

/// A request on its way: what was taken so far, and the statements that take it.
struct Taking<'a> {
    request: &'a ClaimRequest<'a>,
    most: usize,
    claimed: ClaimReport,
    stopped: usize,
    last: Batch,
}

impl Taking<'_> {
    /// Claims rows, and ends those that their former owner was to end.
    fn take(&mut self, write: &mut Write<'_>, found: Vec<Candidate>) -> Result<(), LedgerError> {
        let mut endings = Vec::new();
        let mut claims = Vec::with_capacity(found.len());
        for Candidate { claim, stop, .. } in found {
            match stop {
                None => claims.push(claim),
                Some((outcome, reason)) => endings.push(Ending {
                    id: claim.id,
                    schedule: claim.schedule,
                    tenant: claim.tenant,
                    due: claim.due,
                    outcome,
                    reason: with_operation(&reason, claim.operation.as_ref()),
                }),
            }
        }
        end(&mut self.last, &mut write.log, &endings, self.request.now)?;
        self.stopped += endings.len();
        if !claims.is_empty() {
            take_over(&mut self.last, self.request, &claims);
            self.claimed.claims.append(&mut claims);
        }
        Ok(())
    }

    /// Goes on within the limits.
    async fn within(&mut self, mut room: Room, write: &mut Write<'_>) -> Result<(), LedgerError> {
        while self.claimed.claims.len() < self.most {
            let rest = self.most - self.claimed.claims.len();
            let which: Vec<Which<'_>> = if room.is_full() {
                let free = room.groups(false).map(Which::Of);
                free.chain([Which::Lapsed]).collect()
            } else {
                vec![Which::Any]
            };
            let mut found = self.look(write, &which, rest).await?;
            // Whoever lapsed without room would keep coming back.
            found.retain(|candidate| !is_full(&room, candidate));
            found.truncate(rest);
            let asked = found.len();
            let admitted = room.admit(found);
            // What was left fills its group, and the rest is looked for without that.
            let left = admitted.len() < asked;
            self.take(write, admitted)?;
            if !left {
                break;
            }
            self.claimed.limited = true;
        }
        if !self.claimed.limited && self.claimed.claims.len() < self.most && room.is_full() {
            let full = room.groups(true).map(Which::Of);
            let which: Vec<Which<'_>> = full.chain([Which::Lapsed]).collect();
            let found = self.look(write, &which, 1).await?;
            self.claimed.limited = found.iter().any(|candidate| is_full(&room, candidate));
        }
        Ok(())
    }

    /// Takes what was found so far, then looks for more; the first to go first.
    async fn look(
        &mut self,
        write: &mut Write<'_>,
        which: &[Which<'_>],
        most: usize,
    ) -> Result<Vec<Candidate>, LedgerError> {
        let mut batch = std::mem::replace(&mut self.last, Batch::new());
        let taken = batch.len();
        for which in which {
            // Of these few some have no room, and that is seen afterwards.
            let most = match which {
                Which::Lapsed => usize::MAX,
                Which::Any | Which::Exempt | Which::Of(_) => most,
            };
            search(&mut batch, self.request, *which, most);
        }
        let mut answers = write.send(batch).await?;
        answers.skip(taken);
        let mut found = Vec::new();
        for _ in which {
            found.extend(candidates(&answers.next(), self.request.now)?);
        }
        found.sort_by_key(|candidate| candidate.rank);
        Ok(found)
    }
}

fn is_full(room: &Room, candidate: &Candidate) -> bool {
    room.is_full_for(&candidate.claim.plugin, candidate.account.as_ref())
}

fn take_over(batch: &mut Batch, request: &ClaimRequest<'_>, claims: &[Claim]) {
    let query = batch.add("UPDATE occurrences SET fence = fence + 1, host = ");
    query
        .push_bind(id(request.owner))
        .push(", ready_at = ")
        .push_bind(ms(request.lease_until))
        .push(", deadline = CASE WHEN fence = 0 THEN timeout + ")
        .push_bind(ms(request.now))
        .push(" ELSE deadline END WHERE id IN (");
    let mut ids = query.separated(", ");
    for claim in claims {
        ids.push_bind(id(claim.id));
    }
    query.push(")");
}
