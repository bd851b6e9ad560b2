//! `strongroom snapshots`: the catalog, its reasons, holds and verification.

use jiff::Timestamp;
use serde_json::{Value, json};
use strongroom_domain::retention::{Hold, Verdict};
use strongroom_domain::{ScheduleName, TenantName};
use strongroom_ledger::{AuditEntry, CatalogChange, OpenMode, SnapshotFilter, SnapshotRow};
use strongroom_orchestrator::roles::snapshots::retention::explain;
use strongroom_orchestrator::roles::snapshots::shelf::shelf;
use strongroom_orchestrator::roles::snapshots::verify::verify;
use strongroom_orchestrator::{Clock, SystemClock};

use crate::arguments::{Arguments, Snapshots};
use crate::compose;
use crate::error::CliError;
use crate::print;
use crate::watch::Console;

pub(crate) async fn run(arguments: &Arguments, command: &Snapshots) -> Result<u8, CliError> {
    match command {
        Snapshots::List {
            schedule,
            tenant,
            all,
        } => list(arguments, schedule.as_deref(), tenant.as_deref(), *all).await,
        Snapshots::Show { id } => show(arguments, id).await,
        Snapshots::Explain {
            schedule,
            tenant,
            at,
        } => {
            explain_shelves(
                arguments,
                schedule.as_deref(),
                tenant.as_deref(),
                at.as_deref(),
            )
            .await
        }
        Snapshots::Hold {
            id,
            name,
            reason,
            until,
        } => hold(arguments, id, name, reason, until.as_deref()).await,
        Snapshots::Release { id, name } => release(arguments, id, name).await,
        Snapshots::Verify { id } => verify_one(arguments, id).await,
        Snapshots::Reconcile { schedule, tenant } => {
            super::reconcile::run(arguments, schedule.as_deref(), tenant.as_deref()).await
        }
    }
}

async fn list(
    arguments: &Arguments,
    schedule: Option<&str>,
    tenant: Option<&str>,
    all: bool,
) -> Result<u8, CliError> {
    let name = |error: strongroom_domain::InvalidName| CliError::usage(error.to_string());
    let filter = SnapshotFilter {
        schedule: schedule.map(ScheduleName::new).transpose().map_err(name)?,
        tenant: tenant.map(TenantName::new).transpose().map_err(name)?,
        gone: all,
        ..SnapshotFilter::default()
    };
    let ledger = compose::ledger(arguments, OpenMode::Reader).await?;
    let rows = ledger.snapshots(filter).await?;
    if arguments.json {
        print::json(&rows.iter().map(value).collect::<Vec<_>>())?;
        return Ok(0);
    }
    if rows.is_empty() {
        print::line("There are no snapshots.");
        return Ok(0);
    }
    let now = SystemClock.now();
    let cells: Vec<Vec<String>> = rows
        .iter()
        .map(|row| {
            let held: Vec<&str> = row
                .holds
                .iter()
                .filter(|hold| holds(hold, now))
                .map(|hold| hold.name.as_str())
                .collect();
            vec![
                print::short(row.id),
                print::utc(row.taken_at),
                row.schedule.to_string(),
                row.tenant.to_string(),
                row.state.to_string(),
                row.size.map(print::size).unwrap_or_default(),
                row.files.map(|files| files.to_string()).unwrap_or_default(),
                held.join(" "),
                print::plain(
                    row.last_error
                        .as_deref()
                        .unwrap_or_default()
                        .lines()
                        .next()
                        .unwrap_or_default(),
                ),
            ]
        })
        .collect();
    print::table(
        &[
            "ID", "TAKEN", "SCHEDULE", "TENANT", "STATE", "SIZE", "FILES", "HELD BY", "ERROR",
        ],
        &cells,
    );
    Ok(0)
}

fn holds(hold: &Hold, now: Timestamp) -> bool {
    hold.until.is_none_or(|until| until > now)
}

async fn show(arguments: &Arguments, id: &str) -> Result<u8, CliError> {
    let ledger = compose::ledger(arguments, OpenMode::Reader).await?;
    let row = compose::snapshot(ledger.as_ref(), id).await?;
    if arguments.json {
        print::json(&value(&row))?;
        return Ok(0);
    }
    print::line(&format!("snapshot   {}", row.id));
    print::line(&format!("taken      {}", print::utc(row.taken_at)));
    print::line(&format!(
        "of         {} by {} ({})",
        row.tenant, row.schedule, row.plugin
    ));
    print::line(&format!("state      {}", row.state));
    print::line(&format!("reference  {}", print::plain(&row.reference)));
    if let Some(error) = &row.last_error {
        print::line(&format!("error      {}", print::plain(error)));
    }
    if let Some(at) = row.verified_at {
        print::line(&format!("verified   {}", print::utc(at)));
    }
    for hold in &row.holds {
        let until = hold.until.map_or_else(
            || "until released".to_owned(),
            |at| format!("until {}", print::utc(at)),
        );
        print::line(&format!(
            "hold       {} {until}: {}",
            hold.name,
            print::plain(&hold.reason)
        ));
    }
    for (kind, item) in &row.evidence.0 {
        print::line(&format!(
            "evidence   {}: {}",
            print::plain(kind),
            print::plain(item)
        ));
    }
    Ok(0)
}

