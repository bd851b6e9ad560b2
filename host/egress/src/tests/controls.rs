//! Controls that no other file tests: one lookup, its limits, connections of each grant, secrets last.

use std::time::Duration;

use strongroom_domain::egress::Origin;
use tokio::net::{TcpSocket, TcpStream};

use super::server::{Reply, answer};
use super::{Fixture, get, ok, policy, request};
use crate::error::Step;
use crate::{Failure, GrantedService};

/// A limit that a test waits for.
const SOON: Duration = Duration::from_millis(150);

#[tokio::test]
async fn a_name_is_looked_up_once_and_the_address_that_was_checked_is_dialled() {
    let fixture = Fixture::new();
    let server = fixture.server(ok).await;
    let call = fixture.call(fixture.grant(&server), None);
    call.send(get()).await.unwrap();
    // No resolver but the test's knows the name: the connection went to the address that was looked at.
    assert_eq!(fixture.lookups(), ["api.test"]);
    assert_eq!((server.connections(), server.requests().len()), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_lookup_that_never_ends_has_its_limit() {
    let fixture = Fixture::new();
    let mut grant = fixture.grant_at("https://never.test:8443");
    grant.time = Duration::from_secs(600);
    let error = fixture.send(grant, get()).await.unwrap_err();
    assert!(
        matches!(error.failure, Failure::Timeout { step: Step::Resolution, limit } if limit <= Duration::from_secs(30)),
        "{error:?}"
    );
}

#[tokio::test]
async fn a_connection_that_nobody_takes_has_its_limit() {
    let fixture = Fixture::new();
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    // Nobody accepts, and the queue is full: what comes then is not answered.
    let listener = socket.listen(0).unwrap();
    let address = listener.local_addr().unwrap();
    let mut queue = Vec::new();
    while let Ok(Ok(stream)) = tokio::time::timeout(SOON, TcpStream::connect(address)).await {
        queue.push(stream);
        assert!(queue.len() < 100, "the queue is never full");
    }
    let grant = fixture.grant_at(&format!("https://api.test:{}", address.port()));
    let mut asked = get();
    asked.connect_timeout = Some(SOON);
    let error = fixture.send(grant, asked).await.unwrap_err();
    let expected = Failure::Timeout {
        step: Step::Connect,
        limit: SOON,
    };
    assert_eq!(error.failure, expected);
}

#[tokio::test]
async fn the_port_is_the_origins_and_no_request_chooses_another() {
    let fixture = Fixture::new();
    let (server, other) = (fixture.server(ok).await, fixture.server(ok).await);
    let call = fixture.call(fixture.grant(&server), None);
    let mut asked = get();
    asked.authority = format!("api:{}", other.address.port());
    let error = call.send(asked).await.unwrap_err();
    assert!(matches!(error.failure, Failure::Denied(_)), "{error:?}");
    call.send(get()).await.unwrap();
    assert_eq!((server.connections(), other.connections()), (1, 0));
    let host = format!("host: api.test:{}\r\n", server.address.port());
    assert!(server.requests()[0].contains(&host));
}

#[tokio::test]
async fn a_request_after_a_redirect_is_decided_on_anew_and_shows_no_credential_elsewhere() {
    let fixture = Fixture::new();
    fixture.variable("SECRET", "canary-secret");
    let stranger = fixture.server(ok).await;
    let elsewhere = format!("https://api.test:{}/items/1", stranger.address.port());
    let location = format!("Location: {elsewhere}\r\n");
    let server = fixture
        .server(move |_, _| Reply::Keep(answer("307 Temporary Redirect", &location, "")))
        .await;
    let credential = fixture.credential("bearer", &server);
    let call = fixture.call(fixture.grant(&server), Some(credential));
    let answer = call.send(get()).await.unwrap();
    assert_eq!(answer.status, 307);
    // What a plugin makes of it: the place it was sent to is none that was granted.
    let followed = Origin::parse(&elsewhere).unwrap();
    let mut asked = request("GET", "/items/1");
    asked.authority = followed.authority();
    let error = call.send(asked).await.unwrap_err();
    assert!(matches!(error.failure, Failure::Denied(_)), "{error:?}");
    assert_eq!(stranger.connections(), 0);
}

#[tokio::test]
async fn a_credential_is_fetched_only_after_the_request_was_allowed() {
    let fixture = Fixture::new();
    // There is no such secret: whoever looks for it says so.
    let server = fixture.server(ok).await;
    let credential = fixture.credential("bearer", &server);
    let call = fixture.call(fixture.grant(&server), Some(credential));
    let denied = call.send(request("DELETE", "/other")).await.unwrap_err();
    assert!(matches!(denied.failure, Failure::Denied(_)), "{denied:?}");
    let allowed = call.send(get()).await.unwrap_err();
    assert!(
        matches!(allowed.failure, Failure::Credential(_)),
        "{allowed:?}"
    );
    assert_eq!(server.requests().len(), 0);
}

#[tokio::test]
async fn two_grants_of_one_call_share_no_connection() {
    let fixture = Fixture::new();
    let server = fixture.server(ok).await;
    let granted = |service: &str| {
        let grant = fixture.grant(&server);
        GrantedService {
            name: service.to_owned(),
            policy: policy(service, &grant),
            grant,
            credential: None,
        }
    };
    let services = vec![granted("api"), granted("other")];
    let call = fixture.egress.open(services, "strongroom/0 (tests)");
    let mut other = get();
    other.authority = "other".to_owned();
    for asked in [get(), other.clone(), get(), other] {
        call.send(asked).await.unwrap();
    }
    assert_eq!((server.connections(), server.requests().len()), (2, 4));
}
