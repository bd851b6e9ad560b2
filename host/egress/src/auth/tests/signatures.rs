//! Signatures: requests by Signature Version 4 against its published examples, claims against the public key.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::header::{CONTENT_TYPE, HeaderValue};
use http::{HeaderName, Method};
use ring::signature::{KeyPair as _, RSA_PKCS1_2048_8192_SHA256, RsaKeyPair, UnparsedPublicKey};
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::pki_types::pem::PemObject;
use serde_json::{Value, json};
use strongroom_domain::egress::{Credential, Origin};

use super::{header, send, token_server, with_tokens};
use crate::auth::aws;
use crate::draft::Draft;
use crate::secret::Secret;
use crate::tests::server::Reply;
use crate::tests::{Fixture, NOW, credential};

const KEY: &str = include_str!("service_account_key.pem");

fn signed(
    method: Method,
    target: &str,
    headers: Vec<(HeaderName, HeaderValue)>,
    body: &'static str,
) -> String {
    let origin = Origin::parse("https://example.amazonaws.com").unwrap();
    let credential = Credential {
        user: Some("AKIDEXAMPLE".to_owned()),
        region: Some("us-east-1".to_owned()),
        service: Some("service".to_owned()),
        ..credential("aws-sigv4", origin.clone())
    };
    let secret = Secret::new(b"wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY".to_vec());
    let now = "2015-08-30T12:36:00Z".parse().unwrap();
    let draft = Draft {
        method,
        target: target.to_owned(),
        headers,
        body: body.into(),
    };
    let authorization = aws::sign(&credential, secret, now, &origin, &draft).unwrap();
    let value = |name: &str| {
        let found = authorization
            .headers
            .iter()
            .find(|(other, _)| other == name);
        found.unwrap().1.to_str().unwrap().to_owned()
    };
    assert_eq!(value("x-amz-date"), "20150830T123600Z");
    assert!(
        authorization
            .headers
            .iter()
            .all(|(_, value)| value.is_sensitive())
    );
    value("authorization")
}

/// The examples `get-vanilla`, `get-vanilla-query-order-key-case` and `post-x-www-form-urlencoded` of the published suite.
#[test]
fn requests_are_signed_as_in_the_published_examples() {
    let beginning = "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=";
    let form = HeaderValue::from_static("application/x-www-form-urlencoded");
    for (method, target, headers, body, names, expected) in [
        (
            Method::GET,
            "/",
            vec![],
            "",
            "host;x-amz-date",
            "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
        ),
        (
            Method::GET,
            "/?Param2=value2&Param1=value1",
            vec![],
            "",
            "host;x-amz-date",
            "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
        ),
        (
            Method::POST,
            "/",
            vec![(CONTENT_TYPE, form)],
            "Param1=value1",
            "content-type;host;x-amz-date",
            "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a",
        ),
    ] {
        let value = signed(method, target, headers, body);
        assert_eq!(value, format!("{beginning}{names}, Signature={expected}"));
    }
}

fn account() -> String {
    json!({
        "type": "service_account", "client_email": "backup@acme.test", "private_key": KEY, "private_key_id": "k1",
        "token_uri": "https://elsewhere.test/token",
    })
    .to_string()
}

/// Header and claims of a token, after its signature was verified with the account's public key.
fn verified(token: &str) -> (Value, Value) {
    let (content, signature) = token.rsplit_once('.').unwrap();
    let key = PrivatePkcs8KeyDer::from_pem_slice(KEY.as_bytes()).unwrap();
    let key = RsaKeyPair::from_pkcs8(key.secret_pkcs8_der()).unwrap();
    let public = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, key.public_key().as_ref());
    let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
    public.verify(content.as_bytes(), &signature).unwrap();
    let (head, claims) = content.split_once('.').unwrap();
    let read = |part: &str| serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap();
    (read(head), read(claims))
}

#[tokio::test]
async fn a_service_account_signs_its_own_token_without_asking_anyone() {
    let fixture = Fixture::new();
    fixture.variable("SECRET", account());
    let server = fixture.server(crate::tests::ok).await;
    let mut credential = fixture.credential("google-service-account", &server);
    credential.scopes = vec!["https://scope.test/compute".to_owned()];
    for _ in 0..2 {
        send(&fixture, &server, &credential).await.unwrap();
    }
    let requests = server.requests();
    let token = header(&requests[0], "authorization").unwrap();
    let (head, claims) = verified(token.strip_prefix("Bearer ").unwrap());
    assert_eq!(head, json!({"alg": "RS256", "typ": "JWT", "kid": "k1"}));
    assert_eq!(
        claims,
        json!({
            "iss": "backup@acme.test", "sub": "backup@acme.test", "scope": "https://scope.test/compute",
            "iat": NOW, "exp": NOW + 3600,
        })
    );
    assert_eq!(
        header(&requests[1], "authorization"),
        Some(token),
        "signed once"
    );
    assert_eq!(
        fixture.lookups(),
        ["api.test", "api.test"],
        "nobody else was asked"
    );
}

#[tokio::test]
async fn a_service_account_exchanges_its_claims_where_that_is_declared() {
    let fixture = Fixture::new();
    fixture.variable("SECRET", account());
    let login = token_server(&fixture, |_, _| {
        super::json(r#"{"access_token":"ya29.x","token_type":"Bearer","expires_in":3599}"#)
    })
    .await;
    let server = fixture.server(crate::tests::ok).await;
    let credential = fixture.credential("google-service-account", &server);
    let mut credential = with_tokens(credential, &login, "/token");
    credential.user = None;
    credential.scopes = vec!["a".to_owned(), "b".to_owned()];
    send(&fixture, &server, &credential).await.unwrap();
    let asked = login.requests();
    let (_, form) = asked[0].split_once("\r\n\r\n").unwrap();
    let form: Vec<(String, String)> = form_urlencoded::parse(form.as_bytes())
        .into_owned()
        .collect();
    assert_eq!(
        form[0],
        (
            "grant_type".into(),
            "urn:ietf:params:oauth:grant-type:jwt-bearer".into()
        )
    );
    let (_, claims) = verified(&form[1].1);
    assert_eq!(
        claims,
        json!({
            "iss": "backup@acme.test", "scope": "a b", "aud": "https://oauth2.googleapis.com/token",
            "iat": NOW, "exp": NOW + 3600,
        })
    );
    assert_eq!(
        header(&server.requests()[0], "authorization"),
        Some("Bearer ya29.x")
    );
}

#[tokio::test]
async fn a_key_file_that_is_none_is_not_repeated() {
    let fixture = Fixture::new();
    let of = |change: &dyn Fn(&mut Value)| {
        let mut file: Value = serde_json::from_str(&account()).unwrap();
        change(&mut file);
        file.to_string()
    };
    for (secret, reason) in [
        (
            "canary".to_owned(),
            "not the JSON key file of a service account",
        ),
        (
            of(&|file| file["type"] = json!("authorized_user")),
            "not one of a service account",
        ),
        (
            of(&|file| file["private_key"] = json!("canary")),
            "no RSA key in PEM",
        ),
    ] {
        fixture.variable("SECRET", &secret);
        let server = fixture.server(|_, _| Reply::End(Vec::new())).await;
        let credential = fixture.credential("google-service-account", &server);
        let error = send(&fixture, &server, &credential)
            .await
            .unwrap_err()
            .to_string();
        assert!(
            error.contains(reason) && !error.contains("canary"),
            "{error}"
        );
        assert_eq!(server.connections(), 0);
    }
}
