//! `strongroom snapshots` and `restore`.

use std::sync::Arc;

use strongroom_app::restore::{self, RestoreTo};
use strongroom_app::snapshots::{self, Snapshot, SnapshotFilter};
use strongroom_domain::retention::Hold;
use strongroom_domain::{ScheduleName, TenantName};

use super::*;
use crate::arguments::{Restore, Snapshots};
use crate::signals;
use crate::typed::name;
use crate::watch::Console;

pub(super) async fn run(at: &Installation, json: bool, command: &Snapshots) -> Result<u8, Error> {
    match command {
        Snapshots::List {
            schedule,
            tenant,
            all,
        } => {
            let filter = SnapshotFilter {
                schedule: name(schedule.as_ref(), ScheduleName::new)?,
                tenant: name(tenant.as_ref(), TenantName::new)?,
                gone: *all,
                ..SnapshotFilter::default()
            };
            list(at, json, filter).await
        }
        Snapshots::Show { id } => show(at, json, id).await,
        Snapshots::Explain {
            schedule,
            tenant,
            at: moment,
        } => {
            let moment = maybe_time(moment.as_ref())?;
            let told = snapshots::explain(at, schedule.as_deref(), tenant.as_deref(), moment);
            explain(json, &told.await?)
        }
        Snapshots::Hold {
            id,
            name,
            reason,
            until,
        } => {
            let hold = Hold {
                name: name.clone(),
                reason: reason.clone(),
                until: maybe_time(until.as_ref())?,
            };
            let id = short(snapshots::hold(at, id, hold, &person()).await?);
            out!("{id} is held by `{name}`: no rule drops it.");
            Ok(0)
        }
        Snapshots::Release { id, name } => {
            let id = short(snapshots::release(at, id, name, &person()).await?);
            out!("{id} is no longer held by `{name}`.");
            Ok(0)
        }
        Snapshots::Verify { id } => verify(at, json, id).await,
        Snapshots::Reconcile { schedule, tenant } => {
            reconcile::run(at, json, schedule.as_deref(), tenant.as_deref()).await
        }
    }
}

async fn list(at: &Installation, json: bool, filter: SnapshotFilter) -> Result<u8, Error> {
    let rows = snapshots::list(at, filter).await?;
    print::result(json, &rows, || {
        let cells = |row: &Snapshot| {
            let error = row.last_error.as_deref().unwrap_or_default();
            [
                short(row.id),
                utc(row.taken_at),
                row.schedule.to_string(),
                row.tenant.to_string(),
                row.state.to_string(),
                row.size.map(size).unwrap_or_default(),
                row.files.map(|files| files.to_string()).unwrap_or_default(),
                row.held_by().collect::<Vec<_>>().join(" "),
                plain(error.lines().next().unwrap_or_default()),
            ]
        };
        let rows: Vec<_> = rows.iter().map(cells).collect();
        let headings = [
            "ID", "TAKEN", "SCHEDULE", "TENANT", "STATE", "SIZE", "FILES", "HELD BY", "ERROR",
        ];
        print::table(headings, &rows, "There are no snapshots.");
    })
}

async fn show(at: &Installation, json: bool, id: &str) -> Result<u8, Error> {
    let row = snapshots::show(at, id).await?;
    print::result(json, &row, || {
        out!("snapshot   {}", row.id);
        out!("taken      {}", utc(row.taken_at));
        out!(
            "of         {} by {} ({})",
            row.tenant,
            row.schedule,
            row.plugin
        );
        out!("state      {}", row.state);
        out!("reference  {}", plain(&row.reference));
        if let Some(error) = &row.last_error {
            out!("error      {}", plain(error));
        }
        if let Some(at) = row.verified_at {
            out!("verified   {}", utc(at));
        }
        for hold in &row.holds {
            let until = hold.until.map_or("released".to_owned(), utc);
            out!(
                "hold       {} until {until}: {}",
                hold.name,
                plain(&hold.reason)
            );
        }
        for (kind, item) in &row.evidence.0 {
            out!("evidence   {}: {}", plain(kind), plain(item));
        }
    })
}

fn explain(json: bool, told: &Vec<snapshots::Explained>) -> Result<u8, Error> {
    print::result(json, told, || {
        for snapshots::Explained { row, verdict } in told {
            let word = if verdict.keep { "keep" } else { "drop" };
            let (id, taken) = (short(row.id), utc(row.taken_at));
            out!("{word}  {id}  {taken}  {} {}", row.schedule, row.tenant);
            verdict.rules.iter().for_each(|rule| out!("      {rule}"));
        }
        if told.is_empty() {
            out!("There are no snapshots.");
        }
    })
}

async fn verify(at: &Installation, json: bool, id: &str) -> Result<u8, Error> {
    let verified = snapshots::verify(at, id, Arc::new(Console::new(json))).await?;
    print::result(json, &verified, || {
        let how = match verified.evidence.get("checked") {
            Some("restored") => "the provider restored it whole, as it was recorded",
            _ => "every byte is as it was recorded",
        };
        out!("{} is good: {how}.", short(verified.snapshot));
        print::evidence(&verified.evidence);
    })
}

pub(super) async fn restore(at: &Installation, json: bool, options: &Restore) -> Result<u8, Error> {
    let target = match (&options.to, &options.name) {
        (Some(folder), _) => RestoreTo::Folder(folder.clone()),
        (None, Some(name)) => RestoreTo::Name(name.clone()),
        (None, None) => {
            return Err(
                Error::usage("nothing says where to restore to").hint("`--to DIR` or `--as NAME`")
            );
        }
    };
    let (snapshot, paths) = (&options.snapshot, &options.path);
    let (console, stop) = (Arc::new(Console::new(json).awaited()), signals::stop()?);
    let restored = restore::restore(at, snapshot, target, paths, person(), console, stop).await?;
    print::result(json, &restored, || {
        let verified = match restored.target {
            RestoreTo::Folder(_) => ", verified",
            RestoreTo::Name(_) => "",
        };
        let (id, place) = (short(restored.snapshot), plain(&restored.place()));
        out!("Restored {id} of {} to {place}{verified}.", restored.tenant);
        print::evidence(&restored.evidence);
    })
}
