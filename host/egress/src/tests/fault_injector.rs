//! Faults on purpose: each does to a request what its name says, and only after the grant was checked.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use strongroom_domain::grants::Access;

use super::{Fixture, get, ok, request};
use crate::{AllowedRequest, Failure, Fault, FaultInjector, Request, Response, Step};

/// Applies the same fault to every request, and remembers them.
struct Always(Option<Fault>, Mutex<Vec<(String, Access)>>);

impl FaultInjector for Always {
    fn fault(&self, request: &AllowedRequest<'_>) -> Option<Fault> {
        let seen = (request.endpoint.to_owned(), request.access);
        self.1.lock().unwrap().push(seen);
        self.0.clone()
    }
}

/// Returns the result of a request, how many requests arrived, and what the injector saw.
async fn send(
    fault: Option<Fault>,
    asked: Request,
) -> (Result<Response, Failure>, usize, Vec<(String, Access)>) {
    let mut fixture = Fixture::new();
    let server = fixture.server(ok).await;
    let faults = Arc::new(Always(fault, Mutex::default()));
    fixture.egress = fixture.egress.with_faults(faults.clone());
    let mut grant = fixture.grant(&server);
    grant.time = Duration::from_millis(500);
    let answer = fixture.send(grant, asked).await;
    let seen = faults.1.lock().unwrap().clone();
    let answer = answer.map_err(|error| error.failure);
    (answer, server.requests().len(), seen)
}

#[tokio::test]
async fn without_a_fault_the_injector_only_looks() {
    let (answer, arrived, seen) = send(None, get()).await;
    assert_eq!(
        (answer.unwrap().body.as_slice(), arrived),
        (b"fine".as_slice(), 1)
    );
    assert_eq!(seen, [("read".to_owned(), Access::Read)]);
}

#[tokio::test]
async fn a_lost_reply_is_one_to_a_request_that_arrived() {
    let (answer, arrived, seen) = send(Some(Fault::Lost), request("DELETE", "/items/1")).await;
    assert!(matches!(answer, Err(Failure::Closed(_))), "{answer:?}");
    assert_eq!(
        (arrived, seen),
        (1, vec![("drop".to_owned(), Access::Write)])
    );
}

#[tokio::test]
async fn what_is_not_sent_does_not_arrive() {
    let (answer, arrived, _) = send(Some(Fault::Unsent), get()).await;
    assert!(matches!(answer, Err(Failure::Refused(_))), "{answer:?}");
    assert_eq!(arrived, 0);
    let busy = Response {
        status: 429,
        headers: vec![("retry-after".to_owned(), b"7".to_vec())],
        body: Vec::new(),
    };
    let (answer, arrived, _) = send(Some(Fault::Answered(busy.clone())), get()).await;
    assert_eq!((answer, arrived), (Ok(busy), 0));
}

#[tokio::test]
async fn silence_ends_when_the_grants_time_is_up() {
    let (answer, arrived, _) = send(Some(Fault::Hanging), get()).await;
    let step = Step::Total;
    let limit = Duration::from_millis(500);
    assert_eq!(
        (answer, arrived),
        (Err(Failure::Timeout { step, limit }), 1)
    );
}

#[tokio::test]
async fn half_an_answer_does_not_say_how_long_it_was() {
    let (answer, arrived, _) = send(Some(Fault::Cut), get()).await;
    let answer = answer.unwrap();
    assert_eq!((answer.body.as_slice(), arrived), (b"fi".as_slice(), 1));
    assert!(
        answer
            .headers
            .iter()
            .all(|(name, _)| name != "content-length")
    );
}

#[tokio::test]
async fn what_is_denied_never_comes_to_the_injector() {
    let (answer, arrived, seen) = send(Some(Fault::Lost), request("GET", "/other")).await;
    assert!(matches!(answer, Err(Failure::Denied(_))), "{answer:?}");
    assert_eq!((arrived, seen), (0, Vec::new()));
}
