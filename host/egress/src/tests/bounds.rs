//! How long and how much.

use std::time::Duration;

use super::server::{Reply, Server, answer};
use super::{World, get, ok};
use crate::{Failure, Step};

const SOON: Duration = Duration::from_millis(60);

async fn failed(
    script: impl Fn(&str, usize) -> Reply + Send + Sync + 'static,
    bytes: u64,
) -> Failure {
    let world = World::new();
    let server = world.server(script).await;
    let mut grant = world.grant(&server);
    grant.bytes = bytes;
    let mut asked = get();
    asked.between_bytes_timeout = Some(SOON);
    world
        .call(grant, None)
        .send(asked)
        .await
        .unwrap_err()
        .failure
}

#[tokio::test]
async fn an_answer_is_read_no_further_than_the_grant_allows() {
    let long = "x".repeat(1000);
    let said = answer("200 OK", "", &long);
    assert_eq!(
        failed(move |_, _| Reply::Hang(said.clone()), 999).await,
        Failure::TooLarge { limit: 999 }
    );
    let chunked = format!("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3e8\r\n{long}\r\n");
    let failure = failed(move |_, _| Reply::Hang(chunked.clone().into_bytes()), 999).await;
    assert_eq!(failure, Failure::TooLarge { limit: 999 });
    // Without a length it is read until the end, and then the same holds.
    let endless = format!("HTTP/1.1 200 OK\r\n\r\n{long}");
    let failure = failed(move |_, _| Reply::Hang(endless.clone().into_bytes()), 999).await;
    assert_eq!(failure, Failure::TooLarge { limit: 999 });
    // A length that nobody can hold is not waited for.
    let huge = "HTTP/1.1 200 OK\r\ncontent-length: 99999999999999\r\n\r\n".as_bytes();
    assert_eq!(
        failed(|_, _| Reply::Hang(huge.to_vec()), 999).await,
        Failure::TooLarge { limit: 999 }
    );
}

#[tokio::test]
async fn headers_of_an_answer_are_bounded_in_bytes_and_number() {
    let large = answer("200 OK", &format!("x-a: {}\r\n", "a".repeat(70_000)), "");
    assert!(matches!(
        failed(move |_, _| Reply::Hang(large.clone()), 999).await,
        Failure::HeadersTooLarge { .. }
    ));
    let many = answer("200 OK", &"x-a: a\r\n".repeat(200), "");
    assert!(matches!(
        failed(move |_, _| Reply::Hang(many.clone()), 999).await,
        Failure::HeadersTooLarge { .. }
    ));
}

#[tokio::test]
async fn each_wait_has_its_limit() {
    let world = World::new();
    let server = world.server(|_, _| Reply::Hang(Vec::new())).await;
    let mut asked = get();
    asked.first_byte_timeout = Some(SOON);
    let failure = world
        .call(world.grant(&server), None)
        .send(asked.clone())
        .await
        .unwrap_err()
        .failure;
    assert_eq!(
        failure,
        Failure::Timeout {
            step: Step::FirstByte,
            limit: SOON
        }
    );

    let mut grant = world.grant(&server);
    grant.time = Duration::from_millis(150);
    asked.first_byte_timeout = Some(Duration::from_secs(3600));
    let failure = world
        .call(grant, None)
        .send(asked)
        .await
        .unwrap_err()
        .failure;
    assert!(
        matches!(failure, Failure::Timeout { step: Step::Total | Step::FirstByte, limit } if limit < SOON * 3),
        "a plugin makes no limit longer: {failure:?}"
    );

    let half = b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf".to_vec();
    let failure = failed(move |_, _| Reply::Hang(half.clone()), 999).await;
    assert_eq!(
        failure,
        Failure::Timeout {
            step: Step::Idle,
            limit: SOON
        }
    );
}

#[tokio::test]
async fn a_handshake_that_never_ends_has_its_limit() {
    let world = World::new();
    // It takes the connection and waits for an HTTP request, which the client's greeting is not.
    let server = Server::plain(ok).await;
    let mut asked = get();
    asked.connect_timeout = Some(SOON);
    let failure = world
        .call(world.grant(&server), None)
        .send(asked)
        .await
        .unwrap_err()
        .failure;
    assert_eq!(
        failure,
        Failure::Timeout {
            step: Step::Tls,
            limit: SOON
        }
    );
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_no_answer() {
    let half = b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf".to_vec();
    let failure = failed(move |_, _| Reply::End(half.clone()), 999).await;
    assert!(matches!(failure, Failure::Closed(_)), "{failure:?}");
}
