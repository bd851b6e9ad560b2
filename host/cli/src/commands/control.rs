//! `strongroom pause`, `resume`, `cancel`, `raise`, `backfill` and `clock`.

use strongroom_app::backfill::{self, BackfillRequest};
use strongroom_app::control;
use strongroom_domain::Outcome;

use super::*;
use crate::arguments::{Backfill, Cancel, Clock, Pause, Raise, Resume};

pub(super) async fn pause(at: &Installation, json: bool, options: &Pause) -> Result<u8, Error> {
    let until = maybe_time(options.until.as_ref())?;
    let paused = control::pause(at, &options.schedule, until, act(&options.reason)?).await?;
    print::result(json, &paused, || {
        let until = until.map_or("it is resumed".to_owned(), utc);
        out!(
            "{} is paused until {until}; what runs goes on.",
            paused.schedule
        );
    })
}

pub(super) async fn resume(at: &Installation, json: bool, options: &Resume) -> Result<u8, Error> {
    let resumed = control::resume(at, &options.schedule, act(&options.reason)?).await?;
    print::result(json, &resumed, || {
        let pause = &resumed.pause;
        out!(
            "{} is resumed: {} had paused it at {} ({}). What was due meanwhile stays recorded as paused.",
            resumed.schedule,
            plain(&pause.person),
            utc(pause.from),
            plain(&pause.reason)
        );
    })
}

pub(super) async fn cancel(at: &Installation, json: bool, options: &Cancel) -> Result<u8, Error> {
    let cancelled = control::cancel(at, &options.id, act(&options.reason)?).await?;
    print::result(json, &cancelled, || {
        let row = &cancelled.row;
        let (id, schedule, tenant) = (short(row.id), &row.schedule, &row.tenant);
        let text = match cancelled.asked {
            false => "is cancelled.",
            true => "runs; its host has been asked to cancel it and does so within a few seconds.",
        };
        out!("{id} {schedule} {tenant} {text}");
    })
}

pub(super) async fn raise(at: &Installation, json: bool, options: &Raise) -> Result<u8, Error> {
    let event = &options.event;
    let raised = control::raise(at, event, &options.tenant, &person()).await?;
    print::result(json, &raised, || {
        out!("`{event}` is raised:");
        for row in &raised {
            let what = row.outcome.map_or("is due now", Outcome::as_str);
            out!(
                "  {} {} {}: {what}",
                short(row.id),
                row.schedule,
                row.tenant
            );
        }
    })
}

pub(super) async fn clock(at: &Installation, json: bool, command: &Clock) -> Result<u8, Error> {
    let Clock::Accept { reason } = command;
    let accepted = control::accept_clock(at, act(reason)?).await?;
    print::result(json, &accepted, || {
        if accepted.held {
            let at = utc(accepted.accepted);
            out!("The time {at} is confirmed; what was held back goes on.");
        } else {
            out!("Nothing is held back: no jump of the clock waits to be confirmed.");
        }
    })
}

pub(super) async fn backfill(
    at: &Installation,
    json: bool,
    options: &Backfill,
) -> Result<u8, Error> {
    let request = BackfillRequest {
        schedule: &options.schedule,
        tenant: options.tenant.as_deref(),
        from: time(&options.from)?,
        to: time(&options.to)?,
        again: options.again,
        dry_run: options.dry_run,
        despite_pause: options.despite_pause,
        person: person(),
    };
    let found = backfill::backfill(at, &request).await?;
    print::result(json, &found, || {
        let (schedule, runs) = (&found.schedule, found.runs.len());
        if runs == 0 {
            let dues = found.due_times;
            return out!(
                "All {dues} due times of `{schedule}` in this range succeeded or are under way."
            );
        }
        let verb = match found.planned {
            false => "would be made up for",
            true => "are made up for, as soon as a host runs and the timetable leaves room",
        };
        out!("{runs} runs of `{schedule}` {verb}:");
        for run in found.runs.iter().take(20) {
            out!("  {}  {}", local(run.due, &found.zone), run.tenant);
        }
        if runs > 20 {
            out!("  … and {} more", runs - 20);
        }
    })
}