async fn explain_shelves(
    arguments: &Arguments,
    schedule: Option<&str>,
    tenant: Option<&str>,
    at: Option<&str>,
) -> Result<u8, CliError> {
    let (_, _, setup) = compose::setup(arguments).await?;
    if let Some(name) = schedule {
        compose::prepared(&setup, name)?;
    }
    let now = at
        .map(compose::time)
        .transpose()?
        .unwrap_or_else(|| SystemClock.now());
    let ledger = compose::ledger(arguments, OpenMode::Reader).await?;
    let mut told = Vec::new();
    for prepared in setup.schedules.values() {
        if schedule.is_some_and(|name| prepared.schedule.name.as_str() != name) {
            continue;
        }
        for name in prepared
            .schedule
            .tenants
            .iter()
            .filter(|name| tenant.is_none_or(|tenant| name.as_str() == tenant))
        {
            let found = shelf(ledger.as_ref(), &setup, prepared, name).await?;
            let verdicts = explain(prepared, &found, now);
            told.extend(found.own.into_iter().zip(verdicts));
            told.extend(found.orphaned.into_iter().map(|(row, why)| {
                let rules = vec![why.to_string(), format!("hint: {}", why.hint())];
                let (id, keep) = (row.id, true);
                (row, Verdict { id, keep, rules })
            }));
        }
    }
    if arguments.json {
        let list: Vec<Value> = told
            .iter()
            .map(|(row, verdict)| {
                json!({ "snapshot": row.id, "taken_at": row.taken_at, "schedule": row.schedule, "tenant": row.tenant,
                        "keep": verdict.keep, "rules": verdict.rules })
            })
            .collect();
        print::json(&list)?;
        return Ok(0);
    }
    for (row, verdict) in &told {
        let word = if verdict.keep { "keep" } else { "drop" };
        print::line(&format!(
            "{word}  {}  {}  {} {}",
            print::short(row.id),
            print::utc(row.taken_at),
            row.schedule,
            row.tenant
        ));
        for rule in &verdict.rules {
            print::line(&format!("      {rule}"));
        }
    }
    if told.is_empty() {
        print::line("There are no snapshots.");
    }
    Ok(0)
}

async fn hold(
    arguments: &Arguments,
    id: &str,
    name: &str,
    reason: &str,
    until: Option<&str>,
) -> Result<u8, CliError> {
    let until = until.map(compose::time).transpose()?;
    if until.is_some_and(|until| until <= SystemClock.now()) {
        return Err(CliError::usage("the hold would already be over")
            .hint("`--until` takes a time to come"));
    }
    let ledger = compose::ledger(arguments, OpenMode::Visitor).await?;
    let row = compose::snapshot(ledger.as_ref(), id).await?;
    let hold = Hold {
        name: name.to_owned(),
        reason: reason.to_owned(),
        until,
    };
    let entry = AuditEntry::snapshot_held(&row, &hold, &compose::person());
    let held = CatalogChange::Hold { id: row.id, hold };
    ledger
        .change_catalog(vec![held], vec![entry], SystemClock.now())
        .await?;
    ledger.close().await;
    print::line(&format!(
        "{} is held by `{name}`: no rule drops it.",
        print::short(row.id)
    ));
    Ok(0)
}

async fn release(arguments: &Arguments, id: &str, name: &str) -> Result<u8, CliError> {
    let ledger = compose::ledger(arguments, OpenMode::Visitor).await?;
    let row = compose::snapshot(ledger.as_ref(), id).await?;
    if !row.holds.iter().any(|hold| hold.name == name) {
        return Err(CliError::not_found(format!(
            "snapshot {} is not held by `{name}`",
            print::short(row.id)
        )));
    }
    let released = CatalogChange::Release {
        id: row.id,
        name: name.to_owned(),
    };
    let entry = AuditEntry::snapshot_released(&row, name, &compose::person());
    ledger
        .change_catalog(vec![released], vec![entry], SystemClock.now())
        .await?;
    ledger.close().await;
    print::line(&format!(
        "{} is no longer held by `{name}`.",
        print::short(row.id)
    ));
    Ok(0)
}

async fn verify_one(arguments: &Arguments, id: &str) -> Result<u8, CliError> {
    let (_, _, setup) = compose::setup(arguments).await?;
    let ledger = compose::ledger(arguments, OpenMode::Visitor).await?;
    let row = compose::snapshot(ledger.as_ref(), id).await?;
    let prepared = compose::keeper(&setup, &row)?;
    let observer = std::sync::Arc::new(Console::new(arguments.json));
    let context = compose::context(
        arguments,
        std::sync::Arc::new(SystemClock),
        ledger.clone(),
        Some(observer),
    );
    let evidence = verify(&context, &prepared, &row).await?;
    ledger.close().await;
    if arguments.json {
        return print::json(
            &json!({ "snapshot": row.id, "verdict": "good", "evidence": evidence }),
        )
        .map(|()| 0);
    }
    let how = match evidence.get("checked") {
        Some("restored") => "the provider restored it whole, as it was recorded",
        _ => "every byte is as it was recorded",
    };
    print::line(&format!("{} is good: {how}.", print::short(row.id)));
    for (kind, item) in &evidence.0 {
        print::line(&format!("  {}: {}", print::plain(kind), print::plain(item)));
    }
    Ok(0)
}

/// A snapshot as JSON.
fn value(row: &SnapshotRow) -> Value {
    json!({
        "id": row.id, "occurrence": row.occurrence, "schedule": row.schedule, "tenant": row.tenant,
        "plugin": row.plugin, "plugin_digest": row.plugin_digest, "reference": row.reference,
        "taken_at": row.taken_at, "recorded_at": row.recorded_at, "state": row.state.to_string(),
        "size": row.size, "files": row.files, "evidence": row.evidence,
        "holds": row.holds.iter().map(|hold| json!({ "name": hold.name, "reason": hold.reason, "until": hold.until })).collect::<Vec<_>>(),
        "shadow_of": row.shadow_of, "last_error": row.last_error, "verified_at": row.verified_at, "gone_at": row.gone_at,
    })
}
