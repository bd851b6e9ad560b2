//! Each scheme against a server, or against a published example.

mod declared;
mod signed;
mod tokens;

use strongroom_domain::egress::Credential;

use crate::tests::World;
use crate::tests::server::{Reply, Server, answer};
use crate::{SendError, tests};

/// The value of a header in a request as it was sent.
fn header<'a>(request: &'a str, name: &str) -> Option<&'a str> {
    let start = format!("{name}: ");
    request.lines().find_map(|line| line.strip_prefix(&start))
}

/// A token server with its own name and certificate.
async fn token_server(
    world: &World,
    script: impl Fn(&str, usize) -> Reply + Send + Sync + 'static,
) -> Server {
    world.name("login.test", &["127.0.0.1"]);
    Server::tls(&world.authority.certify("login.test"), None, script).await
}

/// `credential`, with its tokens from that server.
fn with_tokens(mut credential: Credential, server: &Server, path: &str) -> Credential {
    let url = format!("https://login.test:{}{path}", server.address.port());
    credential.token_url = Some(strongroom_domain::egress::Origin::parse(&url).unwrap());
    credential.user = Some("client id".to_owned());
    credential
}

/// Sends one request in a call of its own; what the provider was shown as `Authorization`.
async fn send(world: &World, server: &Server, credential: &Credential) -> Result<u16, SendError> {
    let call = world.call(world.grant(server), Some(credential.clone()));
    call.send(tests::get())
        .await
        .map(|response| response.status)
}

fn json(body: &str) -> Reply {
    Reply::Keep(answer("200 OK", "content-type: application/json\r\n", body))
}
