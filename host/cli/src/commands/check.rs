//! `strongroom check`: loads and validates everything, runs nothing.

use serde_json::json;
use strongroom_domain::schedule::{Schedule, SwapRole, Trigger};

use strongroom_orchestrator::RefusedFile;

use super::permissions;

use crate::arguments::Arguments;
use crate::compose;
use crate::error::CliError;
use crate::print;

pub(crate) async fn run(arguments: &Arguments) -> Result<u8, CliError> {
    let (set, folder, setup) = compose::setup(arguments).await?;
    let mut warnings = set.warnings.clone();
    warnings.extend(setup.warnings.iter().cloned());
    if arguments.json {
        let schedules: Vec<_> = setup
            .schedules
            .values()
            .map(|prepared| {
                json!({
                    "name": prepared.schedule.name, "plugin": prepared.schedule.plugin,
                    "digest": prepared.digest(), "tenants": prepared.schedule.tenants,
                    "when": when(&prepared.schedule),
                    "shadow_of": prepared.schedule.shadows(), "succeeded_by": prepared.schedule.successor(),
                    "timezone": prepared.schedule.zone.as_str(),
                    "grants": prepared.schedule.grants, "permissions": permissions::value(prepared),
                })
            })
            .collect();
        let refused: Vec<_> = folder
            .refused
            .iter()
            .map(|RefusedFile { file, reason, .. }| json!({ "file": file, "reason": reason }))
            .collect();
        print::json(
            &json!({ "schedules": schedules, "refused_plugins": refused, "warnings": warnings }),
        )?;
        return Ok(0);
    }
    if !warnings.is_empty() {
        eprintln!(
            "{}",
            warnings
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
    for (names, permissions) in permissions::grouped(&setup) {
        print::line("");
        for line in permissions.lines(&names) {
            print::line(&print::plain(&line));
        }
    }
    print::line("Everything fits: schedules, plugins and grants agree.");
    Ok(0)
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
    match schedule.swap_role() {
        SwapRole::Primary => when,
        SwapRole::ShadowOf(primary) => format!("{when}, shadow of `{primary}`"),
        SwapRole::SucceededBy(successor) => format!("never, succeeded by `{successor}`"),
    }
}
