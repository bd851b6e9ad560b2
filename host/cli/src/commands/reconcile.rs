//! `strongroom snapshots reconcile`: what providers have, compared with the catalog.

use strongroom_app::reconcile::{Comparison, Reconciled, reconcile};

use super::*;

/// Compares each shelf; 1: something does not agree, or could not be compared.
pub(super) async fn run(
    at: &Installation,
    json: bool,
    schedule: Option<&str>,
    tenant: Option<&str>,
) -> Result<u8, Error> {
    let compared = reconcile(at, schedule, tenant).await?;
    print::result(json, &compared, || {
        compared.iter().for_each(say);
        if compared.is_empty() {
            out!("No schedule makes snapshots.");
        }
    })?;
    let all_agree = compared.iter().all(Reconciled::agrees);
    Ok(if all_agree { 0 } else { EXIT_FAILED })
}

fn say(shelf: &Reconciled) {
    let name = format!("{} {}", shelf.schedule, shelf.tenant);
    match &shelf.found {
        Ok(found) => differences(&name, found),
        Err(error) => out!("{name}: not compared: {}", plain(error)),
    }
}

fn differences(shelf: &str, found: &Comparison) {
    let groups = found.groups().map(|(word, group)| (word, group.count));
    let rest = [("under way", found.under_way), ("not ours", found.foreign)];
    let counts = groups.into_iter().chain(rest);
    let counts = counts.filter(|(_, count)| *count > 0);
    let counts: String = counts
        .map(|(word, count)| format!(", {count} {word}"))
        .collect();
    out!("{shelf}: {} agree{counts}", found.agreeing);
    for (word, group) in found.groups() {
        for one in &group.first {
            let id = one.snapshot.map(short).unwrap_or_default();
            let (taken, reference, what) =
                (utc(one.taken_at), plain(&one.reference), plain(&one.what));
            out!("  {word}  {id}  {taken}  {reference}: {what}");
        }
        let told = u64::try_from(group.first.len()).unwrap_or(u64::MAX);
        if group.count > told {
            out!("  … {} more {word}", group.count - told);
        }
    }
}
