//! Each control of the egress as a test, against real servers on the loopback.

mod addresses;
mod answers;
mod bounds;
mod controls;
mod denials;
mod fault_injector;
mod secrets;
pub(crate) mod server;
mod trust;
mod wire_format;

use std::collections::{BTreeMap, HashMap};
use std::ffi::OsString;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;
use strongroom_domain::egress::{
    AddressRange, Credential, Endpoint, Origin, Policy, RawEndpoint, SecretSource, ServiceGrant,
};
use strongroom_domain::{CredentialName, TenantName};
use tempfile::TempDir;

use crate::{CallEgress, Egress, GrantedService, Request, Response, SendError};
use server::{Authority, Reply, Server, answer, file};

/// 2026-06-01.
pub(crate) const NOW: i64 = 1_780_272_000;

/// An egress whose clock, environment and names are the test's.
pub(crate) struct Fixture {
    pub(crate) egress: Egress,
    now: Arc<AtomicI64>,
    pub(crate) folder: TempDir,
    pub(crate) authority: Authority,
    variables: Arc<Mutex<HashMap<String, OsString>>>,
    names: Arc<Mutex<HashMap<String, Vec<IpAddr>>>>,
    lookups: Arc<Mutex<Vec<String>>>,
}

impl Fixture {
    pub(crate) fn new() -> Self {
        let now = Arc::new(AtomicI64::new(NOW));
        let variables: Arc<Mutex<HashMap<String, OsString>>> = Arc::default();
        let names: Arc<Mutex<HashMap<String, Vec<IpAddr>>>> = Arc::default();
        let lookups: Arc<Mutex<Vec<String>>> = Arc::default();
        let time = Arc::clone(&now);
        let clock = Arc::new(move || Timestamp::from_second(time.load(Ordering::SeqCst)).unwrap());
        let known = Arc::clone(&variables);
        let environment = Arc::new(move |name: &str| known.lock().unwrap().get(name).cloned());
        let (table, asked) = (Arc::clone(&names), Arc::clone(&lookups));
        let resolve = Arc::new(move |host: String, port: u16| {
            asked.lock().unwrap().push(host.clone());
            let never = host == "never.test";
            let found = table.lock().unwrap().get(&host).cloned();
            let found = found.ok_or_else(|| std::io::Error::other("no such name"));
            let found = found.map(|found| {
                found
                    .into_iter()
                    .map(|ip| SocketAddr::new(ip, port))
                    .collect()
            });
            Box::pin(async move {
                if never {
                    std::future::pending::<()>().await;
                }
                found
            }) as _
        });
        let egress = Egress::with(clock, environment, resolve);
        let folder = tempfile::tempdir().unwrap();
        let fixture = Self {
            egress,
            now,
            folder,
            authority: Authority::new("ours"),
            variables,
            names,
            lookups,
        };
        fixture.name("api.test", &["127.0.0.1"]);
        fixture
    }

    /// Sets the addresses of a name.
    pub(crate) fn name(&self, name: &str, addresses: &[&str]) {
        let addresses = addresses
            .iter()
            .map(|address| address.parse().unwrap())
            .collect();
        let mut names = self.names.lock().unwrap();
        names.insert(name.to_owned(), addresses);
    }

    pub(crate) fn variable(&self, name: &str, value: impl Into<OsString>) {
        let mut variables = self.variables.lock().unwrap();
        variables.insert(name.to_owned(), value.into());
    }

    /// Moves the clock.
    pub(crate) fn pass(&self, seconds: i64) {
        self.now.fetch_add(seconds, Ordering::SeqCst);
    }

    pub(crate) fn lookups(&self) -> Vec<String> {
        self.lookups.lock().unwrap().clone()
    }

    pub(crate) fn file(&self, name: &str, content: &str) -> PathBuf {
        file(&self.folder, name, content)
    }

    /// A server over TLS that `grant` trusts.
    pub(crate) async fn server(
        &self,
        script: impl Fn(&str, usize) -> Reply + Send + Sync + 'static,
    ) -> Server {
        Server::tls(&self.authority.certify("api.test"), None, script).await
    }

    /// A grant of that server.
    pub(crate) fn grant(&self, server: &Server) -> ServiceGrant {
        self.grant_at(&format!("https://api.test:{}/base", server.address.port()))
    }

