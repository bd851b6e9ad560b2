//! What is allowed but probably not meant.
//!
//! Owns: the warnings of a schedule that is otherwise right.
//! Never: refuses anything.
//! Read next: `strongroom_domain::retention`.

use std::ops::Range;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use strongroom_domain::calendar::due_between;
use strongroom_domain::grants::Access;
use strongroom_domain::preview::skipped_whole;
use strongroom_domain::retention::{Retention, ShelfItem, decide};
use strongroom_domain::role::Role;
use strongroom_domain::schedule::Schedule;

use super::lengths::in_words;
use super::placement;
use crate::interner::Interner;
use crate::problems::Problems;
use crate::raw::RawSchedule;

/// How far ahead a blackout is compared with the due times: over a year, so that every holiday comes.
const AHEAD_DAYS: i64 = 400;
/// Due times in a blackout after which nothing is said any more: a schedule of every second has too many to look at.
const COVERED: u32 = 10_000;

/// Records warnings.
pub(super) fn look(
    schedule: &Schedule,
    raw: &RawSchedule,
    header: &Range<usize>,
    interner: &mut Interner,
    problems: &mut Problems,
) {
    if let (Some(note), Some(at)) = (schedule.zone.note(), &raw.timezone) {
        problems.warning(&at.span, note, "");
    }
    placement::look(schedule, raw, interner, problems);
    let Some(retention) = schedule.retention() else {
        if is_of_snapshots(schedule.role)
            && schedule
                .grants
                .files
                .values()
                .any(|tree| tree.access == Access::Write)
        {
            let message = format!(
                "`{}` keeps every snapshot for ever: the disk will fill up",
                schedule.name
            );
            problems.warning(
                header,
                message,
                "say what to keep in `[schedule.retention]`, as in `keep-within = \"5d\"`",
            );
        }
        return;
    };
    let rules = raw.retention.as_ref();
    if let Some(at) = rules
        .and_then(|rules| rules.floor.as_ref())
        .filter(|at| at.value == 0)
    {
        let message = "with `floor = 0` the last good snapshot may be deleted";
        problems.warning(
            &at.span,
            message,
            "if runs fail for long enough, nothing is left; write 1 or more",
        );
    }
    if let (Some(pause), Some(at)) = (
        too_long(schedule, retention, interner),
        rules.and_then(|rules| rules.keep_within.as_ref()),
    ) {
        let message = format!(
            "`keep-within = \"{}\"` is shorter than the time between two runs, which is up to {}",
            at.value,
            in_words(pause)
        );
        problems.warning(
            &at.span,
            message,
            "only `floor` keeps anything then; write a longer time, or add `keep-last`",
        );
    }
}

/// Whether snapshots may be made: a role that is not written may be any.
fn is_of_snapshots(role: Option<Role>) -> bool {
    match role {
        None | Some(Role::Snapshots) => true,
        Some(Role::Task) => false,
    }
}

/// Records a warning if a blackout leaves nothing to run.
pub(super) fn look_at_blackout(
    schedule: &Schedule,
    raw: &RawSchedule,
    now: Timestamp,
    problems: &mut Problems,
) {
    let (Some(blackout), false) = (&raw.blackout, schedule.blackout.periods.is_empty()) else {
        return;
    };
    let until = now
        .checked_add(SignedDuration::from_hours(AHEAD_DAYS * 24))
        .unwrap_or(Timestamp::MAX);
    let mut covered = 0;
    for due in due_between(&schedule.trigger, &schedule.zone, now, until) {
        if covered == COVERED || skipped_whole(schedule, due.at).is_none() {
            return;
        }
        covered += 1;
    }
    if covered > 0 {
        let message = format!(
            "`{}` never runs: every due time of the next {AHEAD_DAYS} days lies in this blackout",
            schedule.name
        );
        let hint = "let the blackout leave some of its due times, or write `enabled = false`";
        problems.warning(&blackout.span, message, hint);
    }
}

/// The longest pause between two due times after which the earlier snapshot would no longer be kept.
fn too_long(
    schedule: &Schedule,
    retention: &Retention,
    interner: &mut Interner,
) -> Option<Duration> {
    let zone = &schedule.zone;
    let (taken_at, now) = interner.distances(&schedule.trigger, zone).longest?;
    interner.compared(retention, (taken_at, now), zone, || {
        let rules = Retention {
            floor: 0,
            ..retention.clone()
        };
        let item = ShelfItem {
            id: uuid::Uuid::nil(),
            taken_at,
            good: true,
            hold: None,
        };
        let kept = decide(&[item], &rules, zone, now)
            .iter()
            .any(|verdict| verdict.keep);
        if kept {
            None
        } else {
            now.duration_since(taken_at).try_into().ok()
        }
    })
}
