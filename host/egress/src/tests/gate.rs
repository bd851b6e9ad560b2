//! Faults on purpose: each does to a request what its name says, and only behind the grant.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use strongroom_domain::grants::Access;

use super::{World, get, ok, request};
use crate::{Failure, Fault, Gate, Leaving, Request, Response, Step};

/// Does the same to every request, and remembers them.
struct Always(Option<Fault>, Mutex<Vec<(String, Access)>>);

impl Gate for Always {
    fn leaves(&self, request: &Leaving<'_>) -> Option<Fault> {
        let seen = (request.operation.to_owned(), request.access);
        self.1.lock().unwrap().push(seen);
        self.0.clone()
    }
}

/// What came of a request, how many requests arrived, and what the gate saw.
async fn befallen(
    fault: Option<Fault>,
    asked: Request,
) -> (Result<Response, Failure>, usize, Vec<(String, Access)>) {
    let mut world = World::new();
    let server = world.server(ok).await;
    let gate = Arc::new(Always(fault, Mutex::default()));
    world.egress = world.egress.through(gate.clone());
    let mut grant = world.grant(&server);
    grant.time = Duration::from_millis(500);
    let answer = world.call(grant, None).send(asked).await;
    let seen = gate.1.lock().unwrap().clone();
    let answer = answer.map_err(|error| error.failure);
    (answer, server.requests().len(), seen)
}

#[tokio::test]
async fn an_open_gate_only_looks() {
    let (answer, arrived, seen) = befallen(None, get()).await;
    assert_eq!(
        (answer.unwrap().body.as_slice(), arrived),
        (b"fine".as_slice(), 1)
    );
    assert_eq!(seen, [("read".to_owned(), Access::Read)]);
}

#[tokio::test]
async fn a_lost_reply_is_one_to_a_request_that_arrived() {
    let (answer, arrived, seen) = befallen(Some(Fault::Lost), request("DELETE", "/items/1")).await;
    assert!(matches!(answer, Err(Failure::Closed(_))), "{answer:?}");
    assert_eq!(
        (arrived, seen),
        (1, vec![("drop".to_owned(), Access::Write)])
    );
}

#[tokio::test]
async fn what_is_not_sent_does_not_arrive() {
    let (answer, arrived, _) = befallen(Some(Fault::Unsent), get()).await;
    assert!(matches!(answer, Err(Failure::Refused(_))), "{answer:?}");
    assert_eq!(arrived, 0);
    let busy = Response {
        status: 429,
        headers: vec![("retry-after".to_owned(), b"7".to_vec())],
        body: Vec::new(),
    };
    let (answer, arrived, _) = befallen(Some(Fault::Answered(busy.clone())), get()).await;
    assert_eq!((answer, arrived), (Ok(busy), 0));
}

#[tokio::test]
async fn silence_ends_when_the_grants_time_is_up() {
    let (answer, arrived, _) = befallen(Some(Fault::Hanging), get()).await;
    let step = Step::Total;
    let limit = Duration::from_millis(500);
    assert_eq!(
        (answer, arrived),
        (Err(Failure::Timeout { step, limit }), 1)
    );
}

#[tokio::test]
async fn half_an_answer_does_not_say_how_long_it_was() {
    let (answer, arrived, _) = befallen(Some(Fault::Cut), get()).await;
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
async fn what_is_denied_never_comes_to_the_gate() {
    let (answer, arrived, seen) = befallen(Some(Fault::Lost), request("GET", "/other")).await;
    assert!(matches!(answer, Err(Failure::Denied(_))), "{answer:?}");
    assert_eq!((arrived, seen), (0, Vec::new()));
}
