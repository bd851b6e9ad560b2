//! What all calls of the process share: the clock, the environment, the dialler, the cache of tokens.
//!
//! Owns: requests of the host's own (for tokens, for secrets), bounded like all others. Never: anything of one plugin.

use std::ffi::OsString;
use std::sync::Arc;
use std::time::Duration;

use http::HeaderValue;

use crate::connection::{Connection, ExchangeError, Limits, RawResponse};
use crate::dial::{Dialler, Server};
use crate::draft::Draft;
use crate::error::{Failure, Step, within};
use crate::tls::Clock;
use crate::token_cache::TokenCache;

/// Looks up a variable of the environment by its name.
pub(crate) type Environment = dyn Fn(&str) -> Option<OsString> + Send + Sync;

/// Longest time and most bytes of a request of the host's own: a token's response may list everything a cloud offers.
const OWN_TIME: Duration = Duration::from_secs(20);
const OWN_BYTES: u64 = 1 << 20;

/// What all calls share.
pub(crate) struct Shared {
    pub(crate) clock: Clock,
    pub(crate) environment: Arc<Environment>,
    pub(crate) dialler: Dialler,
    pub(crate) tokens: TokenCache,
}

impl Shared {
    pub(crate) fn now(&self) -> jiff::Timestamp {
        (self.clock)()
    }

    /// Sends a request of the host's own, over a connection of its own.
    pub(crate) async fn send(
        &self,
        server: Server<'_>,
        draft: Draft,
    ) -> Result<RawResponse, Failure> {
        let limits = Limits {
            first_byte: OWN_TIME,
            idle: OWN_TIME,
            bytes: OWN_BYTES,
        };
        let host = &server.origin.host;
        within(Step::Total, OWN_TIME, async {
            let addresses = self.dialler.addresses(server).await?;
            let stream = self.dialler.connect(server, &addresses, None, None).await?;
            let mut connection = Connection::new(stream).await?;
            let agent = HeaderValue::from_static("strongroom");
            let request = draft.finish(server.origin, &agent, Vec::new())?;
            connection
                .exchange(host, request, limits)
                .await
                .map_err(|error| match error {
                    ExchangeError::Failed(failure) => failure,
                    ExchangeError::Unsent(_) => {
                        Failure::Closed(format!("`{host}` ended the connection at once"))
                    }
                })
        })
        .await
    }
}
