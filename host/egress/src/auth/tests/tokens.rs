//! Tokens: asked for once, used until shortly before their end, never repeated in an error.

use std::sync::atomic::{AtomicUsize, Ordering};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::{header, json, send, token_server, with_tokens};
use crate::Failure;
use crate::tests::Fixture;
use crate::tests::server::{Reply, answer};

const CANARY: &str = "canary:sec ret";

/// Gives `token-1`, `token-2`, …, each for ten minutes.
fn counted(_: &str, number: usize) -> Reply {
    json(&format!(
        r#"{{"access_token":"token-{number}","token_type":"bearer","expires_in":600}}"#
    ))
}

/// Takes every token but `token-1` from the third request on.
fn tires_of_the_first(request: &str, number: usize) -> Reply {
    let first = header(request, "authorization") == Some("Bearer token-1");
    let status = if first && number >= 3 {
        "401 Unauthorized"
    } else {
        "200 OK"
    };
    Reply::Keep(answer(status, "", "fine"))
}

#[tokio::test]
async fn a_client_asks_for_a_token_as_the_standard_says_and_uses_it_until_shortly_before_its_end() {
    let fixture = Fixture::new();
    fixture.variable("SECRET", CANARY);
    let login = token_server(&fixture, counted).await;
    let server = fixture.server(tires_of_the_first).await;
    let credential = fixture.credential("oauth2-client", &server);
    let mut credential = with_tokens(credential, &login, "/token");
    credential.scopes = vec!["snapshots.read".to_owned(), "disks".to_owned()];
    for _ in 0..2 {
        assert_eq!(send(&fixture, &server, &credential).await.unwrap(), 200);
    }
    let asked = login.requests();
    assert_eq!(asked.len(), 1, "one token serves many requests");
    assert!(
        asked[0].starts_with("POST /token HTTP/1.1\r\n"),
        "{}",
        asked[0]
    );
    // RFC 6749, 2.3.1: both are encoded as in a form before they are joined.
    let basic = format!("Basic {}", STANDARD.encode("client+id:canary%3Asec+ret"));
    assert_eq!(header(&asked[0], "authorization"), Some(basic.as_str()));
    assert!(
        asked[0].ends_with("grant_type=client_credentials&scope=snapshots.read+disks"),
        "{}",
        asked[0]
    );
    // The provider no longer takes it: the next request asks for another.
    assert_eq!(send(&fixture, &server, &credential).await.unwrap(), 401);
    assert_eq!(send(&fixture, &server, &credential).await.unwrap(), 200);
    assert_eq!(login.requests().len(), 2);
    fixture.pass(539);
    assert_eq!(send(&fixture, &server, &credential).await.unwrap(), 200);
    assert_eq!(login.requests().len(), 2);
    fixture.pass(2);
    assert_eq!(send(&fixture, &server, &credential).await.unwrap(), 200);
    assert_eq!(login.requests().len(), 3, "a minute before its end");
    assert!(
        server
            .requests()
            .iter()
            .all(|request| !request.contains(CANARY))
    );
}

#[tokio::test]
async fn many_runs_that_begin_together_ask_for_one_token() {
    let fixture = Fixture::new();
    fixture.variable("SECRET", CANARY);
    let login = token_server(&fixture, counted).await;
    let server = fixture.server(crate::tests::ok).await;
    let credential = fixture.credential("oauth2-client", &server);
    let credential = with_tokens(credential, &login, "/token");
    let together = (0..12).map(|_| send(&fixture, &server, &credential));
    let results = futures::future::join_all(together).await;
    assert!(
        results.iter().all(|result| matches!(result, Ok(200))),
        "{results:?}"
    );
    assert_eq!(login.requests().len(), 1);
    assert_eq!(server.requests().len(), 12);
}

