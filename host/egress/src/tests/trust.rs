//! Whom the host believes, and what it shows of itself.

use strongroom_domain::egress::{Origin, SecretSource};

use super::server::{Authority, Certified, Reply, Server, answer, self_signed};
use super::{World, get, ok};
use crate::{Failure, TlsFault};

/// What becomes of a request to a server with this certificate, trusting this file.
async fn asked(world: &World, certified: &Certified, trusted: &str) -> Result<u16, Failure> {
    let server = Server::tls(certified, None, ok).await;
    let mut grant = world.grant(&server);
    grant.trust = Some(world.file("trusted.pem", trusted));
    let answer = world.call(grant, None).send(get()).await;
    if answer.is_err() {
        assert_eq!(
            server.requests().len(),
            0,
            "a request went to a server that is not trusted"
        );
    }
    answer
        .map(|answer| answer.status)
        .map_err(|error| error.failure)
}

fn certificate(result: Result<u16, Failure>, part: &str) {
    match result {
        Err(Failure::Tls {
            fault: TlsFault::Certificate,
            sentence,
        }) => {
            assert!(sentence.contains(part), "{sentence}");
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_certificate_must_be_in_date_for_the_name_and_of_a_trusted_authority() {
    let world = World::new();
    let pem = world.authority.pem();
    assert_eq!(
        asked(&world, &world.authority.certify("api.test"), &pem).await,
        Ok(200)
    );
    let expired = world.authority.certify_until("api.test", 2020);
    certificate(asked(&world, &expired, &pem).await, "is out of date");
    certificate(
        asked(&world, &world.authority.certify("other.test"), &pem).await,
        "for another name",
    );
    let stranger = Authority::new("a stranger");
    certificate(
        asked(&world, &stranger.certify("api.test"), &pem).await,
        "`trust = \"FILE\"`",
    );
    certificate(asked(&world, &self_signed(), &pem).await, "");
}

#[tokio::test]
async fn the_clock_that_decides_about_dates_is_the_hosts() {
    let world = World::new();
    let until = world.authority.certify_until("api.test", 2030);
    let pem = world.authority.pem();
    assert_eq!(asked(&world, &until, &pem).await, Ok(200));
    world
        .now
        .store(1_900_000_000, std::sync::atomic::Ordering::SeqCst);
    certificate(asked(&world, &until, &pem).await, "is out of date");
}

#[tokio::test]
async fn the_very_certificate_of_a_server_can_be_trusted_alone() {
    let world = World::new();
    let pinned = self_signed();
    assert_eq!(asked(&world, &pinned, &pinned.pem).await, Ok(200));
    certificate(asked(&world, &self_signed(), &pinned.pem).await, "");
    // Whoever shows a pinned certificate without its key is nobody.
    let thief = Certified {
        der: pinned.der.clone(),
        pem: String::new(),
        key: self_signed().key,
    };
    match asked(&world, &thief, &pinned.pem).await {
        Err(Failure::Tls { .. }) => {}
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn without_a_file_only_the_systems_authorities_are_trusted() {
    let world = World::new();
    let server = world.server(ok).await;
    let mut grant = world.grant(&server);
    grant.trust = None;
    let error = world.call(grant, None).send(get()).await.unwrap_err();
    assert!(matches!(error.failure, Failure::Tls { .. }), "{error:?}");
    assert_eq!(server.requests().len(), 0);
}

#[tokio::test]
async fn a_file_without_certificates_is_named() {
    let world = World::new();
    let server = world.server(ok).await;
    for (name, content) in [("trusted.pem", Some("nothing")), ("missing.pem", None)] {
        let mut grant = world.grant(&server);
        content.map(|content| world.file(name, content));
        grant.trust = Some(world.folder.path().join(name));
        let error = world.call(grant, None).send(get()).await.unwrap_err();
        assert!(
            matches!(
                &error.failure,
                Failure::Tls {
                    fault: TlsFault::Ours,
                    ..
                }
            ),
            "{error:?}"
        );
        assert!(error.to_string().contains(name), "{error}");
    }
}

#[tokio::test]
async fn mutual_tls_shows_the_certificate_that_belongs_to_the_key() {
    let world = World::new();
    let clients = Authority::new("clients");
    let server = Server::tls(&world.authority.certify("api.test"), Some(&clients), ok).await;
    let error = world
        .call(world.grant(&server), None)
        .send(get())
        .await
        .unwrap_err();
    assert!(
        matches!(
            error.failure,
            Failure::Tls {
                fault: TlsFault::Handshake,
                ..
            }
        ),
        "{error:?}"
    );

    let ours = clients.certify("client");
    let mut credential = world.credential("mutual-tls", &server);
    credential.certificate = Some(world.file("client.pem", &ours.pem));
    credential.secret = SecretSource::File(world.file("client.key", &ours.key.serialize_pem()));
    let call = world.call(world.grant(&server), Some(credential.clone()));
    assert_eq!(call.send(get()).await.unwrap().status, 200);

    credential.secret =
        SecretSource::File(world.file("other.key", &clients.certify("x").key.serialize_pem()));
    let error = world
        .call(world.grant(&server), Some(credential))
        .send(get())
        .await
        .unwrap_err();
    assert!(
        error.to_string().contains("do not belong together"),
        "{error}"
    );
}

#[tokio::test]
async fn the_name_in_the_handshake_is_the_origins_and_not_the_plugins() {
    let world = World::new();
    let server = Server::tls(&world.authority.certify("127.0.0.1"), None, |_, _| {
        Reply::Keep(answer("200 OK", "", ""))
    })
    .await;
    let mut grant = world.grant(&server);
    grant.origin = Origin::parse(&format!("https://127.0.0.1:{}", server.address.port())).unwrap();
    assert_eq!(
        world.call(grant, None).send(get()).await.unwrap().status,
        200
    );
    certificate(
        world
            .call(world.grant(&server), None)
            .send(get())
            .await
            .map(|a| a.status)
            .map_err(|e| e.failure),
        "for another name",
    );
}
