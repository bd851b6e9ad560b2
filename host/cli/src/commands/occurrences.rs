//! `strongroom occurrences`: due times and what became of them.

use serde_json::{Value, json};
use strongroom_domain::{Outcome, ScheduleName, TenantName};
use strongroom_ledger::{OccurrenceFilter, OccurrenceRow, OpenMode, Origin};

use crate::arguments::{Arguments, Occurrences};
use crate::compose;
use crate::error::CliError;
use crate::print;

pub(crate) async fn run(arguments: &Arguments, options: &Occurrences) -> Result<u8, CliError> {
    let filter = filter(options)?;
    let ledger = compose::ledger(arguments, OpenMode::Reader).await?;
    let mut rows = ledger.occurrences(filter).await?;
    // The newest were asked for; people read downwards in time.
    rows.reverse();
    if arguments.json {
        print::json(&rows.iter().map(value).collect::<Vec<_>>())?;
        return Ok(0);
    }
    if rows.is_empty() {
        print::line("No due times match.");
        return Ok(0);
    }
    let cells: Vec<Vec<String>> = rows
        .iter()
        .map(|row| {
            let outcome = row
                .outcome
                .map_or_else(|| "unfinished".to_owned(), |outcome| outcome.to_string());
            let why = row
                .reason
                .as_deref()
                .and_then(|reason| reason.lines().next())
                .map(print::plain)
                .unwrap_or_default();
            vec![
                print::short(row.id),
                match row.makes_up_for {
                    None => print::utc(row.due),
                    Some(missed) => format!("{} for {}", print::utc(row.due), print::utc(missed)),
                },
                row.schedule.to_string(),
                row.tenant.to_string(),
                if row.shadow_of.is_some() {
                    format!("{outcome} (shadow)")
                } else {
                    outcome
                },
                row.attempts.to_string(),
                why,
            ]
        })
        .collect();
    print::table(
        &["ID", "DUE", "SCHEDULE", "TENANT", "OUTCOME", "TRIES", "WHY"],
        &cells,
    );
    Ok(0)
}

fn filter(options: &Occurrences) -> Result<OccurrenceFilter, CliError> {
    let outcomes = options.outcome.iter().map(|text| {
        text.parse::<Outcome>().map_err(|error| {
            let known: Vec<&str> = Outcome::ALL
                .iter()
                .map(|outcome| outcome.as_str())
                .collect();
            CliError::usage(error.to_string()).hint(format!("outcomes are: {}", known.join(", ")))
        })
    });
    let name = |error: strongroom_domain::InvalidName| CliError::usage(error.to_string());
    Ok(OccurrenceFilter {
        schedule: options
            .schedule
            .as_deref()
            .map(ScheduleName::new)
            .transpose()
            .map_err(name)?,
        tenant: options
            .tenant
            .as_deref()
            .map(TenantName::new)
            .transpose()
            .map_err(name)?,
        since: options.since.as_deref().map(compose::time).transpose()?,
        until: options.until.as_deref().map(compose::time).transpose()?,
        outcomes: outcomes.collect::<Result<_, _>>()?,
        unfinished: options.unfinished,
        limit: Some(options.limit),
        newest_first: true,
        ..OccurrenceFilter::default()
    })
}

/// Who asked for it, in a few words.
fn origin(origin: &Origin) -> Value {
    match origin {
        Origin::Schedule => json!({ "kind": "timetable" }),
        Origin::Person(person) => json!({ "kind": "run-now", "person": person }),
        Origin::Backfill(person) => json!({ "kind": "backfill", "person": person }),
        Origin::Event { name, person } => {
            json!({ "kind": "event", "event": name, "person": person })
        }
        Origin::After(occurrence) => json!({ "kind": "after", "occurrence": occurrence }),
    }
}

/// An occurrence as JSON.
pub(crate) fn value(row: &OccurrenceRow) -> Value {
    json!({
        "id": row.id, "schedule": row.schedule, "tenant": row.tenant, "plugin": row.plugin, "due": row.due,
        "covers": row.makes_up_for, "origin": origin(&row.origin), "shadow_of": row.shadow_of,
        "outcome": row.outcome, "reason": row.reason, "attempts": row.attempts, "ended_at": row.ended_at,
        "evidence": row.evidence,
    })
}
