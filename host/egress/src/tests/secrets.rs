//! Where secrets come from, and that none comes back.

use std::os::unix::fs::PermissionsExt;

use strongroom_domain::egress::{Origin, SecretSource};

use super::server::{Reply, Server, answer};
use super::{World, get};
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
    let world = World::new();
    world.variable("SECRET", CANARY);
    let server = world.server(echo).await;
    let mut credential = world.credential("header", &server);
    credential.header = Some("X-Key".to_owned());
    let call = world.call(world.grant(&server), Some(credential));
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
    let world = World::new();
    world.variable("SECRET", CANARY);
    let server = world
        .server(|_, _| Reply::Keep(answer("200 OK", "content-encoding: gzip\r\n", "x")))
        .await;
    let mut credential = world.credential("header", &server);
    credential.header = Some("x-key".to_owned());
    let error = world
        .call(world.grant(&server), Some(credential))
        .send(get())
        .await
        .unwrap_err();
    assert!(matches!(error.failure, Failure::Protocol(_)), "{error:?}");
}

/// The secret that a server was sent, or why none was.
async fn sent(world: &World, source: SecretSource) -> Result<String, String> {
    let server = world.server(super::ok).await;
    let mut credential = world.credential("bearer", &server);
    credential.secret = source;
    let answer = world
        .call(world.grant(&server), Some(credential))
        .send(get())
        .await;
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
    let world = World::new();
    world.variable("SECRET", "one\n");
    assert_eq!(
        sent(&world, SecretSource::Environment("SECRET".into()))
            .await
            .unwrap(),
        "one"
    );
    let path = world.file("token", "two\r\n");
    assert_eq!(
        sent(&world, SecretSource::File(path.clone()))
            .await
            .unwrap(),
        "two"
    );
    std::fs::write(&path, "three").unwrap();
    assert_eq!(
        sent(&world, SecretSource::File(path)).await.unwrap(),
        "three",
        "read anew"
    );
    world.variable(
        "CREDENTIALS_DIRECTORY",
        world.folder.path().to_str().unwrap(),
    );
    assert_eq!(
        sent(&world, SecretSource::Systemd("token".into()))
            .await
            .unwrap(),
        "three"
    );
}

#[tokio::test]
async fn a_secret_that_cannot_be_had_says_why_without_it() {
    let world = World::new();
    let open = world.file("open", "canary-secret");
    std::fs::set_permissions(&open, std::fs::Permissions::from_mode(0o640)).unwrap();
    let long = world.file("long", &"canary-secret".repeat(6000));
    let split = world.file("split", "canary-secret\nx: y\n");
    world.variable("EMPTY", "\n");
    for (source, reason) in [
        (SecretSource::File(open), "`chmod 600 "),
        (SecretSource::File(long), "more than 65536 bytes"),
        (SecretSource::File(split), "cannot be written into a header"),
        (
            SecretSource::File(world.folder.path().to_owned()),
            "not a plain file",
        ),
        (SecretSource::File("/nowhere/at/all".into()), "No such file"),
        (
            SecretSource::Environment("MISSING".into()),
            "`MISSING` is not set",
        ),
        (SecretSource::Environment("EMPTY".into()), "it is empty"),
        (SecretSource::Systemd("x".into()), "LoadCredential=x:"),
        (
            SecretSource::Vault {
                path: "secret/data/x".into(),
                key: "y".into(),
            },
            "`VAULT_ADDR` is not set",
        ),
    ] {
        let error = sent(&world, source).await.unwrap_err();
        assert!(
            error.contains(reason) && !error.contains("canary"),
            "{error}"
        );
    }
}

/// A Vault with one secret in each version of its store, one token and one namespace.
async fn vault(world: &World) -> Server {
    Server::tls(
        &world.authority.certify("vault.test"),
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
    let world = World::new();
    let vault = vault(&world).await;
    world.name("vault.test", &["127.0.0.1"]);
    world.variable(
        "VAULT_ADDR",
        &format!("https://vault.test:{}", vault.address.port()),
    );
    world.variable(
        "VAULT_CACERT",
        world
            .file("vault.pem", &world.authority.pem())
            .to_str()
            .unwrap(),
    );
    world.variable("VAULT_NAMESPACE", "team");
    let source = |path: &str, key: &str| SecretSource::Vault {
        path: path.into(),
        key: key.into(),
    };
    let error = sent(&world, source("secret/data/backup", "token"))
        .await
        .unwrap_err();
    assert!(error.contains("`VAULT_TOKEN_FILE`"), "{error}");
    world.now.fetch_add(11, std::sync::atomic::Ordering::SeqCst);
    world.variable(
        "VAULT_TOKEN_FILE",
        world
            .file("vault-token", "vault-canary\n")
            .to_str()
            .unwrap(),
    );
    assert_eq!(
        sent(&world, source("secret/data/backup", "token"))
            .await
            .unwrap(),
        "second"
    );
    assert_eq!(
        sent(&world, source("kv/backup", "token")).await.unwrap(),
        "first"
    );
    for (path, key, reason) in [
        ("secret/backup", "token", "404"),
        ("kv/backup", "other", "no text under `other`"),
    ] {
        let error = sent(&world, source(path, key)).await.unwrap_err();
        assert!(
            error.contains(reason) && !error.contains("canary"),
            "{error}"
        );
    }
    world.variable(
        "VAULT_ADDR",
        &format!("http://8.8.8.8:{}", vault.address.port()),
    );
    let error = sent(&world, source("kv/other", "token")).await.unwrap_err();
    assert!(error.contains("use `https`"), "{error}");
}

#[tokio::test]
async fn a_credential_is_shown_only_to_the_server_it_was_declared_for() {
    let world = World::new();
    world.variable("SECRET", "canary-secret");
    let server = world.server(super::ok).await;
    let mut credential = world.credential("bearer", &server);
    let port = server.address.port();
    credential.origin = Origin::parse(&format!("https://api.test:{port}/elsewhere")).unwrap();
    assert!(
        world
            .call(world.grant(&server), Some(credential.clone()))
            .send(get())
            .await
            .is_ok()
    );
    for other in [
        format!("https://other.test:{port}"),
        "https://api.test".to_owned(),
        format!("http://api.test:{port}"),
    ] {
        credential.origin = Origin::parse(&other).unwrap();
        let error = world
            .call(world.grant(&server), Some(credential.clone()))
            .send(get())
            .await
            .unwrap_err();
        assert!(matches!(error.failure, Failure::Credential(_)), "{error:?}");
        assert!(error.to_string().contains("is not shown to"), "{error}");
    }
    assert_eq!(server.requests().len(), 1);
}
