//! Within which time after a due time its tenants begin.
//!
//! Owns: that it is over before the next due time.
//! Never: spreads anything; `strongroom_domain::spread` does.

use std::ops::RangeInclusive;
use std::time::Duration;

use strongroom_domain::calendar::Zone;
use strongroom_domain::schedule::Trigger;

use super::lengths::{in_words, length};
use crate::interner::Interner;
use crate::problems::Problems;
use crate::reader::At;

/// Beyond a day, nobody knows any more which day a run belongs to.
const SPREADS: RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_secs(24 * 3600);

/// The time; zero if it is absent or wrong.
pub(super) fn spread(
    raw: Option<&At<String>>,
    timed: Option<(&Trigger, &Zone)>,
    interner: &mut Interner,
    problems: &mut Problems,
) -> Duration {
    let errors = problems.errors();
    let spread = length("spread", raw, Duration::ZERO, SPREADS, problems);
    let (Some(at), Some((trigger, zone))) = (raw, timed) else {
        return spread;
    };
    if problems.errors() == errors
        && let Some(shortest) = interner.distances(trigger, zone).shortest
        && spread >= shortest
    {
        let message = format!(
            "`spread = \"{}\"` is not shorter than the time between two due times, which can be {}",
            at.value,
            in_words(shortest)
        );
        let hint = "the runs of one due time would begin after the next one; write a shorter time";
        problems.error(&at.span, message, hint);
    }
    spread
}
