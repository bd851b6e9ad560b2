//! What a call answers: done with evidence, or an operation that goes on.
//!
//! Owns: the limits of the contract on evidence (1 000 pairs, 4 KiB a value), which it keeps by itself.

use std::time::Duration;

use crate::bindings::types;

/// Pairs that one answer may carry; two are kept back for the counts of what did not fit.
const PAIRS: usize = 998;
/// Bytes of one value.
const VALUE: usize = 4096;

/// Facts that prove what was done, as pairs of kind and value.
///
/// Warnings and damaged paths beyond the contract's limit are counted and reported as one last pair.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Evidence {
    pairs: Vec<(String, String)>,
    dropped: Vec<(String, u64)>,
}

impl Evidence {
    /// Starts with nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a fact. A value over 4 KiB is cut.
    #[must_use]
    pub fn fact(mut self, kind: &str, value: impl ToString) -> Self {
        self.push(kind, value.to_string());
        self
    }

    /// Adds a fact, if it is known.
    #[must_use]
    pub fn maybe(self, kind: &str, value: Option<impl ToString>) -> Self {
        match value {
            Some(value) => self.fact(kind, value),
            None => self,
        }
    }

    /// The reference of the snapshot that was made.
    #[must_use]
    pub fn snapshot(self, reference: &str) -> Self {
        self.fact("snapshot", reference)
    }

    /// How many bytes.
    #[must_use]
    pub fn bytes(self, bytes: u64) -> Self {
        self.fact("bytes", bytes)
    }

    /// How many files.
    #[must_use]
    pub fn files(self, files: u64) -> Self {
        self.fact("files", files)
    }

    /// Something a person should know although the call succeeded. May be called repeatedly.
    #[must_use]
    pub fn warning(self, sentence: impl ToString) -> Self {
        self.fact("warning", sentence)
    }

    /// A path that is damaged. May be called repeatedly.
    #[must_use]
    pub fn damaged(self, path: impl ToString) -> Self {
        self.fact("damaged", path)
    }

    /// The pairs so far.
    #[must_use]
    pub fn pairs(&self) -> &[(String, String)] {
        &self.pairs
    }

    /// The first value of a kind.
    #[must_use]
    pub fn get(&self, kind: &str) -> Option<&str> {
        let found = self.pairs.iter().find(|(known, _)| known == kind);
        found.map(|(_, value)| value.as_str())
    }

    fn push(&mut self, kind: &str, mut value: String) {
        if self.pairs.len() >= PAIRS {
            match self.dropped.iter_mut().find(|(dropped, _)| dropped == kind) {
                Some((_, count)) => *count += 1,
                None => self.dropped.push((kind.to_owned(), 1)),
            }
            return;
        }
        if value.len() > VALUE {
            let end = (0..=VALUE - 3)
                .rev()
                .find(|&end| value.is_char_boundary(end))
                .unwrap_or(0);
            value.truncate(end);
            value.push('…');
        }
        self.pairs.push((kind.to_owned(), value));
    }

    fn into_pairs(mut self) -> Vec<(String, String)> {
        for (kind, count) in self.dropped.into_iter().take(2) {
            self.pairs.push((kind, format!("and {count} more")));
        }
        self.pairs
    }
}

/// A long action at a provider that goes on without the plugin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operation {
    /// Opaque to the host, at most 4 KiB; comes back in `poll`.
    pub handle: Vec<u8>,
    /// How long the host waits before it polls.
    pub poll_after: Duration,
    /// 0 to 100, if known.
    pub percent: Option<u8>,
    /// For the person who watches.
    pub note: String,
}

impl Operation {
    /// An operation that is asked after in one second.
    #[must_use]
    pub fn new(handle: impl Into<Vec<u8>>, note: impl Into<String>) -> Self {
        Self {
            handle: handle.into(),
            poll_after: Duration::from_secs(1),
            percent: None,
            note: note.into(),
        }
    }
}

/// How far a call came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Finished, with proof.
    Done(Evidence),
    /// Goes on at the provider.
    Running(Operation),
}

impl From<Evidence> for Step {
    fn from(evidence: Evidence) -> Self {
        Self::Done(evidence)
    }
}

impl From<Operation> for Step {
    fn from(operation: Operation) -> Self {
        Self::Running(operation)
    }
}

impl From<Step> for types::Step {
    fn from(step: Step) -> Self {
        match step {
            Step::Done(evidence) => Self::Done(types::Evidence {
                facts: evidence.into_pairs(),
                extra: Vec::new(),
            }),
            Step::Running(operation) => Self::Running(types::Operation {
                handle: operation.handle,
                poll_after: u64::try_from(operation.poll_after.as_millis()).unwrap_or(u64::MAX),
                percent: operation.percent,
                note: operation.note,
                extra: Vec::new(),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn evidence_stays_within_the_limits_of_the_contract() {
        let mut evidence = Evidence::new().fact("long", "ü".repeat(4000));
        for path in 0..2000 {
            evidence = evidence.damaged(path);
        }
        let pairs = evidence.into_pairs();
        assert!(pairs.len() <= 1000);
        assert!(pairs.iter().all(|(_, value)| value.len() <= 4096));
        assert_eq!(
            pairs.last().unwrap(),
            &("damaged".to_owned(), "and 1003 more".to_owned())
        );
    }
}
