//! Requests of plugins: what was granted arrives as it was decided on, nothing else leaves, and keys stay in the host.

mod bad_answers;
mod bad_grants;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use serde_json::Value;
use strongroom_tests::{Echo, Host, Ran, guest};

/// The secret of these tests.
const CANARY: &str = "canary-5f2c9e71-not-a-real-key";

/// Everything the guest publishes, bound to one thing.
const GRANT: &str = r#"
[schedule.grants.http.things]
origin = "<origin>"
addresses = ["127.0.0.1"]
operations = ["look", "make", "act", "remove"]
bind = { thing = ["one", "page", "redirect", "{tenant}-*"] }
credential = "key"
"#;

const CREDENTIAL: &str = r#"
[[credential]]
name = "key"
scheme = "bearer"
origin = "<origin>"
secret = "file:<folder>/key"
"#;

pub(super) fn host(echo: &Echo, config: &str, grant: &str, credential: &str) -> Host {
    let host = Host::new().with_own_plugins();
    host.install("caller", &guest("caller"));
    let key = host.folder().join("key");
    fs::write(&key, format!("{CANARY}\n")).unwrap();
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
    let schedule = format!(
        "[[schedule]]\nname = \"call\"\nplugin = \"caller\"\ncron = \"0 3 * * *\"\ntenants = [\"acme\"]\n\
         config = {config}\n{grant}\n{credential}"
    );
    host.schedule("call.toml", &schedule.replace("<origin>", &echo.origin()));
    host
}

fn calls(echo: &Echo, config: &str) -> (Host, Ran) {
    let host = host(echo, config, GRANT, CREDENTIAL);
    let ran = host.run(["--json", "once", "call"]);
    (host, ran)
}

/// What the guest told, by kind.
fn told(host: &Host, kind: &str) -> Vec<String> {
    let rows = host.run(["--json", "occurrences"]).ok().json();
    let evidence = rows[0]["evidence"].as_array().cloned().unwrap_or_default();
    let texts = evidence.iter().filter(|pair| pair[0] == kind);
    texts
        .map(|pair| pair[1].as_str().unwrap_or_default().to_owned())
        .collect()
}

fn reason(host: &Host) -> String {
    let rows: Value = host.run(["--json", "occurrences"]).ok().json();
    rows[0]["reason"].as_str().unwrap_or_default().to_owned()
}

#[test]
fn s1_a_granted_request_arrives_as_it_was_decided_on() {
    let echo = Echo::start();
    let config = r#"{ method = "POST", target = "/things/acme-%61", body = '{"name": "n", "owner": "acme", "labels": {"a.b": 1}}',
        headers = [["content-type", "application/json"], ["accept", "text/plain"]] }"#;
    let (host, ran) = calls(&echo, &config.replace('\n', " "));
    let _ = ran.ok();
    let [request] = &echo.seen()[..] else {
        panic!("{:?}", echo.seen());
    };
    let (head, body) = request.split_once("\r\n\r\n").unwrap();
    assert!(
        head.starts_with("POST /things/acme-a HTTP/1.1\r\n"),
        "{head}"
    );
    assert_eq!(
        serde_json::from_str::<Value>(body).unwrap(),
        serde_json::json!({"name": "n", "owner": "acme", "labels": {"a.b": 1}})
    );
    let mut names: Vec<&str> = head
        .lines()
        .skip(1)
        .map(|line| line.split(':').next().unwrap())
        .collect();
    names.sort_unstable();
    assert_eq!(
        names,
        [
            "accept",
            "accept-encoding",
            "authorization",
            "content-length",
            "content-type",
            "host",
            "user-agent"
        ]
    );
    assert!(
        head.contains("accept-encoding: identity") && head.contains("caller/0.1.0"),
        "{head}"
    );
    assert_eq!(told(&host, "status"), ["200"]);
}

#[test]
fn s1_what_is_not_granted_never_leaves() {
    let echo = Echo::start();
    for (config, expected) in [
        (
            r#"{ method = "GET", target = "/things/two" }"#,
            "`thing` is `two`",
        ),
        (
            r#"{ method = "GET", target = "/things/one/../two" }"#,
            "dot part",
        ),
        (
            r#"{ method = "GET", target = "/things/one%2Ftwo" }"#,
            "hides a slash",
        ),
        (
            r#"{ method = "GET", target = "/other" }"#,
            "none of the granted operations",
        ),
        (
            r#"{ method = "GET", target = "/things/one?owner=globex" }"#,
            "`tenant` is `globex`",
        ),
        (
            r#"{ method = "GET", target = "/things/one?drop=1" }"#,
            "the query may not have `drop`",
        ),
        (
            r#"{ method = "GET", target = "/things/one", headers = [["authorization", "Bearer x"]] }"#,
            "authorization",
        ),
        (
            r#"{ method = "GET", target = "/things/one", headers = [["cookie", "a=b"]] }"#,
            "cookie",
        ),
        (
            r#"{ method = "GET", target = "/things/one", headers = [["x-http-method-override", "DELETE"]] }"#,
            "x-http-method-override",
        ),
        (
            r#"{ method = "GET", target = "/things/one", service = "elsewhere" }"#,
            "elsewhere",
        ),
        (
            r#"{ method = "GET", target = "/things/one", service = "127.0.0.1" }"#,
            "127.0.0.1",
        ),
        (
            r#"{ method = "POST", target = "/", body = "Action=Drop&Thing=one", headers = [["content-type", "application/x-www-form-urlencoded"]] }"#,
            "`Action` in the form is not `Make`",
        ),
        (
            r#"{ method = "POST", target = "/", body = "Action=Make&Action=Drop&Thing=one", headers = [["content-type", "application/x-www-form-urlencoded"]] }"#,
            "the key `Action` twice",
        ),
        (
            r#"{ method = "POST", target = "/things/one", body = '{"owner": "acme", "owner": "globex"}', headers = [["content-type", "application/json"]] }"#,
            "each key once",
        ),
    ] {
        let (host, ran) = calls(&echo, config);
        let ran = ran.ended_with(1);
        let reason = reason(&host);
        assert!(reason.contains(expected), "{config}\n{reason}\n{ran}");
    }
    assert_eq!(echo.seen(), Vec::<String>::new());
}

