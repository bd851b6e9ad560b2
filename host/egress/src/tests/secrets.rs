//! The sources of secrets, and that no secret comes back.

use std::os::unix::fs::PermissionsExt;

use strongroom_domain::egress::{Origin, SecretSource};

use super::server::{Reply, Server, answer};
use super::{Fixture, get};
use crate::Failure;

/// A secret with everything that is written differently in a URL, in JSON and in base64.
const CANARY: &str = "canary/\"+ =\\secret";

fn echo(request: &str, _: usize) -> Reply {
    let line = request
        .lines()
        .find(|line| line.starts_with("x-key: "))
        .unwrap_or_default();
    let value = line.trim_start_matches("x-key: ").to_owned();
    let json = serde_json::json!({ "echo": value }).to_string();
    let escaped = json.replace('/', "\\/");
    let url: String = form_urlencoded::byte_serialize(value.as_bytes()).collect();
    let base64 = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, &value);
    let headers = format!("WWW-Authenticate: Key realm={value}\r\nX-Echo: {value}{value}\r\n");
    Reply::Keep(answer(
        "200 OK",
        &headers,
        &format!("{json} {escaped} {url} {base64} {value}"),
    ))
}

#[tokio::test]
async fn a_server_that_echoes_the_secret_does_not_hand_it_to_the_plugin() {
    let fixture = Fixture::new();
    fixture.variable("SECRET", CANARY);
    let server = fixture.server(echo).await;
    let mut credential = fixture.credential("header", &server);
    credential.header = Some("X-Key".to_owned());
    let call = fixture.call(fixture.grant(&server), Some(credential));
    let response = call.send(get()).await.unwrap();
    assert!(server.requests()[0].contains(CANARY));
    let body = String::from_utf8(response.body.clone()).unwrap();
    assert_eq!(
        body,
        r#"{"echo":"[removed]"} {"echo":"[removed]"} [removed] [removed] [removed]"#
    );
    let header = |name: &str| {
        let found = response
            .headers
            .iter()
            .find(|(other, _)| other == name)
            .unwrap();
        String::from_utf8(found.1.clone()).unwrap()
    };
    assert_eq!(header("www-authenticate"), "Key realm=[removed]");
    assert_eq!(header("x-echo"), "[removed][removed]");
    assert_eq!(header("content-length"), body.len().to_string());
}

#[tokio::test]
async fn a_compressed_answer_that_may_hold_a_secret_is_refused() {
    let fixture = Fixture::new();
    fixture.variable("SECRET", CANARY);
    let server = fixture
        .server(|_, _| Reply::Keep(answer("200 OK", "content-encoding: gzip\r\n", "x")))
        .await;
    let mut credential = fixture.credential("header", &server);
    credential.header = Some("x-key".to_owned());
    let error = fixture.send_as(&credential, &server).await.unwrap_err();
    assert!(matches!(error.failure, Failure::Protocol(_)), "{error:?}");
}

/// The secret that a server was sent, or why none was.
async fn sent(fixture: &Fixture, source: &str) -> Result<String, String> {
    let server = fixture.server(super::ok).await;
    let mut credential = fixture.credential("bearer", &server);
    credential.secret = SecretSource::parse(source).unwrap();
    let answer = fixture.send_as(&credential, &server).await;
    let requests = server.requests();
    let sent = requests.first().and_then(|text| {
        text.lines()
            .find_map(|line| line.strip_prefix("authorization: Bearer "))
    });
    answer.map(|_| sent.unwrap().to_owned()).map_err(|error| {
        assert!(matches!(error.failure, Failure::Credential(_)), "{error:?}");
        assert_eq!(server.connections(), 0);
        error.to_string()
    })
}

#[tokio::test]
async fn secrets_are_read_from_private_files_the_environment_and_systemd() {
    let fixture = Fixture::new();
    fixture.variable("SECRET", "one\n");
    assert_eq!(sent(&fixture, "env:SECRET").await.unwrap(), "one");
    let path = fixture.file("token", "two\r\n");
    let file = format!("file:{}", path.display());
    assert_eq!(sent(&fixture, &file).await.unwrap(), "two");
    std::fs::write(&path, "three").unwrap();
    assert_eq!(sent(&fixture, &file).await.unwrap(), "three", "read anew");
    fixture.variable("CREDENTIALS_DIRECTORY", fixture.folder.path());
    assert_eq!(sent(&fixture, "systemd:token").await.unwrap(), "three");
}

