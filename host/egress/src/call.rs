//! The egress of one call of a plugin, and the steps of each of its requests.
//!
//! Owns: the order of the steps: service found, request parsed, decided on, name resolved, dialled, authorized, sent,
//! response cleared of secrets; the denials of the call. Never: a step skipped because an earlier request passed it.

use std::collections::BTreeMap;
use std::fmt;
use std::mem;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::HeaderValue;
use http::header::CONTENT_ENCODING;
use http_body_util::Full;
use strongroom_domain::egress::ParsedRequest;
use tokio::sync::Semaphore;

use crate::auth::{self, Authorization};
use crate::connection::{Connection, ExchangeError, RawResponse};
use crate::draft::Draft;
use crate::error::{Failure, SendError, Step, printable, within};
use crate::fault_injector::{AllowedRequest, FaultInjector};
use crate::headers;
use crate::request::{GrantedService, Request, Response};
use crate::scrub::scrub;
use crate::service::Service;
use crate::shared::Shared;

/// Most requests of one call at a time; more wait.
const AT_ONCE: usize = 16;
/// Most denials that are kept; more are only logged.
const DENIALS: usize = 64;

/// The egress of one call.
pub struct CallEgress {
    shared: Arc<Shared>,
    agent: HeaderValue,
    services: BTreeMap<String, Service>,
    denials: Mutex<Vec<String>>,
    at_once: Semaphore,
    faults: Option<Arc<dyn FaultInjector>>,
}

impl CallEgress {
    pub(crate) fn new(
        shared: Arc<Shared>,
        services: Vec<GrantedService>,
        agent: HeaderValue,
        faults: Option<Arc<dyn FaultInjector>>,
    ) -> Self {
        let named = |granted: GrantedService| (granted.name.clone(), Service::new(granted));
        Self {
            shared,
            agent,
            services: services.into_iter().map(named).collect(),
            denials: Mutex::default(),
            at_once: Semaphore::new(AT_ONCE),
            faults,
        }
    }

    /// Sends a request and waits for the whole response. May be dropped at any time: its connection is closed then.
    ///
    /// # Errors
    /// [`SendError`] says where and why. After [`Failure::Closed`] and some [`Failure::Timeout`]s it is not known whether the
    /// server did what was asked.
    pub async fn send(&self, request: Request) -> Result<Response, SendError> {
        let mut endpoint = None;
        let response = self.send_steps(&request, &mut endpoint).await;
        response.map_err(|failure| {
            let error = SendError {
                service: printable(&request.authority),
                endpoint: endpoint.map(str::to_owned),
                failure,
            };
            self.record(&request, &error);
            error
        })
    }

    /// Returns every denial of this call so far, the first 64.
    #[must_use]
    pub fn denials(&self) -> Vec<String> {
        let denials = self.denials.lock();
        denials.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Takes every step of a request; `endpoint` is set once it is known.
    async fn send_steps<'a>(
        &'a self,
        request: &Request,
        endpoint: &mut Option<&'a str>,
    ) -> Result<Response, Failure> {
        let service = self.service(request)?;
        let parsed = service.parse(request)?;
        let GrantedService {
            name,
            grant,
            policy,
            ..
        } = &service.granted;
        let decided = policy.decide(&parsed);
        let decided = decided.map_err(|denial| Failure::Denied(denial.0))?;
        *endpoint = Some(&decided.name);
        let fault = self.faults.as_ref().and_then(|faults| {
            faults.fault(&AllowedRequest {
                service: name,
                endpoint: &decided.name,
                access: decided.access,
            })
        });
        let delivery = self.deliver(service, request, &parsed);
        match fault {
            None => within(Step::Total, grant.time, delivery).await,
            Some(fault) => {
                let faulty = fault.apply(&grant.origin.host, delivery);
                within(Step::Total, grant.time, faulty).await
            }
        }
    }

    fn service(&self, request: &Request) -> Result<&Service, Failure> {
        let service = self.services.get(&request.authority);
        service
            .filter(|_| request.scheme == "https")
            .ok_or_else(|| {
                let names = self.services.keys();
                let known: Vec<String> = names.map(|name| format!("`https://{name}`")).collect();
                let known = if known.is_empty() {
                    "none".to_owned()
                } else {
                    known.join(", ")
                };
                let (scheme, authority) =
                    (printable(&request.scheme), printable(&request.authority));
                Failure::Denied(format!(
                    "`{scheme}://{authority}` is not a service that is granted; granted: {known}"
                ))
            })
    }

