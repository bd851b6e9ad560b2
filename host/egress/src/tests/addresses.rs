//! Which addresses are dialled.

use strongroom_domain::egress::{AddressRange, Origin};

use super::server::Server;
use super::{World, get, ok};
use crate::Failure;

async fn denied(
    world: &World,
    server: &Server,
    change: impl FnOnce(&mut strongroom_domain::egress::ServiceGrant),
) -> String {
    let mut grant = world.grant(server);
    change(&mut grant);
    let call = world.call(grant, None);
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
    let world = World::new();
    let server = world.server(ok).await;
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
        world.name("api.test", &[address]);
        let sentence = denied(&world, &server, |grant| grant.addresses.clear()).await;
        assert!(
            sentence.contains(&format!("`addresses = [\"{address}\"]`")),
            "{sentence}"
        );
    }
    world.name("api.test", &["127.0.0.1"]);
    assert!(
        world
            .call(world.grant(&server), None)
            .send(get())
            .await
            .is_ok()
    );
}

#[tokio::test]
async fn one_forbidden_address_among_many_refuses_the_request() {
    let world = World::new();
    let server = world.server(ok).await;
    world.name("api.test", &["127.0.0.1", "192.168.0.1"]);
    let sentence = denied(&world, &server, |_| {}).await;
    assert!(sentence.contains("192.168.0.1"), "{sentence}");
    world.name("api.test", &["8.8.8.8", "127.0.0.1"]);
    denied(&world, &server, |grant| grant.addresses.clear()).await;
}

#[tokio::test]
async fn an_address_in_the_origin_is_checked_too_and_not_looked_up() {
    let world = World::new();
    let server = world.server(ok).await;
    let port = server.address.port();
    for host in ["127.0.0.1", "[::1]"] {
        denied(&world, &server, |grant| {
            grant.origin = Origin::parse(&format!("https://{host}:{port}")).unwrap();
            grant.addresses.clear();
        })
        .await;
    }
    assert_eq!(world.lookups(), Vec::<String>::new());
}

#[tokio::test]
async fn in_the_clear_only_to_addresses_that_the_grant_names() {
    let world = World::new();
    let server = Server::plain(ok).await;
    let plain = |grant: &mut strongroom_domain::egress::ServiceGrant| {
        grant.origin =
            Origin::parse(&format!("http://api.test:{}", server.address.port())).unwrap();
    };
    world.name("api.test", &["8.8.8.8"]);
    let sentence = denied(&world, &server, plain).await;
    assert!(sentence.contains("in the clear"), "{sentence}");
    world.name("api.test", &["127.0.0.1"]);
    let mut grant = world.grant(&server);
    plain(&mut grant);
    assert_eq!(
        world.call(grant, None).send(get()).await.unwrap().status,
        200
    );
}

#[tokio::test]
async fn a_name_without_an_address_and_a_closed_port_say_so() {
    let world = World::new();
    let server = world.server(ok).await;
    let mut grant = world.grant(&server);
    grant.origin = Origin::parse("https://nowhere.test").unwrap();
    let error = world
        .call(grant.clone(), None)
        .send(get())
        .await
        .unwrap_err();
    assert!(matches!(error.failure, Failure::Resolution(_)), "{error:?}");
    world.name("nowhere.test", &[]);
    let error = world.call(grant, None).send(get()).await.unwrap_err();
    assert!(matches!(error.failure, Failure::Resolution(_)), "{error:?}");
    // A second address of the loopback, where nobody listens, comes first: the next one is tried.
    let mut grant = world.grant(&server);
    grant.addresses = vec![AddressRange::parse("127.0.0.0/8").unwrap()];
    world.name("api.test", &["127.0.0.2", "127.0.0.1"]);
    assert!(world.call(grant.clone(), None).send(get()).await.is_ok());
    world.name("api.test", &["127.0.0.2"]);
    let error = world.call(grant, None).send(get()).await.unwrap_err();
    assert!(matches!(error.failure, Failure::Refused(_)), "{error:?}");
}

#[tokio::test]
async fn no_proxy_of_the_environment_is_used() {
    let world = World::new();
    let server = world.server(ok).await;
    let proxy = Server::plain(ok).await;
    for name in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "HTTP_PROXY"] {
        world.variable(name, &format!("http://{}", proxy.address));
    }
    assert!(
        world
            .call(world.grant(&server), None)
            .send(get())
            .await
            .is_ok()
    );
    assert_eq!((server.connections(), proxy.connections()), (1, 0));
}
