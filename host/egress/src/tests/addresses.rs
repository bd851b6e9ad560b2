//! The addresses that are dialled.

use strongroom_domain::egress::{AddressRange, Origin};

use super::server::Server;
use super::{Fixture, get, ok};
use crate::Failure;

async fn denied(
    fixture: &Fixture,
    server: &Server,
    change: impl FnOnce(&mut strongroom_domain::egress::ServiceGrant),
) -> String {
    let mut grant = fixture.grant(server);
    change(&mut grant);
    let call = fixture.call(grant, None);
    let error = call.send(get()).await.unwrap_err();
    assert_eq!(server.connections(), 0);
    assert_eq!(call.denials(), [error.to_string()]);
    match error.failure {
        Failure::AddressDenied(sentence) => sentence,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn an_address_that_is_not_public_is_refused_unless_the_grant_names_it() {
    let fixture = Fixture::new();
    let server = fixture.server(ok).await;
    for address in [
        "127.0.0.1",
        "10.0.0.1",
        "169.254.169.254",
        "::1",
        "::ffff:127.0.0.1",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
        "fe80::1",
    ] {
        fixture.name("api.test", &[address]);
        let sentence = denied(&fixture, &server, |grant| grant.addresses.clear()).await;
        assert!(
            sentence.contains(&format!("`addresses = [\"{address}\"]`")),
            "{sentence}"
        );
    }
    fixture.name("api.test", &["127.0.0.1"]);
    assert!(fixture.send(fixture.grant(&server), get()).await.is_ok());
}

#[tokio::test]
async fn one_forbidden_address_among_many_refuses_the_request() {
    let fixture = Fixture::new();
    let server = fixture.server(ok).await;
    fixture.name("api.test", &["127.0.0.1", "192.168.0.1"]);
    let sentence = denied(&fixture, &server, |_| {}).await;
    assert!(sentence.contains("192.168.0.1"), "{sentence}");
    fixture.name("api.test", &["8.8.8.8", "127.0.0.1"]);
    denied(&fixture, &server, |grant| grant.addresses.clear()).await;
}

#[tokio::test]
async fn an_address_in_the_origin_is_checked_too_and_not_looked_up() {
    let fixture = Fixture::new();
    let server = fixture.server(ok).await;
    let port = server.address.port();
    for host in ["127.0.0.1", "[::1]"] {
        denied(&fixture, &server, |grant| {
            grant.origin = Origin::parse(&format!("https://{host}:{port}")).unwrap();
            grant.addresses.clear();
        })
        .await;
    }
    assert_eq!(fixture.lookups(), Vec::<String>::new());
}

#[tokio::test]
async fn in_the_clear_only_to_addresses_that_the_grant_names() {
    let fixture = Fixture::new();
    let server = Server::plain(ok).await;
    let plain = |grant: &mut strongroom_domain::egress::ServiceGrant| {
        grant.origin =
            Origin::parse(&format!("http://api.test:{}", server.address.port())).unwrap();
    };
    fixture.name("api.test", &["8.8.8.8"]);
    let sentence = denied(&fixture, &server, plain).await;
    assert!(sentence.contains("in the clear"), "{sentence}");
    fixture.name("api.test", &["127.0.0.1"]);
    let mut grant = fixture.grant(&server);
    plain(&mut grant);
    assert_eq!(fixture.send(grant, get()).await.unwrap().status, 200);
}

#[tokio::test]
async fn a_name_without_an_address_and_a_closed_port_say_so() {
    let fixture = Fixture::new();
    let server = fixture.server(ok).await;
    let mut grant = fixture.grant(&server);
    grant.origin = Origin::parse("https://nowhere.test").unwrap();
    let error = fixture.send(grant.clone(), get()).await.unwrap_err();
    assert!(matches!(error.failure, Failure::Resolution(_)), "{error:?}");
    fixture.name("nowhere.test", &[]);
    let error = fixture.send(grant, get()).await.unwrap_err();
    assert!(matches!(error.failure, Failure::Resolution(_)), "{error:?}");
    // A second address of the loopback, where nobody listens, comes first: the next one is tried.
    let mut grant = fixture.grant(&server);
    grant.addresses = vec![AddressRange::parse("127.0.0.0/8").unwrap()];
    fixture.name("api.test", &["127.0.0.2", "127.0.0.1"]);
    assert!(fixture.send(grant.clone(), get()).await.is_ok());
    fixture.name("api.test", &["127.0.0.2"]);
    let error = fixture.send(grant, get()).await.unwrap_err();
    assert!(matches!(error.failure, Failure::Refused(_)), "{error:?}");
}

#[tokio::test]
async fn no_proxy_of_the_environment_is_used() {
    let fixture = Fixture::new();
    let server = fixture.server(ok).await;
    let proxy = Server::plain(ok).await;
    for name in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "HTTP_PROXY"] {
        fixture.variable(name, format!("http://{}", proxy.address));
    }
    assert!(fixture.send(fixture.grant(&server), get()).await.is_ok());
    assert_eq!((server.connections(), proxy.connections()), (1, 0));
}
