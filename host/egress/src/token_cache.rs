//! The cache of tokens: each is asked for once, used until shortly before its end, then asked for again.
//!
//! Owns: what is kept in memory and for how long; a server that refused a token is left alone for some seconds.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use strongroom_domain::egress::Credential;

use crate::secret::Secret;

/// How long a refusal is kept, in seconds: many runs that begin together ask once.
const REFUSED_SECONDS: i64 = 10;
/// How long before its end a token is no longer used, in seconds; at most a fifth of its life.
const MARGIN_SECONDS: i64 = 60;
/// Most credentials that are kept; files that were changed leave old ones behind.
const LIMIT: usize = 256;

/// A token as its server issued it.
pub(crate) struct IssuedToken {
    pub(crate) secret: Secret,
    /// How long it is valid.
    pub(crate) seconds: i64,
}

/// A token or a refusal, and the seconds since 1970 in which it holds.
struct Entry {
    result: Result<Secret, String>,
    valid: Range<i64>,
}

type Slot = Arc<tokio::sync::Mutex<Option<Entry>>>;

/// The newest token or refusal of each credential.
#[derive(Default)]
pub(crate) struct TokenCache(Mutex<HashMap<Credential, Slot>>);

impl TokenCache {
    /// Returns the cached token, or the one that `ask` brings. Whoever comes while it is asked waits for the same answer;
    /// if the one who asks gives up, the next asks.
    pub(crate) async fn get<F: Future<Output = Result<IssuedToken, String>>>(
        &self,
        credential: &Credential,
        now: Timestamp,
        ask: impl FnOnce() -> F,
    ) -> Result<Secret, String> {
        let slot = self.slot(credential);
        let mut entry = slot.lock().await;
        let now = now.as_second();
        if let Some(Entry { result, .. }) =
            entry.as_ref().filter(|entry| entry.valid.contains(&now))
        {
            return result.clone().map_err(|reason| {
                format!("{reason} (asked again after {REFUSED_SECONDS} seconds)")
            });
        }
        let (result, seconds) = match ask().await {
            Ok(IssuedToken { secret, seconds }) => {
                let life = seconds.clamp(1, 86_400);
                (Ok(secret), life - MARGIN_SECONDS.min(life / 5))
            }
            Err(reason) => (Err(reason), REFUSED_SECONDS),
        };
        *entry = Some(Entry {
            result: result.clone(),
            valid: now..now + seconds,
        });
        result
    }

    /// Forgets the credential's token if it is one of those that were used.
    pub(crate) async fn forget(&self, credential: &Credential, used: &[Secret]) {
        let known = self
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(credential)
            .cloned();
        let Some(slot) = known else { return };
        let mut entry = slot.lock().await;
        let is_used = |token: &Secret| used.iter().any(|used| used.bytes() == token.bytes());
        if matches!(&*entry, Some(Entry { result: Ok(token), .. }) if is_used(token)) {
            *entry = None;
        }
    }

    fn slot(&self, credential: &Credential) -> Slot {
        let mut slots = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if slots.len() >= LIMIT && !slots.contains_key(credential) {
            // A slot in use is held elsewhere too; the tokens of the others are asked for again.
            slots.retain(|_, slot| Arc::strong_count(slot) > 1);
        }
        Arc::clone(slots.entry(credential.clone()).or_default())
    }
}
