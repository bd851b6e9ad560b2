//! Which time is simulated, and when the host is down.

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use strongroom_domain::json_time;

use crate::Error;

/// Moments are kept in whole milliseconds.
pub(super) const TICK: SignedDuration = SignedDuration::from_millis(1);

/// Due times from the first moment up to, not including, the last.
#[derive(Debug, Serialize)]
pub struct Span {
    /// The first moment.
    #[serde(with = "json_time")]
    pub from: Timestamp,
    /// The first moment that no longer belongs to it.
    #[serde(with = "json_time")]
    pub to: Timestamp,
    /// When the host is down, in order; no outage touches another.
    pub outages: Vec<Outage>,
}

/// The host is killed, and started again.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Outage {
    /// When it is killed.
    #[serde(with = "json_time")]
    pub from: Timestamp,
    /// When it is started again.
    #[serde(with = "json_time")]
    pub until: Timestamp,
}

impl Span {
    /// A span whose outages lie within it and apart.
    pub fn new(from: Timestamp, to: Timestamp, mut outages: Vec<Outage>) -> Result<Self, Error> {
        if to <= from {
            let message = format!("the simulation would end ({to}) before it begins ({from})");
            return Err(Error::usage(message).hint("`--to` must be later than `--from`"));
        }
        outages.sort_by_key(|outage| outage.from);
        for outage in &outages {
            if outage.from <= from || outage.until >= to {
                let message = format!(
                    "the outage from {} to {} does not lie within the simulation",
                    outage.from, outage.until
                );
                let hint = format!("it must begin after {from} and end before {to}");
                return Err(Error::usage(message).hint(hint));
            }
        }
        for (one, next) in outages.iter().zip(outages.iter().skip(1)) {
            if next.from <= one.until {
                let message = format!(
                    "the host cannot go down at {}: it is down from {} to {} already",
                    next.from, one.from, one.until
                );
                return Err(Error::usage(message).hint("make one outage of the two"));
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