    /// A grant of the service at an origin.
    pub(crate) fn grant_at(&self, origin: &str) -> ServiceGrant {
        ServiceGrant {
            origin: Origin::parse(origin).unwrap(),
            endpoints: ["read", "write", "form", "drop"].map(str::to_owned).into(),
            bind: BTreeMap::new(),
            credential: None,
            addresses: vec![AddressRange::parse("127.0.0.1").unwrap()],
            trust: Some(self.file("authority.pem", &self.authority.pem())),
            time: Duration::from_secs(20),
            bytes: 64 * 1024,
        }
    }

    /// One call with one service, `api`.
    pub(crate) fn call(&self, grant: ServiceGrant, credential: Option<Credential>) -> CallEgress {
        let policy = policy("api", &grant);
        let credential = credential.map(Arc::new);
        let service = GrantedService {
            name: "api".to_owned(),
            grant,
            policy,
            credential,
        };
        self.egress.open(vec![service], "strongroom/0 (tests)")
    }

    /// Sends one request in a call of its own.
    pub(crate) async fn send(
        &self,
        grant: ServiceGrant,
        request: Request,
    ) -> Result<Response, SendError> {
        self.call(grant, None).send(request).await
    }

    /// Sends one request with a credential in a call of its own.
    pub(crate) async fn send_as(
        &self,
        credential: &Credential,
        server: &Server,
    ) -> Result<Response, SendError> {
        let call = self.call(self.grant(server), Some(credential.clone()));
        call.send(get()).await
    }

    /// A credential for a server, with its secret in the variable `SECRET`.
    pub(crate) fn credential(&self, scheme: &str, server: &Server) -> Credential {
        Credential {
            addresses: vec![AddressRange::parse("127.0.0.1").unwrap()],
            trust: Some(self.file("authority.pem", &self.authority.pem())),
            ..credential(scheme, self.grant(server).origin)
        }
    }
}

/// A credential of no scheme's fields, with its secret in the variable `SECRET`.
pub(crate) fn credential(scheme: &str, origin: Origin) -> Credential {
    Credential {
        name: CredentialName::new("key").unwrap(),
        scheme: scheme.to_owned(),
        origin,
        secret: SecretSource::Environment("SECRET".to_owned()),
        user: None,
        header: None,
        token_url: None,
        scopes: Vec::new(),
        region: None,
        service: None,
        certificate: None,
        addresses: Vec::new(),
        trust: None,
    }
}

fn policy(service: &str, grant: &ServiceGrant) -> Policy {
    let endpoint = |name: &str, method: &str, path: &str, body: &str, fields: &[&str]| {
        Arc::new(
            Endpoint::parse(RawEndpoint {
                name: name.to_owned(),
                service: service.to_owned(),
                method: method.to_owned(),
                path: path.to_owned(),
                query: vec!["q".to_owned()],
                headers: vec!["x-plugin".to_owned()],
                body: body.to_owned(),
                fields: fields.iter().map(|&field| field.to_owned()).collect(),
                access: if method == "GET" { "read" } else { "write" }.to_owned(),
                reason: "For the tests.".to_owned(),
            })
            .unwrap(),
        )
    };
    let wanted = [
        endpoint("read", "GET", "/items/{item?}", "none", &[]),
        endpoint("write", "POST", "/items", "json", &["name"]),
        endpoint("form", "POST", "/form", "form", &["Action"]),
        endpoint("drop", "DELETE", "/items/{item?}", "none", &[]),
    ];
    Policy::new(
        service,
        &wanted,
        grant,
        &TenantName::new("acme").unwrap(),
        false,
    )
}

/// A request of the service `api`.
pub(crate) fn request(method: &str, target: &str) -> Request {
    Request {
        method: method.to_owned(),
        scheme: "https".to_owned(),
        authority: "api".to_owned(),
        target: target.to_owned(),
        headers: Vec::new(),
        body: Vec::new(),
        connect_timeout: None,
        first_byte_timeout: None,
        between_bytes_timeout: None,
    }
}

pub(crate) fn get() -> Request {
    request("GET", "/items/1")
}

pub(crate) fn ok(_: &str, _: usize) -> Reply {
    Reply::Keep(answer("200 OK", "", "fine"))
}

pub(crate) fn with_header(mut request: Request, name: &str, value: &str) -> Request {
    request
        .headers
        .push((name.to_owned(), value.as_bytes().to_vec()));
    request
}
