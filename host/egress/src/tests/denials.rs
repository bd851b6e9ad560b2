//! The requests that are never sent.

use super::{Fixture, get, ok, request, with_header};
use crate::{BODY_LIMIT, Failure, Request};

/// Sends, expects a refusal, and that nobody was connected to or looked up.
async fn refused(asked: Request) -> Failure {
    let fixture = Fixture::new();
    let server = fixture.server(ok).await;
    let call = fixture.call(fixture.grant(&server), None);
    let error = call.send(asked).await.expect_err("it was sent");
    assert_eq!(server.connections(), 0);
    assert_eq!(fixture.lookups(), Vec::<String>::new());
    assert_eq!(call.denials(), [error.to_string()]);
    error.failure
}

#[tokio::test]
async fn a_request_that_is_no_granted_endpoint_connects_to_nobody() {
    for asked in [
        request("GET", "/"),
        request("PUT", "/items/1"),
        request("GET", "/items/1?other=1"),
        with_header(get(), "x-http-method-override", "DELETE"),
    ] {
        assert!(matches!(refused(asked).await, Failure::Denied(_)));
    }
}

#[tokio::test]
async fn only_the_name_of_a_granted_service_is_an_address() {
    for (scheme, authority) in [
        ("http", "api"),
        ("HTTPS", "api"),
        ("https", "API"),
        ("https", "api:443"),
        ("https", "api."),
        ("https", "user@api"),
        ("https", "api.test"),
        ("https", "127.0.0.1"),
        ("https", ""),
        ("https", "api\r\nhost: x"),
    ] {
        let mut asked = get();
        (asked.scheme, asked.authority) = (scheme.to_owned(), authority.to_owned());
        let failure = refused(asked).await;
        assert!(
            matches!(&failure, Failure::Denied(text) if !text.contains('\r')),
            "{failure:?}"
        );
    }
}

#[tokio::test]
async fn a_plugin_cannot_set_headers_that_are_the_hosts_own() {
    for (name, value) in [
        ("Host", "api.test"),
        ("authorization", "Bearer x"),
        ("AUTHORIZATION", "Bearer x"),
        ("cookie", "a=b"),
        ("proxy-authorization", "Basic x"),
        ("Proxy-Anything", "x"),
        ("connection", "close"),
        ("connection", "x-plugin"),
        ("te", "trailers"),
        ("trailer", "x"),
        ("transfer-encoding", "chunked"),
        ("upgrade", "h2c"),
        ("content-length", "5"),
        ("content-length", "+0"),
        ("expect", "100-continue"),
        ("accept-encoding", "gzip"),
        ("user-agent", "x"),
        ("content-encoding", "gzip"),
    ] {
        let failure = refused(with_header(get(), name, value)).await;
        let named = format!("sets the header `{}`", name.to_ascii_lowercase());
        assert!(
            matches!(&failure, Failure::Denied(text) if text.contains(&named)),
            "{failure:?}"
        );
    }
}

#[tokio::test]
async fn what_could_be_read_in_two_ways_is_refused() {
    for (name, value) in [
        ("x-plugin", "a\r\nhost: evil"),
        ("x-plugin", "a\nb"),
        ("x-plugin", "a\0b"),
        ("x-plugin", "a\tb"),
        ("x-plugin", " a"),
        ("x-plugin", "a "),
        ("x-plugin", "\u{e9}"),
        ("x-plugin\r\nhost", "a"),
        ("x plugin", "a"),
        ("x-plugin:", "a"),
        ("transfer-encoding ", "chunked"),
        (":path", "/"),
        ("", "a"),
    ] {
        let failure = refused(with_header(get(), name, value)).await;
        assert!(
            matches!(failure, Failure::Malformed(_)),
            "{name:?} {value:?} {failure:?}"
        );
    }
    for target in [
        "http://other/items/1",
        "https://user@other/items/1",
        "//other/items/../1",
        "/items/1#x",
        "/items/1 HTTP/1.1\r\nx: y",
        "/items/%2e%2e",
        "/items/a%2fb",
        "/items/1?q=1&q=2",
        "items/1",
        "*",
        "",
    ] {
        let failure = refused(request("GET", target)).await;
        assert!(
            matches!(failure, Failure::Malformed(_)),
            "{target:?} {failure:?}"
        );
    }
    for method in [
        "CONNECT",
        "TRACE",
        "OPTIONS",
        "HEAD",
        "get",
        "GET /x HTTP/1.1\r\n",
        "",
    ] {
        let failure = refused(request(method, "/items/1")).await;
        assert!(
            matches!(failure, Failure::Malformed(_)),
            "{method:?} {failure:?}"
        );
    }
}

#[tokio::test]
async fn duplicates_and_too_much_are_refused() {
    let twice = with_header(
        with_header(get(), "content-length", "0"),
        "Content-Length",
        "0",
    );
    assert!(matches!(refused(twice).await, Failure::Malformed(_)));
    let twice = with_header(with_header(get(), "x-plugin", "a"), "X-Plugin", "b");
    assert!(matches!(refused(twice).await, Failure::Malformed(_)));
    let mut many = get();
    for number in 0..65 {
        many = with_header(many, &format!("x-{number}"), "a");
    }
    assert!(matches!(refused(many).await, Failure::Malformed(_)));
    let mut large = with_header(
        request("POST", "/items"),
        "content-type",
        "application/json",
    );
    large.body = vec![b' '; BODY_LIMIT + 1];
    assert!(matches!(refused(large).await, Failure::Malformed(_)));
}

#[tokio::test]
async fn denials_are_kept_for_the_outcome_and_bounded() {
    let fixture = Fixture::new();
    let server = fixture.server(ok).await;
    let call = fixture.call(fixture.grant(&server), None);
    for _ in 0..70 {
        assert!(
            call.send(request("PUT", "/items/1\u{1b}[2J"))
                .await
                .is_err()
        );
    }
    let denials = call.denials();
    assert_eq!(denials.len(), 64);
    assert!(
        denials[0].chars().all(|c| !c.is_control()),
        "{}",
        denials[0]
    );
}
