//! Swaps of schedules: intended, then done or failed, in either direction.

use serde_json::json;
use strongroom_domain::ScheduleName;

use crate::audit::AuditEntry;

/// Which way a promise changes hands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SwapDirection {
    /// The shadow takes over.
    CutOver,
    /// The one that was succeeded takes it back.
    Back,
}

/// What was asked for; the same in all entries of one swap.
#[derive(Debug, Clone, Copy)]
pub struct SwapFacts<'a> {
    /// The schedule that kept the promise so far.
    pub from: &'a ScheduleName,
    /// The schedule that keeps it from now on.
    pub to: &'a ScheduleName,
    /// The person who asked.
    pub person: &'a str,
    /// Why.
    pub reason: &'a str,
    /// Why in spite of what spoke against it.
    pub despite: Option<&'a str>,
    /// The schedule files that change.
    pub files: &'a [String],
}

impl AuditEntry {
    /// `swap-cut-over-intended` or `swap-back-intended`: `from`, `to`, `person`, `reason`, `despite`, `files`.
    pub fn swap_intended(direction: SwapDirection, facts: &SwapFacts<'_>) -> Self {
        facts.entry(match direction {
            SwapDirection::CutOver => "swap-cut-over-intended",
            SwapDirection::Back => "swap-back-intended",
        })
    }

    /// `swap-cut-over` or `swap-back`: as intended.
    pub fn swap_done(direction: SwapDirection, facts: &SwapFacts<'_>) -> Self {
        facts.entry(match direction {
            SwapDirection::CutOver => "swap-cut-over",
            SwapDirection::Back => "swap-back",
        })
    }

    /// `swap-cut-over-failed` or `swap-back-failed`: as intended; no file is changed.
    pub fn swap_failed(direction: SwapDirection, facts: &SwapFacts<'_>) -> Self {
        facts.entry(match direction {
            SwapDirection::CutOver => "swap-cut-over-failed",
            SwapDirection::Back => "swap-back-failed",
        })
    }
}

impl SwapFacts<'_> {
    fn entry(&self, kind: &'static str) -> AuditEntry {
        AuditEntry::new(
            kind,
            json!({
                "from": self.from, "to": self.to, "person": self.person, "reason": self.reason,
                "despite": self.despite, "files": self.files,
            }),
        )
    }
}
