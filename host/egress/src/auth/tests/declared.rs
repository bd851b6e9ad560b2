//! What a declared credential must have, and how the plain schemes look on the wire.

use super::{header, send};
use crate::auth::{SCHEMES, check};
use crate::tests::World;

#[tokio::test]
async fn the_plain_schemes_send_the_secret_as_their_standards_say() {
    let world = World::new();
    world.variable("SECRET", "s3cret");
    for (scheme, name, expected) in [
        ("bearer", "authorization", "Bearer s3cret"),
        ("basic", "authorization", "Basic YmFja3VwOnMzY3JldA=="),
        ("header", "x-api-key", "s3cret"),
    ] {
        let server = world.server(crate::tests::ok).await;
        let mut credential = world.credential(scheme, &server);
        credential.user = (scheme == "basic").then(|| "backup".to_owned());
        credential.header = (scheme == "header").then(|| "X-Api-Key".to_owned());
        assert_eq!(send(&world, &server, &credential).await.unwrap(), 200);
        assert_eq!(header(&server.requests()[0], name), Some(expected));
    }
}

#[tokio::test]
async fn what_a_credential_lacks_or_does_not_use_is_said() {
    let world = World::new();
    let server = world.server(crate::tests::ok).await;
    for scheme in SCHEMES {
        let mut credential = world.credential(scheme.name, &server);
        credential.addresses.clear();
        credential.trust = None;
        let missing: Vec<&str> = match check(&credential) {
            Ok(()) => Vec::new(),
            Err(problems) => problems.iter().map(|problem| problem.key).collect(),
        };
        assert_eq!(missing, scheme.needed, "{}", scheme.name);
        if !scheme.needed.contains(&"region") {
            credential.region = Some("eu".to_owned());
            let problems = check(&credential).unwrap_err();
            assert!(
                problems
                    .iter()
                    .any(|problem| problem.key == "region"
                        && problem.message.contains("does not use")),
                "{problems:?}"
            );
        }
    }
    let credential = world.credential("barer", &server);
    let problems = check(&credential).unwrap_err();
    assert_eq!(problems[0].hint, "Did you mean `bearer`?");
}