#[test]
fn s1_an_address_that_is_not_public_must_be_granted() {
    let echo = Echo::start();
    let grant = GRANT.replace("127.0.0.1", "127.0.0.2");
    let host = host(
        &echo,
        r#"{ method = "GET", target = "/things/one" }"#,
        &grant,
        CREDENTIAL,
    );
    let _ = host.run(["once", "call"]).ended_with(1);
    let reason = reason(&host);
    assert!(
        reason.contains("127.0.0.1") && reason.contains("addresses"),
        "{reason}"
    );
    assert_eq!(echo.seen(), Vec::<String>::new());
}

#[test]
fn s1_a_denied_request_is_a_security_event() {
    let echo = Echo::start();
    let (_, ran) = calls(&echo, r#"{ method = "DELETE", target = "/things/two" }"#);
    let events = ran
        .stderr
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let events: Vec<Value> = events.filter(|line| line["target"] == "security").collect();
    assert_eq!(events.len(), 1, "{ran}");
    assert!(events[0].to_string().contains("things"), "{}", events[0]);
}

#[test]
fn s1_a_redirect_is_passed_on_and_not_followed() {
    let echo = Echo::start();
    let (host, ran) = calls(&echo, r#"{ method = "GET", target = "/things/redirect" }"#);
    let _ = ran.ok();
    assert_eq!(told(&host, "status"), ["302"]);
    assert!(told(&host, "header").contains(&"location: http://127.0.0.1/elsewhere".to_owned()));
    assert_eq!(echo.seen().len(), 1);
}

#[test]
fn s1_a_dry_run_changes_nothing_at_a_provider() {
    let echo = Echo::start();
    let host = host(
        &echo,
        r#"{ method = "DELETE", target = "/things/one" }"#,
        GRANT,
        CREDENTIAL,
    );
    let ran = host.run(["once", "call", "--dry-run"]);
    assert_ne!(ran.code, 0, "{ran}");
    assert_eq!(echo.seen(), Vec::<String>::new());
    let _ = host.run(["once", "call"]).ok();
    assert_eq!(echo.seen().len(), 1);
}

#[test]
fn s2_a_key_is_never_in_a_plugin_nor_in_anything_that_is_written() {
    let echo = Echo::start();
    let turned: String = CANARY
        .bytes()
        .map(|byte| format!("{:02x}", byte ^ 0x55))
        .collect();
    let config = format!(
        r#"{{ method = "GET", target = "/things/one", times = 3, look-for = "{turned}" }}"#
    )
    .replace("look-for", "look_for");
    let host = host(&echo, &config, GRANT, CREDENTIAL);
    let mut command = host.command(["--json", "once", "call"]);
    command.env("STRONGROOM_LOG", "trace");
    let ran = host.finish(command).ok();
    // The server was shown it, and told the guest what it had been shown.
    assert_eq!(
        echo.seen()
            .iter()
            .filter(|request| request.contains(&format!("authorization: Bearer {CANARY}")))
            .count(),
        3
    );
    assert!(
        told(&host, "header").contains(&"x-you-sent: Bearer [removed]".to_owned()),
        "{:?}",
        told(&host, "header")
    );
    assert!(
        told(&host, "body")[0].contains("Bearer [removed]"),
        "{:?}",
        told(&host, "body")
    );
    assert_eq!(told(&host, "found"), ["0"]);
    assert!(
        !told(&host, "header")
            .iter()
            .any(|header| header.contains("cookie"))
    );
    assert!(
        !ran.stdout.contains(CANARY) && !ran.stderr.contains(CANARY),
        "{ran}"
    );
    for asked in [
        ["--json", "status"].as_slice(),
        &["--json", "credentials"],
        &["check"],
        &["metrics"],
        &["doctor"],
    ] {
        let ran = host.run(asked);
        assert!(
            !ran.stdout.contains(CANARY) && !ran.stderr.contains(CANARY),
            "{ran}"
        );
    }
    nowhere(&host.state());
}

/// No file beneath a folder holds the secret.
fn nowhere(folder: &Path) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            nowhere(&path);
        } else {
            let bytes = fs::read(&path).unwrap();
            assert!(
                !bytes
                    .windows(CANARY.len())
                    .any(|window| window == CANARY.as_bytes()),
                "{}",
                path.display()
            );
        }
    }
}
