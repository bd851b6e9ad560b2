//! What is kept between polls: a versioned JSON text.
//!
//! Owns: how often is looked, how often in vain, and how long Google may contradict itself.
//! Never: anything that a new call knows by itself, such as names.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use strongroom_plugin::provider::resume;
use strongroom_plugin::{Call, Evidence, Failure, Operation, Step};

use crate::compute::Compute;
use crate::config::Config;
use crate::create::{self, Create};
use crate::delete::{self, Delete};
use crate::disks::{self, Made};

const VERSION: u32 = 1;
/// The first wait; each next one is half as long again.
const FIRST: Duration = Duration::from_millis(500);
/// The longest wait between two looks: small against a snapshot, large against the quota of reads.
const LONGEST: Duration = Duration::from_secs(20);
/// Looks in a row that may have no answer: the operation goes on without us.
const MISSES: u32 = 5;
/// Looks at which Google may say that something is done and not show it.
const PATIENCE: u32 = 4;

/// What goes on.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Going {
    Create(Create),
    Delete(Delete),
    Disk(Made),
}

/// How far it came.
pub(crate) enum Outcome {
    Done(Evidence),
    /// It goes on.
    Going(Going, String, Option<u8>),
    /// Google says that it is done and does not show it.
    Odd(Going, String),
    /// It did not work. An error instead means that it could not be seen.
    Failed(Failure),
}

/// A handle.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Handle {
    version: u32,
    going: Going,
    looks: u32,
    misses: u32,
    odd: u32,
}

impl Handle {
    /// Reads what an earlier call wrote.
    fn read(bytes: &[u8]) -> Result<Self, Failure> {
        let handle: Self = resume(bytes)?;
        if handle.version != VERSION {
            return Err(Failure::invalid(format!(
                "the handle is of version {}, this plugin knows {VERSION}",
                handle.version
            )));
        }
        Ok(handle)
    }

    /// The answer to the call that began it.
    pub(crate) fn first(outcome: Outcome) -> Result<Step, Failure> {
        let going = match &outcome {
            Outcome::Going(going, ..) | Outcome::Odd(going, _) => going.clone(),
            Outcome::Done(evidence) => return Ok(evidence.clone().into()),
            Outcome::Failed(failure) => return Err(failure.clone()),
        };
        let handle = Self {
            version: VERSION,
            going,
            looks: 0,
            misses: 0,
            odd: 0,
        };
        handle.next(Ok(outcome))
    }

    /// The answer to a poll.
    fn next(mut self, reached: Result<Outcome, Failure>) -> Result<Step, Failure> {
        let mut wait = FIRST
            .saturating_mul(3_u32.saturating_pow(self.looks.min(12)))
            .checked_div(2_u32.saturating_pow(self.looks.min(12)))
            .unwrap_or(LONGEST);
        self.looks += 1;
        let (note, percent) = match reached {
            Ok(Outcome::Done(evidence)) => return Ok(evidence.into()),
            Ok(Outcome::Failed(failure)) => return Err(failure),
            Ok(Outcome::Going(going, note, percent)) => {
                (self.going, self.misses) = (going, 0);
                (note, percent)
            }
            Ok(Outcome::Odd(_, note)) if self.odd >= PATIENCE => return Err(Failure::other(note)),
            Ok(Outcome::Odd(going, note)) => {
                (self.going, self.misses, self.odd) = (going, 0, self.odd + 1);
                (note, None)
            }
            Err(failure) if self.misses < MISSES => {
                wait = wait.max(match &failure {
                    Failure::Throttled(_, least) => *least,
                    Failure::Unavailable(_) => FIRST,
                    _ => return Err(failure),
                });
                self.misses += 1;
                return self.running(wait, &format!("asked in vain: {failure}"), None);
            }
            Err(failure) => return Err(failure),
        };
        self.running(wait.min(LONGEST), &note, percent)
    }

    fn running(&self, wait: Duration, note: &str, percent: Option<u8>) -> Result<Step, Failure> {
        Ok(Operation::of(self, note)?.after(wait).at(percent).into())
    }
}

/// Asks after what goes on.
pub(crate) fn poll(call: &Call<Config>, operation: &[u8]) -> Result<Step, Failure> {
    let handle = Handle::read(operation)?;
    let compute = Compute { call };
    let reached = match handle.going.clone() {
        Going::Create(create) => create::watch(&compute, create),
        Going::Delete(delete) => delete::watch(&compute, delete),
        Going::Disk(made) => disks::watch(&compute, made),
    };
    handle.next(reached)
}
