//! The limits of time and bytes.

use std::time::Duration;

use super::server::{Reply, Server, answer};
use super::{Fixture, get, ok};
use crate::{Failure, Step};

const SOON: Duration = Duration::from_millis(60);

fn timeout(step: Step) -> Failure {
    Failure::Timeout { step, limit: SOON }
}

/// Returns the failure of a request that is replied to so, and may have a response of 999 bytes.
async fn failed(reply: Reply) -> Failure {
    let fixture = Fixture::new();
    let server = fixture.server(move |_, _| reply.clone()).await;
    let mut grant = fixture.grant(&server);
    grant.bytes = 999;
    let mut asked = get();
    asked.between_bytes_timeout = Some(SOON);
    fixture.send(grant, asked).await.unwrap_err().failure
}

#[tokio::test]
async fn an_answer_is_read_no_further_than_the_grant_allows() {
    let long = "x".repeat(1000);
    let head = "HTTP/1.1 200 OK\r\n";
    for bytes in [
        answer("200 OK", "", &long),
        format!("{head}transfer-encoding: chunked\r\n\r\n3e8\r\n{long}\r\n").into_bytes(),
        // Without a length it is read until the end, and then the same holds.
        format!("{head}\r\n{long}").into_bytes(),
        // A length that nobody can hold is not waited for.
        format!("{head}content-length: 99999999999999\r\n\r\n").into_bytes(),
    ] {
        let failure = failed(Reply::Hang(bytes)).await;
        assert_eq!(failure, Failure::TooLarge { limit: 999 });
    }
}

#[tokio::test]
async fn headers_of_an_answer_are_bounded_in_bytes_and_number() {
    let large = format!("x-a: {}\r\n", "a".repeat(70_000));
    for headers in [large, "x-a: a\r\n".repeat(200)] {
        let failure = failed(Reply::Hang(answer("200 OK", &headers, ""))).await;
        assert!(matches!(failure, Failure::HeadersTooLarge { .. }));
    }
}

#[tokio::test]
async fn each_wait_has_its_limit() {
    let fixture = Fixture::new();
    let server = fixture.server(|_, _| Reply::Hang(Vec::new())).await;
    let mut asked = get();
    asked.first_byte_timeout = Some(SOON);
    let answer = fixture.send(fixture.grant(&server), asked.clone()).await;
    assert_eq!(answer.unwrap_err().failure, timeout(Step::FirstByte));

    let mut grant = fixture.grant(&server);
    grant.time = Duration::from_millis(150);
    asked.first_byte_timeout = Some(Duration::from_secs(3600));
    let failure = fixture.send(grant, asked).await.unwrap_err().failure;
    assert!(
        matches!(failure, Failure::Timeout { step: Step::Total | Step::FirstByte, limit } if limit < SOON * 3),
        "a plugin makes no limit longer: {failure:?}"
    );

    let half = b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf".to_vec();
    assert_eq!(failed(Reply::Hang(half)).await, timeout(Step::Idle));
}

#[tokio::test]
async fn a_handshake_that_never_ends_has_its_limit() {
    let fixture = Fixture::new();
    // It takes the connection and waits for an HTTP request, which the client's greeting is not.
    let server = Server::plain(ok).await;
    let mut asked = get();
    asked.connect_timeout = Some(SOON);
    let answer = fixture.send(fixture.grant(&server), asked).await;
    assert_eq!(answer.unwrap_err().failure, timeout(Step::Tls));
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_no_answer() {
    let half = b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf".to_vec();
    let failure = failed(Reply::End(half)).await;
    assert!(matches!(failure, Failure::Closed(_)), "{failure:?}");
}
