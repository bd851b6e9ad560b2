//! `strongroom check` and `strongroom doctor`.

use strongroom_app::check::CheckedSchedule;
use strongroom_app::doctor::{self, Health};
use strongroom_app::permissions::Permissions;

use super::*;

pub(super) async fn check(at: &Installation, json: bool) -> Result<u8, Error> {
    let checked = strongroom_app::check::check(at).await?;
    print::result(json, &checked, || {
        print::diagnostics(&checked.warnings);
        for one in &checked.refused_plugins {
            let file = one.file.display();
            eprintln!("warning: {file} cannot be used: {}", one.reason);
        }
        let cells = |one: &CheckedSchedule| {
            let (schedule, digest) = (&one.schedule, one.digest.chars().take(12));
            let digest: String = digest.collect();
            [
                schedule.name.to_string(),
                format!("{} {} ({digest})", schedule.plugin, one.version),
                one.when(),
                schedule.zone.as_str().to_owned(),
                schedule.tenants.len().to_string(),
            ]
        };
        let rows: Vec<_> = checked.schedules.iter().map(cells).collect();
        print::table(["SCHEDULE", "PLUGIN", "WHEN", "ZONE", "TENANTS"], &rows, "");
        permissions(&checked.schedules);
        out!("Everything fits: schedules, plugins and grants agree.");
    })
}

/// Schedules that may do the same are named together.
fn permissions(schedules: &[CheckedSchedule]) {
    let mut groups: Vec<(Vec<&str>, &Permissions)> = Vec::new();
    for one in schedules {
        let name = one.schedule.name.as_str();
        let same = |(_, known): &&mut (_, &Permissions)| **known == one.permissions;
        match groups.iter_mut().find(same) {
            Some((names, _)) => names.push(name),
            None => groups.push((vec![name], &one.permissions)),
        }
    }
    for (names, Permissions { may, may_not }) in groups {
        let names = names.join(", ");
        if may.is_empty() {
            out!("\n{names} may nothing but compute and log");
        } else {
            out!("\n{names} may");
        }
        may.iter().for_each(|line| out!("  {}", plain(line)));
        if !may_not.is_empty() {
            out!("and may not, though its plugin would");
        }
        may_not.iter().for_each(|line| out!("  {}", plain(line)));
    }
}

pub(super) async fn doctor(at: &Installation, json: bool) -> Result<u8, Error> {
    let findings = doctor::examine(at).await;
    print::result(json, &findings, || {
        for finding in &findings {
            let word = match finding.health {
                Health::Good => "ok",
                Health::Notice => "note",
                Health::Bad => "bad",
            };
            out!("{word:<5} {:<10} {}", finding.what, finding.text);
        }
    })?;
    let bad = findings.iter().any(|finding| finding.health == Health::Bad);
    Ok(if bad { EXIT_FAILED } else { 0 })
}
