//! Providers that cannot be believed or cannot be read: a clear failure of the right kind, no more requests than the retry
//! allows, and every due time on record.

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd,
};
use serde_json::Value;
use strongroom_tests::{Echo, Host, Ran};

use super::{CREDENTIAL, GRANT, host};

/// Two days of a simulated clock: retries take no real time.
fn two_days(host: &Host) -> Ran {
    let span = ["--from", "2026-03-01T00:00Z", "--to", "2026-03-03T00:00Z"];
    let real = ["simulate", "--real", "--keep"];
    host.run(real.into_iter().chain(span)).ended_with(1)
}

/// Each due time has failed, and says why.
fn failed(host: &Host, reason: &str) {
    let rows: Value = host.run(["--json", "occurrences"]).ok().json();
    let rows = rows.as_array().unwrap();
    assert_eq!(rows.len(), 2, "{rows:?}");
    for row in rows {
        assert_eq!(row["outcome"], "failed", "{row}");
        let said = row["reason"].as_str().unwrap();
        assert!(said.contains(reason), "{said}");
    }
}

#[test]
fn p05_an_answer_that_is_no_success_is_the_failure_it_means_and_is_not_asked_for_again() {
    for (thing, reason, requests) in [
        ("locked", "denied: the provider said 401", 2),
        (
            "page",
            "other: the provider answered 200 with something that is not the expected JSON",
            2,
        ),
        // Only what may pass is tried again, as often as the schedule says: three times each day.
        ("broken", "unavailable: the provider said 503", 6),
    ] {
        let echo = Echo::start();
        let config = format!(r#"{{ method = "GET", target = "/things/{thing}", strict = true }}"#);
        let grant = GRANT.replace("\"redirect\"", "\"locked\", \"broken\"");
        let host = host(&echo, &config, &grant, CREDENTIAL);
        let _ = two_days(&host);
        failed(&host, reason);
        assert_eq!(echo.seen().len(), requests, "{thing}");
    }
}

#[test]
fn p05_an_operation_that_the_plugin_did_not_declare_is_denied_and_asked_for_once_a_day() {
    let echo = Echo::start();
    let config = r#"{ method = "DELETE", target = "/everything" }"#;
    let host = host(&echo, config, GRANT, CREDENTIAL);
    let ran = two_days(&host);
    failed(&host, "denied: ");
    failed(&host, "none of the granted operations");
    let events = ran
        .stderr
        .lines()
        .filter(|line| line.contains("\"security\""));
    assert_eq!(events.count(), 2, "{ran}");
    assert_eq!(echo.seen(), Vec::<String>::new());
}

/// Answers over TLS, and says a line for each connection and each request.
const SERVER: &str = r#"
import http.server, os, ssl, sys, threading

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        print("request", flush=True)
        self.send_response(200)
        self.send_header("content-length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_):
        pass

class Server(http.server.ThreadingHTTPServer):
    def get_request(self):
        wire, address = super().get_request()
        print("connection", flush=True)
        return wire, address

    def finish_request(self, wire, address):
        try:
            wire = context.wrap_socket(wire, server_side=True)
        except (ssl.SSLError, OSError):
            return
        super().finish_request(wire, address)

    def handle_error(self, *_):
        pass

context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(sys.argv[1], sys.argv[2])
server = Server(("127.0.0.1", 0), Handler)
threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
print(server.server_address[1], flush=True)
server.serve_forever()
"#;

/// A server over TLS that ends with this value.
struct Secure {
    child: Child,
    port: u16,
    said: Arc<Mutex<Vec<String>>>,
}

impl Secure {
    fn start(certificate: &std::path::Path, key: &std::path::Path) -> Self {
        let mut child = Command::new("python3")
            .args(["-c", SERVER])
            .args([certificate, key])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("python3, as for the counterparts");
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let port = lines.next().unwrap().unwrap().parse().unwrap();
        let said: Arc<Mutex<Vec<String>>> = Arc::default();
        let kept = said.clone();
        thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                kept.lock().unwrap().push(line);
            }
        });
        Self { child, port, said }
    }

    fn count(&self, word: &str) -> usize {
        let said = self.said.lock().unwrap();
        said.iter().filter(|line| *line == word).count()
    }
}

impl Drop for Secure {
    fn drop(&mut self) {
        // Its standard input is closed; killing is for one that does not heed it.
        drop(self.child.stdin.take());
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

fn authority(name: &str) -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(DnType::CommonName, name);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

#[test]
fn p05_a_server_that_cannot_be_believed_gets_no_request_and_no_second_chance() {
    let (ours, strangers) = (authority("ours"), authority("a stranger"));
    for (name, year, issuer, reason) in [
        ("127.0.0.1", 4000, &ours, None),
        ("127.0.0.1", 2020, &ours, Some("is out of date")),
        ("other.test", 4000, &ours, Some("for another name")),
        ("127.0.0.1", 4000, &strangers, Some("`trust = \"FILE\"`")),
    ] {
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        params.not_before = date_time_ymd(2019, 1, 1);
        params.not_after = date_time_ymd(year, 1, 1);
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, issuer).unwrap();
        let files = tempfile::tempdir().unwrap();
        let file = |name: &str, text: String| {
            let path = files.path().join(name);
            fs::write(&path, text).unwrap();
            path
        };
        let trusted = file("trusted.pem", ours.pem());
        let server = Secure::start(
            &file("server.pem", certificate.pem()),
            &file("server.key", key.serialize_pem()),
        );
        let config = r#"{ method = "GET", target = "/things/one", strict = true }"#;
        let origin = format!("https://127.0.0.1:{}", server.port);
        let trust = format!("trust = \"{}\"\ncredential", trusted.display());
        let grant = GRANT
            .replace("<origin>", &origin)
            .replace("credential", &trust);
        let credential = CREDENTIAL.replace("<origin>", &origin);
        let host = host(&Echo::start(), config, &grant, &credential);
        let Some(reason) = reason else {
            let _ = host.run(["once", "call"]).ok();
            assert_eq!(server.count("request"), 1);
            continue;
        };
        let _ = two_days(&host);
        failed(&host, "denied: ");
        failed(&host, reason);
        // Once for each due time: a failure that does not pass is not tried again.
        assert_eq!(
            (server.count("connection"), server.count("request")),
            (2, 0),
            "{name}"
        );
    }
}
