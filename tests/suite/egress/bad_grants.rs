//! Grants and credentials that do not fit: one sentence, the place, a hint; and what is granted, in words.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use strongroom_tests::Echo;

use super::{CREDENTIAL, GRANT, host};

const CONFIG: &str = r#"{ method = "GET", target = "/things/one" }"#;

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn p05_a_grant_that_does_not_fit_says_what_to_write() {
    let echo = Echo::start();
    for (from, to, code, expected) in [
        (
            "bind = { thing",
            "bind = { thong",
            3,
            "needs to know which `thing` is meant",
        ),
        (
            "bind = { thing",
            "bind = { zone = \"x\", thing",
            3,
            "no granted operation of `things` has the parameter `zone`",
        ),
        (
            "\"{tenant}-*\"",
            "\"..\"",
            3,
            "no request can have `..` where `thing` of `things` stands",
        ),
        (
            "thing = [",
            "thing = [] } # [",
            2,
            "`bind.thing` is an empty list",
        ),
        (
            "\"remove\"",
            "\"destroy\"",
            3,
            "`caller` has no operation `destroy` of `things`",
        ),
        ("\"remove\"", "\"*\"", 2, "`*` is not an operation"),
        (
            "[schedule.grants.http.things]",
            "[schedule.grants.http.others]",
            3,
            "wants to send requests to its service `things`",
        ),
        (
            "origin = \"<origin>\"",
            "origin = \"ftp://127.0.0.1\"",
            2,
            "is not a place",
        ),
        (
            "addresses = [\"127.0.0.1\"]",
            "",
            2,
            "in the clear to any address",
        ),
        (
            "addresses = [\"127.0.0.1\"]",
            "addresses = [\"0.0.0.0/0\"]",
            2,
            "it is every address there is",
        ),
        (
            "credential = \"key\"",
            "credential = \"kye\"",
            2,
            "there is no credential `kye`",
        ),
    ] {
        let grant = GRANT.replacen(from, to, 1);
        assert_ne!(grant, GRANT, "{from}");
        let ran = host(&echo, CONFIG, &grant, CREDENTIAL)
            .run(["check"])
            .ended_with(code);
        assert!(ran.stderr.contains(expected), "{from} → {to}\n{ran}");
        assert!(ran.stderr.contains("help:"), "{ran}");
    }
}

#[test]
fn p05_a_credential_that_does_not_fit_says_what_to_write() {
    let echo = Echo::start();
    for (from, to, expected) in [
        ("\"bearer\"", "\"bearar\"", "bearer"),
        ("\"bearer\"", "\"basic\"", "needs `user`"),
        ("\"bearer\"", "\"bearer\"\nregion = \"x\"", "region"),
        (
            "<origin>",
            "https://elsewhere.example.com",
            "credential `key` is for https://elsewhere.example.com",
        ),
        (
            "file:<folder>/key",
            "s3cr3t",
            "is not the place of a secret",
        ),
        ("secret =", "# ", "this credential has no `secret`"),
    ] {
        let credential = CREDENTIAL.replacen(from, to, 1);
        assert_ne!(credential, CREDENTIAL, "{from}");
        let ran = host(&echo, CONFIG, GRANT, &credential)
            .run(["check"])
            .ended_with(2);
        assert!(ran.stderr.contains(expected), "{from} → {to}\n{ran}");
        assert!(!ran.stderr.contains("s3cr3t"), "{ran}");
    }
}

#[test]
fn s2_a_secret_that_others_can_read_is_not_used() {
    let echo = Echo::start();
    let host = host(&echo, CONFIG, GRANT, CREDENTIAL);
    fs::set_permissions(host.folder().join("key"), fs::Permissions::from_mode(0o644)).unwrap();
    let ran = host.run(["once", "call"]).ended_with(1);
    let reason = super::reason(&host);
    assert!(reason.contains("chmod"), "{reason}\n{ran}");
    assert_eq!(echo.seen(), Vec::<String>::new());
}

#[test]
fn p05_check_says_in_words_what_is_allowed() {
    let echo = Echo::start();
    let ran = host(&echo, CONFIG, GRANT, CREDENTIAL).run(["check"]).ok();
    let origin = echo.origin();
    for line in [
        "call may".to_owned(),
        format!(
            "read: GET {origin}/things/(one|page|redirect|{{tenant}}-*); query: detail, owner = <tenant>; headers: x-trace"
        ),
        format!("change: DELETE {origin}/things/(one|page|redirect|{{tenant}}-*)"),
        "as `key` (bearer), which only the host knows".to_owned(),
        "at addresses that are not public: 127.0.0.1".to_owned(),
    ] {
        assert!(ran.stdout.contains(&line), "{line}\n{ran}");
    }
}

#[test]
fn p05_check_says_in_words_what_is_wanted_and_not_granted() {
    let echo = Echo::start();
    let grant = GRANT
        .replace(", \"act\", \"remove\"", "")
        .replace("credential = \"key\"\n", "");
    let host = host(&echo, CONFIG, &grant, "");
    let ran = host.run(["check"]).ok();
    let origin = echo.origin();
    for line in [
        "and may not, though its plugin would".to_owned(),
        "  `remove`: DELETE /things/{thing} of `things` (to remove things)".to_owned(),
        "  `act`: POST / with Action=Make, Thing={thing} of `things` (to act on things)".to_owned(),
        format!("  as nobody: {origin} is shown no credential"),
    ] {
        assert!(ran.stdout.contains(&line), "{line}\n{ran}");
    }
    let json = host.run(["--json", "check"]).ok().json();
    let permissions = &json["schedules"][0]["permissions"];
    assert_eq!(
        permissions["may_not"].as_array().unwrap().len(),
        2,
        "{json}"
    );
    assert!(
        permissions["may"].to_string().contains("read: GET"),
        "{json}"
    );
}
