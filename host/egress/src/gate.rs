//! Faults on purpose, in front of a real service: how a test of a plugin sees what it does when something goes wrong.
//!
//! Owns: what can befall a request that was decided on and allowed. Never: part of a run: a way out has a gate only if
//! [`Egress::through`](crate::Egress::through) gave it one, and only the conformance suite does.

use std::future::pending;

use strongroom_domain::grants::Access;

use crate::error::Failure;
use crate::request::Response;

/// A request that is allowed and about to be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Leaving<'a> {
    /// The service's name.
    pub service: &'a str,
    /// The operation, by the name the plugin gave it.
    pub operation: &'a str,
    /// What the plugin says of it.
    pub access: Access,
}

/// Sees every allowed request of a call, and says what befalls it.
pub trait Gate: Send + Sync + 'static {
    /// `None`: nothing.
    fn leaves(&self, request: &Leaving<'_>) -> Option<Fault>;
}

/// What befalls a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// It is sent and carried out, and the answer is lost.
    Lost,
    /// It is not sent: nobody listens there.
    Unsent,
    /// It is not sent; this is the answer.
    Answered(Response),
    /// It is sent and carried out, and there is no answer for ever.
    Hanging,
    /// It is sent and carried out, and the second half of the answer's body is missing.
    Cut,
}

impl Fault {
    /// Lets it happen; `delivery` is what would have happened.
    pub(crate) async fn befall(
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
