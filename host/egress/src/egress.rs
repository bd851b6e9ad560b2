//! The egress of the process, from which every call gets its own.

use std::fmt;
use std::sync::Arc;

use http::HeaderValue;

use crate::call::CallEgress;
use crate::dial::{Dialler, Resolve};
use crate::fault_injector::FaultInjector;
use crate::request::GrantedService;
use crate::shared::{Environment, Shared};
use crate::tls::{Clock, Trust};
use crate::token_cache::TokenCache;

/// The egress of the process; cheap to clone.
#[derive(Clone)]
pub struct Egress {
    shared: Arc<Shared>,
    faults: Option<Arc<dyn FaultInjector>>,
}

impl Egress {
    /// Makes an egress with this clock, the system's resolver and certificates, and the process's environment.
    #[must_use]
    pub fn new(clock: Clock) -> Self {
        // The only place that reads the environment. Proxies in it are not used.
        let environment = Arc::new(|name: &str| std::env::var_os(name));
        Self::with(clock, environment, Dialler::system())
    }

    /// Makes an egress with this environment and this resolver.
    pub(crate) fn with(clock: Clock, environment: Arc<Environment>, resolve: Arc<Resolve>) -> Self {
        let dialler = Dialler::new(resolve, Trust::new(Arc::clone(&clock)));
        Self {
            shared: Arc::new(Shared {
                clock,
                environment,
                dialler,
                tokens: TokenCache::default(),
            }),
            faults: None,
        }
    }

    /// Makes the same egress with an injector that sees every allowed request: for tests of plugins.
    #[must_use]
    pub fn with_faults(&self, faults: Arc<dyn FaultInjector>) -> Self {
        Self {
            shared: Arc::clone(&self.shared),
            faults: Some(faults),
        }
    }

    /// Opens services to one call of a plugin. `agent` is the `User-Agent`; what is not visible ASCII is left out of it.
    #[must_use]
    pub fn open(&self, services: Vec<GrantedService>, agent: &str) -> CallEgress {
        let visible = |c: &char| c.is_ascii_graphic() || *c == ' ';
        let agent: String = agent.chars().filter(visible).collect();
        let agent =
            HeaderValue::from_str(agent.trim()).unwrap_or(HeaderValue::from_static("strongroom"));
        let shared = Arc::clone(&self.shared);
        CallEgress::new(shared, services, agent, self.faults.clone())
    }
}

impl fmt::Debug for Egress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Egress")
    }
}
