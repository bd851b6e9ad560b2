//! `strongroom next`.

use strongroom_app::next::NextDue;
use strongroom_domain::preview::{Skipped, length, skipped, when};
use strongroom_domain::schedule::Schedule;

use super::*;
use crate::arguments::Next;

pub(super) async fn run(at: &Installation, json: bool, options: &Next) -> Result<u8, Error> {
    let from = maybe_time(options.from.as_ref())?;
    let number = options.number as usize;
    let next = strongroom_app::next::next(at, options.schedule.as_deref(), from, number).await?;
    print::result(json, &next, || {
        let rows: Vec<_> = next.due.iter().map(row).collect();
        let none = "Nothing is due after that time.";
        print::table(["LOCAL", "UTC", "SCHEDULE", ""], &rows, none);
        for schedule in &next.waiting {
            out!("`{}` runs {}.", schedule.name, when(schedule));
        }
    })
}

fn row(next: &NextDue) -> [String; 4] {
    let (schedule, due) = (&next.schedule, &next.due);
    let mut notes = Vec::new();
    if let Some(primary) = schedule.shadows() {
        notes.push(format!("shadow of `{primary}`"));
    }
    if !schedule.spread.is_zero() {
        notes.push(format!("+{} spread", length(schedule.spread)));
    }
    notes.extend(due.note.as_ref().map(ToString::to_string));
    notes.extend(skipped(schedule, due.at).map(|skipped| in_words(schedule, &skipped)));
    notes.extend(next.pause.as_ref().map(|pause| plain(&pause.explain())));
    [
        local(due.at, &schedule.zone),
        utc(due.at),
        schedule.name.to_string(),
        notes.join("; "),
    ]
}

fn in_words(schedule: &Schedule, skipped: &Skipped<'_>) -> String {
    let (some, name) = (skipped.tenants.len(), skipped.blackout);
    if some == schedule.tenants.len() {
        format!("skipped: blackout `{name}`")
    } else if let [only] = skipped.tenants.as_slice() {
        format!("skipped for {only}: blackout `{name}`")
    } else {
        format!("skipped for {some} of the tenants: blackout `{name}`")
    }
}
