//! Each scheme against a server, or against a published example.

mod schemes;
mod signatures;
mod tokens;

use strongroom_domain::egress::Credential;

use crate::SendError;
use crate::tests::Fixture;
use crate::tests::server::{Reply, Server, answer};

/// The value of a header in a request as it was sent.
fn header<'a>(request: &'a str, name: &str) -> Option<&'a str> {
    let start = format!("{name}: ");
    request.lines().find_map(|line| line.strip_prefix(&start))
}

/// A token server with its own name and certificate.
async fn token_server(
    fixture: &Fixture,
    script: impl Fn(&str, usize) -> Reply + Send + Sync + 'static,
) -> Server {
    fixture.name("login.test", &["127.0.0.1"]);
    Server::tls(&fixture.authority.certify("login.test"), None, script).await
}

/// `credential`, with its tokens from that server.
fn with_tokens(mut credential: Credential, server: &Server, path: &str) -> Credential {
    let url = format!("https://login.test:{}{path}", server.address.port());
    credential.token_url = Some(strongroom_domain::egress::Origin::parse(&url).unwrap());
    credential.user = Some("client id".to_owned());
    credential
}

/// Sends one request in a call of its own and returns the status of its response.
async fn send(
    fixture: &Fixture,
    server: &Server,
    credential: &Credential,
) -> Result<u16, SendError> {
    let response = fixture.send_as(credential, server).await;
    response.map(|response| response.status)
}

fn json(body: &str) -> Reply {
    Reply::Keep(answer("200 OK", "content-type: application/json\r\n", body))
}
