//! The bytes that are sent, and the connection they are sent over.

use super::server::{Reply, answer};
use super::{Fixture, get, ok, request, with_header};
use crate::Failure;

#[tokio::test]
async fn a_request_is_built_anew_from_its_parts() {
    let fixture = Fixture::new();
    let server = fixture.server(ok).await;
    let call = fixture.call(fixture.grant(&server), None);
    let port = server.address.port();

    let asked = with_header(request("GET", "/items/%61%20b?q=c+d"), "X-Plugin", "yes");
    let asked = with_header(asked, "Accept", "application/json");
    let asked = with_header(with_header(asked, "content-length", "0"), "host", "api");
    let response = call.send(asked).await.unwrap();
    assert_eq!(
        (response.status, response.body.as_slice()),
        (200, b"fine".as_slice())
    );

    let mut asked = with_header(
        request("POST", "/items"),
        "Content-Type",
        "application/json; charset=utf-8",
    );
    asked.body = b" {\"name\" :\t\"x\"} ".to_vec();
    call.send(asked).await.unwrap();

    let mut asked = with_header(
        request("POST", "/form"),
        "content-type",
        "application/x-www-form-urlencoded",
    );
    asked.body = b"Action=Create%20It".to_vec();
    call.send(asked).await.unwrap();
    call.send(request("DELETE", "/items/1")).await.unwrap();

    let head = |line: &str| {
        format!(
            "{line} HTTP/1.1\r\nhost: api.test:{port}\r\nuser-agent: strongroom/0 (tests)\r\naccept-encoding: identity\r\n"
        )
    };
    assert_eq!(
        server.requests(),
        [
            format!(
                "{}x-plugin: yes\r\naccept: application/json\r\n\r\n",
                head("GET /base/items/a%20b?q=c%20d")
            ),
            format!(
                "{}content-length: 12\r\ncontent-type: application/json\r\n\r\n{{\"name\":\"x\"}}",
                head("POST /base/items")
            ),
            format!(
                "{}content-length: 16\r\ncontent-type: application/x-www-form-urlencoded\r\n\r\nAction=Create+It",
                head("POST /base/form")
            ),
            format!("{}\r\n", head("DELETE /base/items/1")),
        ]
    );
}

#[tokio::test]
async fn a_connection_is_used_again_within_one_call_and_never_by_another() {
    let fixture = Fixture::new();
    let server = fixture.server(ok).await;
    let call = fixture.call(fixture.grant(&server), None);
    call.send(get()).await.unwrap();
    call.send(get()).await.unwrap();
    assert_eq!(server.connections(), 1);
    let other = fixture.call(fixture.grant(&server), None);
    other.send(get()).await.unwrap();
    assert_eq!(server.connections(), 2);
    assert_eq!(
        fixture.lookups(),
        ["api.test", "api.test"],
        "once for each connection"
    );
}

#[tokio::test]
async fn a_connection_that_ended_while_it_waited_is_replaced() {
    let fixture = Fixture::new();
    let server = fixture
        .server(|_, _| Reply::End(answer("200 OK", "", "fine")))
        .await;
    let call = fixture.call(fixture.grant(&server), None);
    for _ in 0..3 {
        assert_eq!(call.send(get()).await.unwrap().status, 200);
    }
    assert_eq!((server.connections(), server.requests().len()), (3, 3));
}

#[tokio::test]
async fn a_request_that_was_sent_is_never_sent_again() {
    let fixture = Fixture::new();
    let server = fixture
        .server(|_, number| match number {
            1 => ok("", 1),
            _ => Reply::End(Vec::new()),
        })
        .await;
    let call = fixture.call(fixture.grant(&server), None);
    call.send(get()).await.unwrap();
    let error = call.send(request("DELETE", "/items/1")).await.unwrap_err();
    assert!(matches!(error.failure, Failure::Closed(_)), "{error:?}");
    assert!(
        error.to_string().starts_with("`drop` of `api`: "),
        "{error}"
    );
    assert_eq!(server.requests().len(), 2);
}

#[tokio::test]
async fn a_dropped_request_closes_its_connection() {
    let fixture = Fixture::new();
    let server = fixture.server(|_, _| Reply::Hang(Vec::new())).await;
    let call = fixture.call(fixture.grant(&server), None);
    tokio::select! {
        biased;
        answer = call.send(get()) => panic!("{answer:?}"),
        () = async { while server.requests().is_empty() { tokio::task::yield_now().await } } => {}
    }
    assert!(
        call.send(with_header(get(), "host", "other"))
            .await
            .is_err()
    );
    assert_eq!(server.connections(), 1);
}
