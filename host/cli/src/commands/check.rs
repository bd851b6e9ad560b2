//! `strongroom check`: loads and validates everything, runs nothing.

use serde_json::json;
use strongroom_domain::schedule::{Part, Schedule, Trigger};

use strongroom_orchestrator::{Prepared, RefusedFile, Served, Setup};

use crate::arguments::Arguments;
use crate::compose;
use crate::error::CliError;
use crate::print;

pub(crate) async fn run(arguments: &Arguments) -> Result<u8, CliError> {
    let (set, folder, setup) = compose::setup(arguments).await?;
    if arguments.json {
        let schedules: Vec<_> = setup
            .schedules
            .values()
            .map(|prepared| {
                json!({
                    "name": prepared.schedule.name, "plugin": prepared.schedule.plugin,
                    "digest": prepared.digest(), "tenants": prepared.schedule.tenants,
                    "when": when(&prepared.schedule),
                    "shadow_of": prepared.schedule.part.shadows(), "succeeded_by": prepared.schedule.part.successor(), "timezone": prepared.schedule.zone.as_str(),
                    "grants": prepared.schedule.grants, "permissions": permitted(prepared),
                })
            })
            .collect();
        let refused: Vec<_> = folder
            .refused
            .iter()
            .map(|RefusedFile { file, reason, .. }| json!({ "file": file, "reason": reason }))
            .collect();
        print::json(
            &json!({ "schedules": schedules, "refused_plugins": refused, "warnings": set.warnings }),
        )?;
        return Ok(0);
    }
    if !set.warnings.is_empty() {
        eprintln!(
            "{}",
            set.warnings
                .render(std::io::IsTerminal::is_terminal(&std::io::stderr()))
                .trim_end()
        );
    }
    for RefusedFile { file, reason, .. } in &folder.refused {
        eprintln!("warning: {} cannot be used: {reason}", file.display());
    }
    let rows: Vec<Vec<String>> = setup
        .schedules
        .values()
        .map(|prepared| {
            let schedule = &prepared.schedule;
            let digest: String = prepared.digest().chars().take(12).collect();
            vec![
                schedule.name.to_string(),
                format!("{} {} ({digest})", schedule.plugin, prepared.version()),
                when(schedule),
                schedule.zone.as_str().to_owned(),
                schedule.tenants.len().to_string(),
            ]
        })
        .collect();
    print::table(&["SCHEDULE", "PLUGIN", "WHEN", "ZONE", "TENANTS"], &rows);
    for (schedules, allowed) in permissions(&setup) {
        print::line("");
        print::line(&format!("{} may", schedules.join(", ")));
        for line in allowed {
            print::line(&format!("  {}", print::plain(&line)));
        }
    }
    print::line("Everything fits: schedules, plugins and grants agree.");
    Ok(0)
}

/// What schedules may do at providers, in words a person can approve; schedules that may do the same are named together.
fn permissions(setup: &Setup) -> Vec<(Vec<&str>, Vec<String>)> {
    let mut groups: Vec<(Vec<&str>, Vec<String>)> = Vec::new();
    for prepared in setup.schedules.values() {
        let allowed = permitted(prepared);
        if allowed.is_empty() {
            continue;
        }
        let name = prepared.schedule.name.as_str();
        match groups.iter_mut().find(|(_, known)| *known == allowed) {
            Some((names, _)) => names.push(name),
            None => groups.push((vec![name], allowed)),
        }
    }
    groups
}

/// One line for each operation that is granted.
fn permitted(prepared: &Prepared) -> Vec<String> {
    let Served::Plugin { plugin, .. } = &prepared.served else {
        return Vec::new();
    };
    let mut lines = Vec::new();
    for (service, grant) in &prepared.schedule.grants.http {
        let wanted = plugin.description().operations.iter();
        let granted = wanted.filter(|operation| {
            operation.service == *service && grant.operations.contains(&operation.name)
        });
        lines.extend(granted.map(|operation| operation.permission(&grant.origin, &grant.bind)));
        if let Some(credential) = &grant.credential {
            lines.push(format!("as `{credential}`, which only the host knows"));
        }
    }
    lines
}

/// The trigger as written.
fn when(schedule: &Schedule) -> String {
    let when = match &schedule.trigger {
        Trigger::Cron { cron, .. } => cron.as_str().to_owned(),
        Trigger::Every(every) => format!("every {}", every.as_str()),
        Trigger::At(at) => format!("at {at}"),
        Trigger::Event(event) => format!("on `{event}`"),
        Trigger::After(after) => format!("after `{}`", after.schedule),
    };
    match &schedule.part {
        Part::Primary => when,
        Part::ShadowOf(primary) => format!("{when}, shadow of `{primary}`"),
        Part::SucceededBy(successor) => format!("never, succeeded by `{successor}`"),
    }
}
