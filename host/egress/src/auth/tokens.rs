//! Tokens that were given out for a while: one question at a time, asked again shortly before the end.
//!
//! Owns: what is remembered in memory, and for how long; also that a server which refused is left alone for some seconds.

use std::collections::HashMap;
use std::future::Future;
use std::sync::{Arc, PoisonError};

use jiff::Timestamp;
use strongroom_domain::egress::Credential;

use crate::secret::Secret;

/// How long a refusal is remembered, in seconds: many runs that begin together ask once.
const REFUSED_SECONDS: i64 = 10;
/// How long before its end a token is no longer used, in seconds; at most a fifth of its life.
const MARGIN_SECONDS: i64 = 60;
/// Most credentials that are remembered; files that were changed leave old ones behind.
const LIMIT: usize = 256;

/// A token, fresh from whoever gave it.
pub(super) struct Found {
    pub(super) secret: Secret,
    /// How long it is valid.
    pub(super) seconds: i64,
}

/// A token that is remembered.
#[derive(Clone)]
pub(super) struct Token {
    pub(super) secret: Secret,
}

enum Memory {
    Nothing,
    Token {
        token: Token,
        from: i64,
        until: i64,
    },
    Refused {
        reason: String,
        from: i64,
        until: i64,
    },
}

type Slot = Arc<tokio::sync::Mutex<Memory>>;

/// What is remembered for each credential.
#[derive(Default)]
pub(crate) struct Tokens(std::sync::Mutex<HashMap<Credential, Slot>>);

impl Tokens {
    /// What is remembered, or what `ask` brings. Whoever comes while it is asked waits for the same answer; if the one who
    /// asks gives up, the next asks.
    pub(super) async fn get<F: Future<Output = Result<Found, String>>>(
        &self,
        credential: &Credential,
        now: Timestamp,
        ask: impl FnOnce() -> F,
    ) -> Result<Token, String> {
        let slot = self.slot(credential);
        let mut memory = slot.lock().await;
        let now = now.as_second();
        match &*memory {
            Memory::Token { token, from, until } if (*from..*until).contains(&now) => {
                return Ok(token.clone());
            }
            Memory::Refused {
                reason,
                from,
                until,
            } if (*from..*until).contains(&now) => {
                return Err(format!(
                    "{reason} (asked again after {REFUSED_SECONDS} seconds)"
                ));
            }
            _ => {}
        }
        match ask().await {
            Ok(Found { secret, seconds }) => {
                let life = seconds.clamp(1, 86_400);
                let until = now + life - MARGIN_SECONDS.min(life / 5);
                let token = Token { secret };
                *memory = Memory::Token {
                    token: token.clone(),
                    from: now,
                    until,
                };
                Ok(token)
            }
            Err(reason) => {
                let until = now + REFUSED_SECONDS;
                *memory = Memory::Refused {
                    reason: reason.clone(),
                    from: now,
                    until,
                };
                Err(reason)
            }
        }
    }

    /// Forgets the credential's token if it is the one that was used.
    pub(super) async fn forget(&self, credential: &Credential, used: &[Secret]) {
        let known = self
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(credential)
            .cloned();
        let Some(slot) = known else { return };
        let mut memory = slot.lock().await;
        if let Memory::Token { token, .. } = &*memory
            && used
                .iter()
                .any(|secret| secret.bytes() == token.secret.bytes())
        {
            *memory = Memory::Nothing;
        }
    }

    fn slot(&self, credential: &Credential) -> Slot {
        let mut slots = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if slots.len() >= LIMIT && !slots.contains_key(credential) {
            // Whoever uses one at this moment holds it; the others are asked for again.
            slots.retain(|_, slot| Arc::strong_count(slot) > 1);
        }
        let empty = || Arc::new(tokio::sync::Mutex::new(Memory::Nothing));
        Arc::clone(slots.entry(credential.clone()).or_insert_with(empty))
    }
}
