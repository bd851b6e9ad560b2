//! The parts of a response that a plugin gets.

use super::server::{Reply, answer};
use super::{Fixture, get};
use crate::{Failure, Response};

async fn answered(bytes: Vec<u8>) -> Result<Response, Failure> {
    let fixture = Fixture::new();
    let server = fixture.server(move |_, _| Reply::End(bytes.clone())).await;
    let answer = fixture.send(fixture.grant(&server), get()).await;
    assert_eq!((server.connections(), server.requests().len()), (1, 1));
    answer.map_err(|error| error.failure)
}

fn names(response: &Response) -> Vec<&str> {
    response
        .headers
        .iter()
        .map(|(name, _)| name.as_str())
        .collect()
}

#[tokio::test]
async fn a_redirect_goes_to_the_plugin_and_is_not_followed() {
    let response = answered(answer(
        "302 Found",
        "Location: https://127.0.0.1:1/\r\n",
        "gone",
    ))
    .await
    .unwrap();
    assert_eq!(
        (response.status, response.body.as_slice()),
        (302, b"gone".as_slice())
    );
    assert_eq!(names(&response), ["location", "content-length"]);
}

#[tokio::test]
async fn headers_about_the_connection_and_cookies_are_kept_from_plugins() {
    let headers = "Set-Cookie: a=b\r\nConnection: close, x-hop\r\nX-Hop: 1\r\nKeep-Alive: 5\r\nProxy-Authenticate: \
                   x\r\nUpgrade: h2c\r\nTrailer: x\r\nWWW-Authenticate: Basic\r\nX-Kept: yes\r\n";
    let response = answered(answer("401 Unauthorized", headers, ""))
        .await
        .unwrap();
    assert_eq!(
        names(&response),
        ["www-authenticate", "x-kept", "content-length"]
    );
}

#[tokio::test]
async fn nothing_is_decompressed() {
    let response = answered(answer(
        "200 OK",
        "Content-Encoding: gzip\r\n",
        "\u{1f}not gzip",
    ))
    .await
    .unwrap();
    assert_eq!(response.body, "\u{1f}not gzip".as_bytes());
}

#[tokio::test]
async fn an_answer_that_can_be_read_in_two_ways_is_refused() {
    for text in [
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ncontent-length: 3\r\n\r\n1\r\na\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab",
        "HTTP/1.1 200 OK\r\ncontent-length: +1\r\n\r\na",
        "HTTP/1.0 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nx-a : b\r\n\r\n",
        "HTTP/1.1 200 OK\r\nx-a: b\r\n c\r\n\r\n",
        "HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n",
        "PRI * HTTP/2.0\r\n\r\n",
        "hello\r\n\r\n",
    ] {
        let failure = answered(text.as_bytes().to_vec()).await.unwrap_err();
        assert!(
            matches!(failure, Failure::Protocol(_)),
            "{text:?} {failure:?}"
        );
    }
}
