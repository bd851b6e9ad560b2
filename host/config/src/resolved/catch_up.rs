//! What happens to due times that could not run when they were due: `overlap` and `missed` together.
//!
//! Owns: which of them go together.
//! Never: does any of it; `strongroom_domain::planning` and the ledger do.

use strongroom_domain::schedule::{Missed, Overlap};

use super::words::chosen;
use crate::problems::Problems;
use crate::raw::RawSchedule;
use crate::reader::RawTable;

/// Both policies; what does not go together is reported.
pub(super) fn policies(raw: &RawSchedule, problems: &mut Problems) -> (Overlap, Missed) {
    let missed = chosen::<Missed>(raw.missed.as_ref());
    let mut overlap = chosen::<Overlap>(raw.overlap.as_ref());
    if let Some(at) = &raw.missed
        && raw.cron.is_none()
        && raw.every.is_none()
        && raw.at.is_none()
        && let Some(key) = ["on", "after"].iter().find(|key| raw.has(key))
    {
        let message = format!("`missed` says nothing with `{key}`");
        let hint = "only due times that are known beforehand can be missed; remove this line";
        problems.error(&at.span, message, hint);
    }
    if missed != Missed::All {
        return (overlap, missed);
    }
    match (&raw.overlap, &raw.missed) {
        (None, _) => overlap = Overlap::Queue,
        (Some(at), Some(all)) if !matches!(overlap, Overlap::Queue | Overlap::Allow) => {
            let message = format!(
                "`overlap = \"{}\"` and `missed = \"all\"` contradict each other",
                at.value
            );
            let hint = "runs that are caught up follow one upon the other: write `overlap = \"queue\"` or `\"allow\"`";
            let problem = problems.at(&at.span, message, hint);
            let note = "each of them is to run";
            let problem = problem.noted(&problems.source, all.span.clone(), note);
            problems.add(problem);
        }
        _ => {}
    }
    (overlap, missed)
}
