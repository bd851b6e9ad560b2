//! One call of a plugin, and the road of each of its requests.
//!
//! Owns: the order of the steps: found by its service's name, read, decided on, resolved, dialled, proven, sent, its answer
//! freed of secrets; the connections of this call; its denials. Never: a step skipped because an earlier request passed it.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use http::HeaderValue;
use http::header::CONTENT_ENCODING;
use strongroom_domain::egress::ParsedRequest;
use tokio::sync::Semaphore;

use crate::auth;
use crate::connection::{Answer, Connection, NoAnswer};
use crate::draft::Draft;
use crate::error::{Failure, SendError, Step, shown, within};
use crate::gate::{Gate, Leaving};
use crate::headers;
use crate::outside::Outside;
use crate::request::{Opening, Request, Response};
use crate::scrub::scrub;
use crate::service::{Service, bounds};

/// Most requests of one call at a time; more wait.
const AT_ONCE: usize = 16;
/// Most denials that are kept; more are only logged.
const DENIALS: usize = 64;
/// The way out of one call.
pub struct CallEgress {
    outside: Arc<Outside>,
    agent: HeaderValue,
    services: BTreeMap<String, Service>,
    denials: Mutex<Vec<String>>,
    at_once: Semaphore,
    gate: Option<Arc<dyn Gate>>,
}

impl CallEgress {
    pub(crate) fn new(
        outside: Arc<Outside>,
        openings: Vec<Opening>,
        agent: HeaderValue,
        gate: Option<Arc<dyn Gate>>,
    ) -> Self {
        let service = |opening: Opening| (opening.service.clone(), Service::new(opening));
        Self {
            outside,
            agent,
            services: openings.into_iter().map(service).collect(),
            denials: Mutex::default(),
            at_once: Semaphore::new(AT_ONCE),
            gate,
        }
    }

    /// Sends a request and waits for the whole answer. May be dropped at any time: its connection is closed then.
    ///
    /// # Errors
    /// [`SendError`] says where and why. After [`Failure::Closed`] and some [`Failure::Timeout`]s it is not known whether the
    /// server did what was asked.
    pub async fn send(&self, request: Request) -> Result<Response, SendError> {
        let mut operation = None;
        let answer = self.road(&request, &mut operation).await;
        answer.map_err(|failure| {
            let service = shown(&request.authority);
            let error = SendError {
                service,
                operation,
                failure,
            };
            self.record(&request, &error);
            error
        })
    }

