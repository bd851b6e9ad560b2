//! The certificates the host trusts, and the one it shows.

use strongroom_domain::egress::{Origin, SecretSource};

use super::server::{Authority, Certified, Reply, Server, answer, self_signed};
use super::{Fixture, get, ok};
use crate::{Failure, TlsFault};

/// What becomes of a request to a server with this certificate, trusting this file.
async fn asked(fixture: &Fixture, certified: &Certified, trusted: &str) -> Result<u16, Failure> {
    let server = Server::tls(certified, None, ok).await;
    let mut grant = fixture.grant(&server);
    grant.trust = Some(fixture.file("trusted.pem", trusted));
    let answer = fixture.send(grant, get()).await;
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

fn fault(failure: &Failure) -> Option<TlsFault> {
    match failure {
        Failure::Tls { fault, .. } => Some(*fault),
        _ => None,
    }
}

/// Expects that the certificate was refused with this part of a sentence.
fn certificate(result: Result<u16, Failure>, part: &str) {
    let failure = result.unwrap_err();
    assert_eq!(fault(&failure), Some(TlsFault::Certificate), "{failure:?}");
    assert!(failure.to_string().contains(part), "{failure}");
}

#[tokio::test]
async fn a_certificate_must_be_in_date_for_the_name_and_of_a_trusted_authority() {
    let fixture = Fixture::new();
    let pem = fixture.authority.pem();
    assert_eq!(
        asked(&fixture, &fixture.authority.certify("api.test"), &pem).await,
        Ok(200)
    );
    let expired = fixture.authority.certify_until("api.test", 2020);
    certificate(asked(&fixture, &expired, &pem).await, "is out of date");
    certificate(
        asked(&fixture, &fixture.authority.certify("other.test"), &pem).await,
        "for another name",
    );
    let stranger = Authority::new("a stranger");
    certificate(
        asked(&fixture, &stranger.certify("api.test"), &pem).await,
        "`trust = \"FILE\"`",
    );
    certificate(asked(&fixture, &self_signed(), &pem).await, "");
}

#[tokio::test]
async fn the_clock_that_decides_about_dates_is_the_hosts() {
    let fixture = Fixture::new();
    let until = fixture.authority.certify_until("api.test", 2030);
    let pem = fixture.authority.pem();
    assert_eq!(asked(&fixture, &until, &pem).await, Ok(200));
    fixture.pass(4 * 366 * 86_400);
    certificate(asked(&fixture, &until, &pem).await, "is out of date");
}

#[tokio::test]
async fn the_very_certificate_of_a_server_can_be_trusted_alone() {
    let fixture = Fixture::new();
    let pinned = self_signed();
    assert_eq!(asked(&fixture, &pinned, &pinned.pem).await, Ok(200));
    certificate(asked(&fixture, &self_signed(), &pinned.pem).await, "");
    // Whoever shows a pinned certificate without its key is nobody.
    let thief = Certified {
        der: pinned.der.clone(),
        pem: String::new(),
        key: self_signed().key,
    };
    match asked(&fixture, &thief, &pinned.pem).await {
        Err(Failure::Tls { .. }) => {}
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn without_a_file_only_the_systems_authorities_are_trusted() {
    let fixture = Fixture::new();
    let server = fixture.server(ok).await;
    let mut grant = fixture.grant(&server);
    grant.trust = None;
    let error = fixture.send(grant, get()).await.unwrap_err();
    assert!(matches!(error.failure, Failure::Tls { .. }), "{error:?}");
    assert_eq!(server.requests().len(), 0);
}

#[tokio::test]
async fn a_file_without_certificates_is_named() {
    let fixture = Fixture::new();
    let server = fixture.server(ok).await;
    for (name, content) in [("trusted.pem", Some("nothing")), ("missing.pem", None)] {
        let mut grant = fixture.grant(&server);
        content.map(|content| fixture.file(name, content));
        grant.trust = Some(fixture.folder.path().join(name));
        let error = fixture.send(grant, get()).await.unwrap_err();
        assert_eq!(fault(&error.failure), Some(TlsFault::Local), "{error:?}");
        assert!(error.to_string().contains(name), "{error}");
    }
}

#[tokio::test]
async fn mutual_tls_shows_the_certificate_that_belongs_to_the_key() {
    let fixture = Fixture::new();
    let clients = Authority::new("clients");
    let server = Server::tls(&fixture.authority.certify("api.test"), Some(&clients), ok).await;
    let answer = fixture.send(fixture.grant(&server), get()).await;
    let failure = answer.unwrap_err().failure;
    assert_eq!(fault(&failure), Some(TlsFault::Handshake), "{failure:?}");

    let ours = clients.certify("client");
    let mut credential = fixture.credential("mutual-tls", &server);
    credential.certificate = Some(fixture.file("client.pem", &ours.pem));
    credential.secret = SecretSource::File(fixture.file("client.key", &ours.key.serialize_pem()));
    let call = fixture.call(fixture.grant(&server), Some(credential.clone()));
    assert_eq!(call.send(get()).await.unwrap().status, 200);

    credential.secret =
        SecretSource::File(fixture.file("other.key", &clients.certify("x").key.serialize_pem()));
    let error = fixture.send_as(&credential, &server).await.unwrap_err();
    let error = error.to_string();
    assert!(error.contains("do not belong together"), "{error}");
}

#[tokio::test]
async fn the_name_in_the_handshake_is_the_origins_and_not_the_plugins() {
    let fixture = Fixture::new();
    let server = Server::tls(&fixture.authority.certify("127.0.0.1"), None, |_, _| {
        Reply::Keep(answer("200 OK", "", ""))
    })
    .await;
    let mut grant = fixture.grant(&server);
    grant.origin = Origin::parse(&format!("https://127.0.0.1:{}", server.address.port())).unwrap();
    assert_eq!(fixture.send(grant, get()).await.unwrap().status, 200);
    let answer = fixture.send(fixture.grant(&server), get()).await;
    let answer = answer.map(|answer| answer.status);
    certificate(answer.map_err(|error| error.failure), "for another name");
}
