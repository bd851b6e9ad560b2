//! The fields of a declared credential, and the headers of the plain schemes.

use super::{header, send};
use crate::auth::{SCHEMES, check};
use crate::tests::Fixture;

#[tokio::test]
async fn the_plain_schemes_send_the_secret_as_their_standards_say() {
    let fixture = Fixture::new();
    fixture.variable("SECRET", "s3cret");
    for (scheme, name, expected) in [
        ("bearer", "authorization", "Bearer s3cret"),
        ("basic", "authorization", "Basic YmFja3VwOnMzY3JldA=="),
        ("header", "x-api-key", "s3cret"),
    ] {
        let server = fixture.server(crate::tests::ok).await;
        let mut credential = fixture.credential(scheme, &server);
        credential.user = (scheme == "basic").then(|| "backup".to_owned());
        credential.header = (scheme == "header").then(|| "X-Api-Key".to_owned());
        assert_eq!(send(&fixture, &server, &credential).await.unwrap(), 200);
        assert_eq!(header(&server.requests()[0], name), Some(expected));
    }
}

#[tokio::test]
async fn what_a_credential_lacks_or_does_not_use_is_named() {
    let fixture = Fixture::new();
    let server = fixture.server(crate::tests::ok).await;
    for scheme in SCHEMES {
        let mut credential = fixture.credential(scheme.name, &server);
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
    let credential = fixture.credential("barer", &server);
    let problems = check(&credential).unwrap_err();
    assert_eq!(problems[0].hint, "Did you mean `bearer`?");
}