    /// Every denial of this call so far, the first 64.
    #[must_use]
    pub fn denials(&self) -> Vec<String> {
        self.denials
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    async fn road(
        &self,
        request: &Request,
        operation: &mut Option<String>,
    ) -> Result<Response, Failure> {
        let service = self.service(request)?;
        let asked = service.read(request)?;
        let decided = service.opening.policy.decide(&asked);
        let decided = decided.map_err(|denial| Failure::Denied(denial.0))?;
        *operation = Some(decided.name.clone());
        let leaving = Leaving {
            service: &service.opening.service,
            operation: &decided.name,
            access: decided.access,
        };
        let fault = self.gate.as_ref().and_then(|gate| gate.leaves(&leaving));
        let grant = &service.opening.grant;
        let delivery = self.deliver(service, request, &asked);
        match fault {
            None => within(Step::Total, grant.time, delivery).await,
            Some(fault) => {
                let fate = fault.befall(&grant.origin.host, delivery);
                within(Step::Total, grant.time, fate).await
            }
        }
    }

    fn service(&self, request: &Request) -> Result<&Service, Failure> {
        let found = self
            .services
            .get(&request.authority)
            .filter(|_| request.scheme == "https");
        found.ok_or_else(|| {
            let known: Vec<String> = self
                .services
                .keys()
                .map(|name| format!("`https://{name}`"))
                .collect();
            let known = if known.is_empty() {
                "none".to_owned()
            } else {
                known.join(", ")
            };
            let (scheme, authority) = (shown(&request.scheme), shown(&request.authority));
            Failure::Denied(format!(
                "`{scheme}://{authority}` is not a service that is granted; granted: {known}"
            ))
        })
    }

    /// From a decided request to its answer.
    async fn deliver(
        &self,
        service: &Service,
        request: &Request,
        asked: &ParsedRequest,
    ) -> Result<Response, Failure> {
        let Opening {
            grant, credential, ..
        } = &service.opening;
        let credential = credential.as_deref();
        auth::belongs(&grant.origin, credential)?;
        let _turn = self.at_once.acquire().await;
        let server = service.server();
        let kept = service.take();
        // Before a secret is read, it is known that it may be sent there.
        let addresses = match &kept {
            Some(_) => None,
            None => Some(self.outside.dialler.addresses(server).await?),
        };
        let draft = Draft::of(asked, &grant.origin)?;
        let proof = match credential {
            Some(credential) => {
                auth::authorize(&self.outside, credential, &grant.origin, &draft).await?
            }
            None => auth::Proof::default(),
        };
        let bounds = bounds(request, grant.time, grant.bytes);
        let host = grant.origin.host.as_str();
        let mut ready =
            Box::new(draft.finish(&grant.origin, &self.agent, proof.headers.clone())?);
        if let Some(mut connection) = kept {
            match connection.exchange(host, *ready, bounds).await {
                Ok(answer) => return self.finish(service, connection, answer, &proof).await,
                Err(NoAnswer::Failed(failure)) => return Err(failure),
                Err(NoAnswer::Unsent(unsent)) => ready = unsent,
            }
        }
        let addresses = match addresses {
            Some(addresses) => addresses,
            None => self.outside.dialler.addresses(server).await?,
        };
        let identity = match credential {
            Some(credential) => auth::identity(&self.outside, credential).await?,
            None => None,
        };
        let dialled = self.outside.dialler.connect(
            server,
            &addresses,
            identity.as_ref(),
            request.connect_timeout,
        );
        let mut connection = Connection::over(dialled.await?).await?;
        match connection.exchange(host, *ready, bounds).await {
            Ok(answer) => self.finish(service, connection, answer, &proof).await,
            Err(NoAnswer::Failed(failure)) => Err(failure),
            Err(NoAnswer::Unsent(_)) => Err(Failure::Closed(format!(
                "`{host}` ended the connection before anything was sent"
            ))),
        }
    }

    /// Keeps the connection and cleans the answer.
    async fn finish(
        &self,
        service: &Service,
        connection: Connection,
        answer: Answer,
        proof: &auth::Proof,
    ) -> Result<Response, Failure> {
        let Opening {
            grant, credential, ..
        } = &service.opening;
        service.keep(connection);
        if let Some(credential) = credential {
            auth::answered(&self.outside, credential, answer.status, proof).await;
        }
        let encoded = answer
            .headers
            .get(CONTENT_ENCODING)
            .is_some_and(|coding| coding != "identity");
        if encoded && !proof.secrets.is_empty() {
            return Err(Failure::Protocol(format!(
                "`{}` compressed the answer, which nobody asked for and nobody can look into",
                grant.origin.host
            )));
        }
        let mut response = Response {
            status: answer.status.as_u16(),
            headers: headers::of_answer(&answer.headers),
            body: answer.body,
        };
        scrub(&mut response, &proof.secrets);
        Ok(response)
    }

    /// A denial is told to the log once, and kept for the outcome.
    fn record(&self, request: &Request, error: &SendError) {
        let (Failure::Denied(_) | Failure::Malformed(_) | Failure::AddressDenied(_)) =
            &error.failure
        else {
            return;
        };
        let path = request.target.split(['?', '#']).next().unwrap_or_default();
        let sentence = error.to_string();
        tracing::warn!(
            target: "security",
            service = %error.service,
            method = %shown(&request.method),
            path = %shown(path),
            reason = %sentence,
            "a plugin's request was denied"
        );
        let mut denials = self.denials.lock().unwrap_or_else(PoisonError::into_inner);
        if denials.len() < DENIALS {
            denials.push(sentence);
        }
    }
}

impl fmt::Debug for CallEgress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let services: Vec<&String> = self.services.keys().collect();
        f.debug_struct("CallEgress")
            .field("services", &services)
            .finish_non_exhaustive()
    }
}
