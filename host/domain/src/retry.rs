//! What happens after a failure: again, when, or never.

use std::fmt;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Why a call did not succeed (`failure` in `wit/types.wit`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// Says what the host does next.
    pub kind: FailureKind,
    /// One sentence for a person; of damage, one line per damaged path.
    pub detail: String,
    /// The wait, in milliseconds, that a throttling provider asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_ms: Option<u64>,
}

/// What the host does after a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FailureKind {
    /// The request is wrong.
    Invalid,
    /// Provider or host refused.
    Denied,
    /// What was named does not exist.
    NotFound,
    /// The provider's state does not allow it now.
    Conflict,
    /// A quota or a full disk.
    Quota,
    /// Too many requests.
    Throttled,
    /// Out of reach for now.
    Unavailable,
    /// Data is damaged.
    Corrupt,
    /// The plugin trapped, ran out of memory or broke the contract.
    Crashed,
    /// Unknown to the host.
    Other,
}

impl FailureKind {
    /// The word stored and shown.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Invalid => "invalid",
            Self::Denied => "denied",
            Self::NotFound => "not-found",
            Self::Conflict => "conflict",
            Self::Quota => "quota",
            Self::Throttled => "throttled",
            Self::Unavailable => "unavailable",
            Self::Corrupt => "corrupt",
            Self::Crashed => "crashed",
            Self::Other => "other",
        }
    }
}

impl AsRef<str> for FailureKind {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl fmt::Display for FailureKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Writes one constructor per kind.
macro_rules! constructors {
    ($($name:ident: $kind:ident),* $(,)?) => {
        $(
            #[doc = concat!("A failure of the kind `", stringify!($kind), "`.")]
            #[must_use]
            pub fn $name(detail: impl Into<String>) -> Self {
                Self { kind: FailureKind::$kind, detail: detail.into(), retry_after_ms: None }
            }
        )*
    };
}

impl Failure {
    constructors! {
        invalid: Invalid,
        denied: Denied,
        not_found: NotFound,
        conflict: Conflict,
        quota: Quota,
        unavailable: Unavailable,
        corrupt: Corrupt,
        crashed: Crashed,
        other: Other,
    }

    /// A failure of the kind `Throttled` with the wait that the provider asks for.
    #[must_use]
    pub fn throttled(detail: impl Into<String>, retry_after_ms: u64) -> Self {
        Self {
            kind: FailureKind::Throttled,
            detail: detail.into(),
            retry_after_ms: Some(retry_after_ms),
        }
    }

    /// A failure of a plugin that broke the contract.
    #[must_use]
    pub fn broken_contract(detail: &str) -> Self {
        Self::crashed(format!("the plugin broke the contract: {detail}"))
    }

    /// The same failure with more said to the person.
    #[must_use]
    pub fn and(mut self, more: &str) -> Self {
        self.detail.push_str("; ");
        self.detail.push_str(more);
        self
    }
}

/// `kind: detail`, as it is recorded and shown.
impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.kind, self.detail)
    }
}

/// How often and how soon to try again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RetryPolicy {
    /// Attempts in all, at least 1.
    pub attempts: u32,
    /// The wait before the second attempt; doubles each time.
    pub delay: Duration,
    /// The longest wait.
    pub longest: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            attempts: 3,
            delay: Duration::from_secs(60),
            longest: Duration::from_secs(30 * 60),
        }
    }
}

/// When to try again after `attempt` (1-based) of `run` failed; `None`: stop, it is over.
///
/// Waits double from `delay` to `longest`, each moved by up to a quarter either way. The move is a hash of run and
/// attempt, so that a herd spreads and a simulation repeats. Nothing runs past `deadline`.
#[must_use]
pub fn next_attempt(
    failure: &Failure,
    policy: &RetryPolicy,
    attempt: u32,
    run: Uuid,
    now: Timestamp,
    deadline: Timestamp,
) -> Option<Timestamp> {
    if attempt >= policy.attempts {
        return None;
    }
    let wait = match failure.kind {
        FailureKind::Unavailable => backed_off(policy, attempt, run),
        FailureKind::Throttled => {
            let asked = Duration::from_millis(failure.retry_after_ms.unwrap_or_default());
            backed_off(policy, attempt, run).max(asked)
        }
        FailureKind::Quota => policy.longest,
        // A crash may be chance (memory pressure): one more try shows, a hot loop would not.
        FailureKind::Crashed if attempt == 1 => backed_off(policy, attempt, run),
        FailureKind::Crashed
        | FailureKind::Invalid
        | FailureKind::Denied
        | FailureKind::NotFound
        | FailureKind::Conflict
        | FailureKind::Corrupt
        | FailureKind::Other => return None,
    };
    let at = now.checked_add(wait).ok()?;
    (at < deadline).then_some(at)
}

fn backed_off(policy: &RetryPolicy, attempt: u32, run: Uuid) -> Duration {
    let doubled = policy.delay.saturating_mul(1 << (attempt - 1).min(20));
    let capped = doubled.min(policy.longest).as_secs_f64();
    let hash = run
        .as_u128()
        .wrapping_mul(0x9e37_79b9_7f4a_7c15_u128.wrapping_add(u128::from(attempt)));
    // 53 bits of the hash as a fraction of one.
    let fraction = ((hash >> 64) as u64 >> 11) as f64 / (1_u64 << 53) as f64;
    Duration::from_secs_f64(capped * (0.75 + fraction / 2.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(seconds).unwrap()
    }

    fn unavailable() -> Failure {
        Failure::unavailable("down")
    }

    #[test]
    fn waits_double_within_a_quarter_and_stop_at_the_longest() {
        let policy = RetryPolicy {
            attempts: 20,
            ..RetryPolicy::default()
        };
        for (attempt, expected) in [
            (1, 60.0),
            (2, 120.0),
            (3, 240.0),
            (10, 1800.0),
            (19, 1800.0),
        ] {
            let next = next_attempt(
                &unavailable(),
                &policy,
                attempt,
                Uuid::from_u128(7),
                at(0),
                at(1 << 32),
            );
            let waited = next.unwrap().as_second() as f64;
            assert!(
                (expected * 0.74..=expected * 1.26).contains(&waited),
                "{attempt}: {waited}"
            );
        }
    }

    #[test]
    fn a_failure_that_trying_again_cannot_mend_is_final() {
        let policy = RetryPolicy::default();
        for failure in [
            Failure::invalid(""),
            Failure::denied(""),
            Failure::corrupt(""),
            Failure::other(""),
        ] {
            assert_eq!(
                next_attempt(&failure, &policy, 1, Uuid::nil(), at(0), at(1 << 32)),
                None
            );
        }
    }

    #[test]
    fn nothing_is_tried_after_the_deadline_or_the_last_attempt() {
        let policy = RetryPolicy::default();
        assert_eq!(
            next_attempt(&unavailable(), &policy, 1, Uuid::nil(), at(0), at(30)),
            None
        );
        assert_eq!(
            next_attempt(&unavailable(), &policy, 3, Uuid::nil(), at(0), at(1 << 32)),
            None
        );
    }

    #[test]
    fn a_throttled_call_waits_at_least_as_long_as_it_was_told() {
        let failure = Failure::throttled("", 3_600_000);
        let next = next_attempt(
            &failure,
            &RetryPolicy::default(),
            1,
            Uuid::nil(),
            at(0),
            at(1 << 32),
        );
        assert_eq!(next, Some(at(3600)));
    }
}
