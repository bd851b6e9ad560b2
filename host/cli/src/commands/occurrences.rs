//! `strongroom occurrences`.

use strongroom_app::occurrences::{self, Occurrence, OccurrenceFilter};
use strongroom_domain::{Outcome, ScheduleName, TenantName};

use super::*;
use crate::arguments::Occurrences;
use crate::typed::{name, outcome};

pub(super) async fn run(at: &Installation, json: bool, options: &Occurrences) -> Result<u8, Error> {
    let outcomes = options.outcome.iter().map(|text| outcome(text));
    let filter = OccurrenceFilter {
        schedule: name(options.schedule.as_ref(), ScheduleName::new)?,
        tenant: name(options.tenant.as_ref(), TenantName::new)?,
        since: maybe_time(options.since.as_ref())?,
        until: maybe_time(options.until.as_ref())?,
        outcomes: outcomes.collect::<Result<_, _>>()?,
        unfinished: options.unfinished,
        limit: Some(options.limit),
        ..OccurrenceFilter::default()
    };
    let rows = occurrences::list(at, filter).await?;
    print::result(json, &rows, || {
        let headings = ["ID", "DUE", "SCHEDULE", "TENANT", "OUTCOME", "TRIES", "WHY"];
        let rows: Vec<_> = rows.iter().map(cells).collect();
        print::table(headings, &rows, "No due times match.");
    })
}

fn cells(row: &Occurrence) -> [String; 7] {
    let outcome = row.outcome.map_or("unfinished", Outcome::as_str);
    let shadow = row.shadow_of.as_ref().map_or("", |_| " (shadow)");
    [
        short(row.id),
        match row.makes_up_for {
            None => utc(row.due),
            Some(missed) => format!("{} for {}", utc(row.due), utc(missed)),
        },
        row.schedule.to_string(),
        row.tenant.to_string(),
        format!("{outcome}{shadow}"),
        row.attempts.to_string(),
        plain(row.why()),
    ]
}
