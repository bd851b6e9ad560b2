//! What the whole process shares: the clock, the environment, the dialler, tokens that were given out.
//!
//! Owns: requests of the host's own (for tokens, for secrets), bounded like all others. Never: anything of one plugin.
//! Read next: `call`.

use std::ffi::OsString;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Method};

use crate::auth::Tokens;
use crate::call::CallEgress;
use crate::connection::{Answer, Bounds, Connection, NoAnswer};
use crate::dial::{Dialler, Resolve, Server};
use crate::draft::Draft;
use crate::error::{Failure, Step, within};
use crate::gate::Gate;
use crate::request::Opening;
use crate::tls::Trust;

/// The one clock.
pub type Clock = Arc<dyn Fn() -> jiff::Timestamp + Send + Sync>;

/// A variable of the environment, by its name.
pub(crate) type Environment = dyn Fn(&str) -> Option<OsString> + Send + Sync;

/// Longest time and most bytes of a request of the host's own: a token's answer may list everything a cloud offers.
const OWN_TIME: Duration = Duration::from_secs(20);
const OWN_BYTES: u64 = 1 << 20;

/// The way out of the process; cheap to clone.
#[derive(Clone)]
pub struct Egress {
    outside: Arc<Outside>,
    gate: Option<Arc<dyn Gate>>,
}

/// What all ways out share.
pub(crate) struct Outside {
    clock: Clock,
    pub(crate) environment: Arc<Environment>,
    pub(crate) dialler: Dialler,
    pub(crate) tokens: Tokens,
}

impl Egress {
    /// The way out, by this clock, the system's resolver and certificates, and the process's environment.
    #[must_use]
    pub fn new(now: Clock) -> Self {
        // The only place that reads the environment. Proxies in it are not followed.
        let environment = Arc::new(|name: &str| std::env::var_os(name));
        Self::with(now, environment, Dialler::system())
    }

    /// The same, with another environment and another resolver.
    pub(crate) fn with(clock: Clock, environment: Arc<Environment>, resolve: Arc<Resolve>) -> Self {
        let dialler = Dialler::new(resolve, Trust::new(Arc::clone(&clock)));
        let tokens = Tokens::default();
        Self {
            outside: Arc::new(Outside {
                clock,
                environment,
                dialler,
                tokens,
            }),
            gate: None,
        }
    }

    /// The same way out with a gate before it, through which every allowed request goes: for tests of plugins.
    #[must_use]
    pub fn through(&self, gate: Arc<dyn Gate>) -> Self {
        Self {
            outside: Arc::clone(&self.outside),
            gate: Some(gate),
        }
    }

    /// Opens services to one call of a plugin. `agent` is the `User-Agent`; what is not visible ASCII is left out of it.
    #[must_use]
    pub fn open(&self, openings: Vec<Opening>, agent: &str) -> CallEgress {
        let plain: String = agent
            .chars()
            .filter(|c| c.is_ascii_graphic() || *c == ' ')
            .collect();
        let agent =
            HeaderValue::from_str(plain.trim()).unwrap_or(HeaderValue::from_static("strongroom"));
        CallEgress::new(
            Arc::clone(&self.outside),
            openings,
            agent,
            self.gate.clone(),
        )
    }
}

impl Outside {
    /// Now, in seconds since 1970.
    pub(crate) fn now(&self) -> jiff::Timestamp {
        (self.clock)()
    }

    /// A request of the host's own, over a connection of its own.
    pub(crate) async fn ask(&self, server: Server<'_>, draft: Draft) -> Result<Answer, Failure> {
        let bounds = Bounds {
            first_byte: OWN_TIME,
            idle: OWN_TIME,
            bytes: OWN_BYTES,
        };
        let host = &server.origin.host;
        within(Step::Total, OWN_TIME, async {
            let addresses = self.dialler.addresses(server).await?;
            let wire = self.dialler.connect(server, &addresses, None, None).await?;
            let mut connection = Connection::over(wire).await?;
            let agent = HeaderValue::from_static("strongroom");
            let request = draft.finish(server.origin, &agent, Vec::new())?;
            connection
                .exchange(host, request, bounds)
                .await
                .map_err(|none| match none {
                    NoAnswer::Failed(failure) => failure,
                    NoAnswer::Unsent(_) => {
                        Failure::Closed(format!("`{host}` ended the connection at once"))
                    }
                })
        })
        .await
    }
}

impl Draft {
    /// A request of the host's own: headers that are secrets are marked as such by the caller.
    pub(crate) fn own(method: Method, target: String, body: &[u8]) -> Self {
        Self {
            method,
            target,
            headers: Vec::new(),
            body: Bytes::copy_from_slice(body),
        }
    }
}

impl fmt::Debug for Egress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Egress")
    }
}