    /// Delivers an allowed request, over an idle connection if there is one.
    async fn deliver(
        &self,
        service: &Service,
        request: &Request,
        parsed: &ParsedRequest,
    ) -> Result<Response, Failure> {
        let origin = &service.granted.grant.origin;
        let credential = service.granted.credential.as_deref();
        auth::check_origin(origin, credential)?;
        let _permit = self.at_once.acquire().await;
        let idle = service.take_idle();
        // Before a secret is read, it is known that it may be sent there.
        let addresses = match &idle {
            Some(_) => None,
            None => Some(self.addresses(service).await?),
        };
        let draft = Draft::new(parsed, origin)?;
        let mut authorization = match credential {
            Some(credential) => auth::authorize(&self.shared, credential, origin, &draft).await?,
            None => Authorization::default(),
        };
        let headers = mem::take(&mut authorization.headers);
        let mut message = draft.finish(origin, &self.agent, headers)?;
        if let Some(connection) = idle {
            let exchange = self.exchange(service, request, connection, message, &authorization);
            match exchange.await {
                Err(ExchangeError::Unsent(unsent)) => message = *unsent,
                Err(ExchangeError::Failed(failure)) => return Err(failure),
                Ok(response) => return Ok(response),
            }
        }
        let addresses = match addresses {
            Some(addresses) => addresses,
            None => self.addresses(service).await?,
        };
        let connection = self
            .connect(service, &addresses, request.connect_timeout)
            .await?;
        let exchange = self.exchange(service, request, connection, message, &authorization);
        exchange.await.map_err(|error| match error {
            ExchangeError::Failed(failure) => failure,
            ExchangeError::Unsent(_) => Failure::Closed(format!(
                "`{}` ended the connection before anything was sent",
                origin.host
            )),
        })
    }

    async fn addresses(&self, service: &Service) -> Result<Vec<SocketAddr>, Failure> {
        self.shared.dialler.addresses(service.server()).await
    }

    async fn connect(
        &self,
        service: &Service,
        addresses: &[SocketAddr],
        timeout: Option<Duration>,
    ) -> Result<Connection, Failure> {
        let identity = match &service.granted.credential {
            Some(credential) => auth::identity(&self.shared, credential).await?,
            None => None,
        };
        let dialler = &self.shared.dialler;
        let stream = dialler.connect(service.server(), addresses, identity, timeout);
        Connection::new(stream.await?).await
    }

    /// Sends a request over a connection, keeps the connection and returns the response as the plugin gets it.
    async fn exchange(
        &self,
        service: &Service,
        request: &Request,
        mut connection: Connection,
        message: http::Request<Full<Bytes>>,
        authorization: &Authorization,
    ) -> Result<Response, ExchangeError> {
        let GrantedService {
            grant, credential, ..
        } = &service.granted;
        let host = &grant.origin.host;
        let limits = service.limits(request);
        let response = connection.exchange(host, message, limits).await?;
        service.keep(connection);
        if let Some(credential) = credential {
            auth::forget_refused(&self.shared, credential, response.status, authorization).await;
        }
        Ok(cleared(host, response, authorization)?)
    }

    /// Logs a denial and keeps it for the outcome.
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
            method = %printable(&request.method),
            path = %printable(path),
            reason = %sentence,
            "a plugin's request was denied"
        );
        let mut denials = self.denials.lock().unwrap_or_else(PoisonError::into_inner);
        if denials.len() < DENIALS {
            denials.push(sentence);
        }
    }
}

/// Clears a response of secrets and of headers that are not a plugin's.
fn cleared(
    host: &str,
    response: RawResponse,
    authorization: &Authorization,
) -> Result<Response, Failure> {
    let encoding = response.headers.get(CONTENT_ENCODING);
    let encoded = encoding.is_some_and(|coding| coding != "identity");
    if encoded && !authorization.secrets.is_empty() {
        return Err(Failure::Protocol(format!(
            "`{host}` compressed the answer, which nobody asked for and nobody can look into"
        )));
    }
    let mut response = Response {
        status: response.status.as_u16(),
        headers: headers::for_plugin(&response.headers),
        body: response.body,
    };
    scrub(&mut response, &authorization.secrets);
    Ok(response)
}

impl fmt::Debug for CallEgress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let services: Vec<&String> = self.services.keys().collect();
        f.debug_struct("CallEgress")
            .field("services", &services)
            .finish_non_exhaustive()
    }
}
