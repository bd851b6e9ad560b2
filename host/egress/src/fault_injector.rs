//! Faults on purpose, injected before a real service to test how a plugin reacts when something goes wrong.
//!
//! Owns: what happens to a request that was decided on and allowed. Never: part of a run: only the conformance suite gives
//! an egress an injector ([`Egress::with_faults`](crate::Egress::with_faults)).

use std::future::pending;

use strongroom_domain::grants::Access;

use crate::error::Failure;
use crate::request::Response;

/// A request that is allowed and about to be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AllowedRequest<'a> {
    /// The service's name.
    pub service: &'a str,
    /// The name of the endpoint.
    pub endpoint: &'a str,
    /// Whether the endpoint reads or writes.
    pub access: Access,
}

/// Decides for every allowed request of a call which fault happens to it.
pub trait FaultInjector: Send + Sync + 'static {
    /// Returns the fault; `None`: the request is sent as usual.
    fn fault(&self, request: &AllowedRequest<'_>) -> Option<Fault>;
}

/// A fault of one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// The request is sent and carried out, and the response is lost.
    Lost,
    /// The request is not sent, as if nobody listened there.
    Unsent,
    /// The request is not sent, and this is its response.
    Answered(Response),
    /// The request is sent and carried out, and the response never comes.
    Hanging,
    /// The request is sent and carried out, and the second half of the response's body is missing.
    Cut,
}

impl Fault {
    /// Applies the fault to a request whose delivery is `delivery`.
    pub(crate) async fn apply(
        self,
        host: &str,
        delivery: impl Future<Output = Result<Response, Failure>>,
    ) -> Result<Response, Failure> {
        match self {
            Self::Unsent => Err(Failure::Refused(format!(
                "nobody listens at `{host}` (a fault on purpose)"
            ))),
            Self::Answered(response) => Ok(response),
            Self::Lost => {
                let _lost = delivery.await;
                Err(Failure::Closed(format!(
                    "`{host}` ended the connection before the answer was complete (a fault on purpose)"
                )))
            }
            Self::Hanging => {
                let _lost = delivery.await;
                pending().await
            }
            Self::Cut => {
                let mut response = delivery.await?;
                response.body.truncate(response.body.len() / 2);
                response
                    .headers
                    .retain(|(name, _)| name != "content-length");
                Ok(response)
            }
        }
    }
}