#[tokio::test]
async fn a_secret_that_cannot_be_had_says_why_without_it() {
    let fixture = Fixture::new();
    let open = fixture.file("open", "canary-secret");
    std::fs::set_permissions(&open, std::fs::Permissions::from_mode(0o640)).unwrap();
    fixture.file("long", &"canary-secret".repeat(6000));
    fixture.file("split", "canary-secret\nx: y\n");
    fixture.variable("EMPTY", "\n");
    let folder = fixture.folder.path().display();
    for (source, reason) in [
        (&*format!("file:{folder}/open"), "`chmod 600 "),
        (&*format!("file:{folder}/long"), "more than 65536 bytes"),
        (
            &*format!("file:{folder}/split"),
            "cannot be written into a header",
        ),
        (&*format!("file:{folder}"), "not a plain file"),
        ("file:/nowhere/at/all", "No such file"),
        ("env:MISSING", "`MISSING` is not set"),
        ("env:EMPTY", "it is empty"),
        ("systemd:x", "LoadCredential=x:"),
        ("vault:secret/data/x#y", "`VAULT_ADDR` is not set"),
    ] {
        let error = sent(&fixture, source).await.unwrap_err();
        assert!(error.contains(reason), "{error}");
        assert!(!error.contains("canary"), "{error}");
    }
}

/// A Vault with one secret in each version of its store, one token and one namespace.
async fn vault(fixture: &Fixture) -> Server {
    Server::tls(
        &fixture.authority.certify("vault.test"),
        None,
        |request, _| {
            let body = match request.lines().next().unwrap() {
                "GET /v1/secret/data/backup HTTP/1.1" => {
                    r#"{"data": {"data": {"token": "second"}, "metadata": {}}}"#
                }
                "GET /v1/kv/backup HTTP/1.1" => r#"{"data": {"token": "first"}}"#,
                _ => return Reply::Keep(answer("404 Not Found", "", "{}")),
            };
            assert!(
                request.contains("x-vault-token: vault-canary\r\n")
                    && request.contains("x-vault-namespace: team\r\n")
            );
            Reply::Keep(answer("200 OK", "", body))
        },
    )
    .await
}

#[tokio::test]
async fn secrets_are_read_from_vault_in_both_versions_of_its_store() {
    let fixture = Fixture::new();
    let vault = vault(&fixture).await;
    let port = vault.address.port();
    fixture.name("vault.test", &["127.0.0.1"]);
    fixture.variable("VAULT_ADDR", format!("https://vault.test:{port}"));
    let authority = fixture.file("vault.pem", &fixture.authority.pem());
    fixture.variable("VAULT_CACERT", authority);
    fixture.variable("VAULT_NAMESPACE", "team");
    let second = "vault:secret/data/backup#token";
    let error = sent(&fixture, second).await.unwrap_err();
    assert!(error.contains("`VAULT_TOKEN_FILE`"), "{error}");
    fixture.pass(11);
    let token = fixture.file("vault-token", "vault-canary\n");
    fixture.variable("VAULT_TOKEN_FILE", token);
    assert_eq!(sent(&fixture, second).await.unwrap(), "second");
    let first = "vault:kv/backup#token";
    assert_eq!(sent(&fixture, first).await.unwrap(), "first");
    for (source, reason) in [
        ("vault:secret/backup#token", "404"),
        ("vault:kv/backup#other", "no text under `other`"),
    ] {
        let error = sent(&fixture, source).await.unwrap_err();
        assert!(error.contains(reason), "{error}");
        assert!(!error.contains("canary"), "{error}");
    }
    fixture.variable("VAULT_ADDR", format!("http://8.8.8.8:{port}"));
    let error = sent(&fixture, "vault:kv/other#token").await.unwrap_err();
    assert!(error.contains("use `https`"), "{error}");
}

#[tokio::test]
async fn a_credential_is_shown_only_to_the_server_it_was_declared_for() {
    let fixture = Fixture::new();
    fixture.variable("SECRET", "canary-secret");
    let server = fixture.server(super::ok).await;
    let mut credential = fixture.credential("bearer", &server);
    let port = server.address.port();
    credential.origin = Origin::parse(&format!("https://api.test:{port}/elsewhere")).unwrap();
    assert!(fixture.send_as(&credential, &server).await.is_ok());
    for other in [
        format!("https://other.test:{port}"),
        "https://api.test".to_owned(),
        format!("http://api.test:{port}"),
    ] {
        credential.origin = Origin::parse(&other).unwrap();
        let error = fixture.send_as(&credential, &server).await.unwrap_err();
        assert!(matches!(error.failure, Failure::Credential(_)), "{error:?}");
        assert!(error.to_string().contains("is not shown to"), "{error}");
    }
    assert_eq!(server.requests().len(), 1);
}
