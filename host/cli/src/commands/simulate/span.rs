//! Which time is simulated, and when the host is down.

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use strongroom_domain::calendar::parse_duration;

use crate::arguments::Simulate;
use crate::compose;
use crate::error::CliError;

/// Moments are kept in whole milliseconds.
pub(super) const TICK: SignedDuration = SignedDuration::from_millis(1);

/// Due times from the first moment up to, not including, the last.
#[derive(Debug, Serialize)]
pub(super) struct Span {
    pub(super) from: Timestamp,
    pub(super) to: Timestamp,
    /// In order; none touches another.
    pub(super) outages: Vec<Outage>,
}

/// The host is killed, and started again.
#[derive(Debug, Serialize)]
pub(super) struct Outage {
    pub(super) from: Timestamp,
    pub(super) until: Timestamp,
}

impl Span {
    pub(super) fn read(options: &Simulate) -> Result<Self, CliError> {
        let (from, to) = (compose::time(&options.from)?, compose::time(&options.to)?);
        if to <= from {
            return Err(CliError::usage(format!(
                "the simulation would end ({to}) before it begins ({from})"
            ))
            .hint("`--to` must be later than `--from`"));
        }
        let outages = options.down.iter().map(|text| outage(text));
        let mut outages: Vec<Outage> = outages.collect::<Result<_, _>>()?;
        outages.sort_by_key(|outage| outage.from);
        for outage in &outages {
            if outage.from <= from || outage.until >= to {
                let message = format!(
                    "the outage from {} to {} does not lie within the simulation",
                    outage.from, outage.until
                );
                let hint = format!("it must begin after {from} and end before {to}");
                return Err(CliError::usage(message).hint(hint));
            }
        }
        for (one, next) in outages.iter().zip(outages.iter().skip(1)) {
            if next.from <= one.until {
                let message = format!(
                    "the host cannot go down at {}: it is down from {} to {} already",
                    next.from, one.from, one.until
                );
                return Err(CliError::usage(message).hint("make one outage of the two"));
            }
        }
        Ok(Self { from, to, outages })
    }

    /// Just before the first due time.
    pub(super) fn before(&self) -> Timestamp {
        self.from.checked_sub(TICK).unwrap_or(self.from)
    }

    /// The last moment at which something may be due.
    pub(super) fn last(&self) -> Timestamp {
        self.to.checked_sub(TICK).unwrap_or(self.to)
    }
}

fn outage(text: &str) -> Result<Outage, CliError> {
    const HINT: &str = "write when it begins and how long it lasts, as in `2026-03-08T01:00Z/4h`";
    let Some((from, length)) = text.split_once('/') else {
        return Err(CliError::usage(format!("`{text}` is not an outage")).hint(HINT));
    };
    let from = compose::time(from)?;
    let length = parse_duration(length)
        .map_err(|error| CliError::usage(error.message).hint(error.hint.unwrap_or(HINT.into())))?;
    match from.checked_add(length) {
        Ok(until) if until > from => Ok(Outage { from, until }),
        _ => Err(CliError::usage(format!("`{text}` is no time at all")).hint(HINT)),
    }
}