#[tokio::test]
async fn a_token_server_that_refuses_is_left_alone_for_a_while_and_named_without_the_secret() {
    let fixture = Fixture::new();
    fixture.variable("SECRET", CANARY);
    let refused = AtomicUsize::new(0);
    let login = token_server(&fixture, move |request, _| {
        let number = refused.fetch_add(1, Ordering::SeqCst);
        let body = match number {
            0 => serde_json::json!({"error": "invalid_client", "error_description": request})
                .to_string(),
            _ => format!(r#"{{"error":"no such: {CANARY}"}}"#),
        };
        Reply::Keep(answer("401 Unauthorized", "", &body))
    })
    .await;
    let server = fixture.server(crate::tests::ok).await;
    let credential = fixture.credential("oauth2-client", &server);
    let credential = with_tokens(credential, &login, "/token");
    let reason = async || send(&fixture, &server, &credential).await.unwrap_err();
    let error = reason().await;
    assert!(matches!(error.failure, Failure::Credential(_)), "{error:?}");
    assert!(
        error.to_string().contains("status 401: invalid_client"),
        "{error}"
    );
    let error = reason().await;
    assert!(
        error.to_string().contains("asked again after 10 seconds"),
        "{error}"
    );
    assert_eq!(login.requests().len(), 1, "no storm");
    fixture.pass(11);
    let error = reason().await;
    assert!(error.to_string().ends_with("status 401"), "{error}");
    assert!(!error.to_string().contains("canary"), "{error}");
    assert_eq!((login.requests().len(), server.connections()), (2, 0));
}

#[tokio::test]
async fn an_answer_that_is_no_token_is_not_used() {
    let fixture = Fixture::new();
    fixture.variable("SECRET", CANARY);
    for (body, reason) in [
        ("<html>log in</html>", "no token of the type `Bearer`"),
        (
            r#"{"access_token":"t","token_type":"mac"}"#,
            "no token of the type `Bearer`",
        ),
        (r#"{"token_type":"Bearer"}"#, "has no `access_token`"),
        (
            r#"{"access_token":"","token_type":"Bearer"}"#,
            "has no `access_token`",
        ),
        (
            "{\"access_token\":\"a\\nb\",\"token_type\":\"Bearer\"}",
            "cannot be written into a header",
        ),
    ] {
        let login = token_server(&fixture, move |_, _| json(body)).await;
        let server = fixture.server(crate::tests::ok).await;
        let credential = fixture.credential("oauth2-client", &server);
        let credential = with_tokens(credential, &login, "/token");
        let error = send(&fixture, &server, &credential).await.unwrap_err();
        assert!(error.to_string().contains(reason), "{error}");
        assert_eq!(server.connections(), 0);
    }
}

#[tokio::test]
async fn keystone_gives_a_token_for_an_application_credential() {
    let fixture = Fixture::new();
    fixture.variable("SECRET", CANARY);
    let login = token_server(&fixture, |_, number| {
        let body = r#"{"token":{"expires_at":"2026-06-01T00:10:00.000000Z","methods":[]}}"#;
        let token = format!("X-Subject-Token: gAAAA-{number}\r\n");
        Reply::Keep(answer("201 Created", &token, body))
    })
    .await;
    let server = fixture.server(crate::tests::ok).await;
    let credential = fixture.credential("openstack-keystone", &server);
    let credential = with_tokens(credential, &login, "/identity/v3");
    assert_eq!(send(&fixture, &server, &credential).await.unwrap(), 200);
    let asked = login.requests();
    assert!(
        asked[0].starts_with("POST /identity/v3/auth/tokens HTTP/1.1\r\n"),
        "{}",
        asked[0]
    );
    let (_, body) = asked[0].split_once("\r\n\r\n").unwrap();
    assert_eq!(
        serde_json::from_str::<serde_json::Value>(body).unwrap(),
        serde_json::json!({"auth": {"identity": {
            "methods": ["application_credential"],
            "application_credential": {"id": "client id", "secret": CANARY},
        }}})
    );
    assert_eq!(
        header(&server.requests()[0], "x-auth-token"),
        Some("gAAAA-1")
    );
    assert_eq!(header(&server.requests()[0], "authorization"), None);
    // Ten minutes later it is over, and so is every further one of this server.
    fixture.pass(600);
    let error = send(&fixture, &server, &credential).await.unwrap_err();
    assert!(error.to_string().contains("is the clock right?"), "{error}");
}
