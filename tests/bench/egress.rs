//! The cost of egress: a request of a plugin's beside the same request by bare hyper, over a connection that is kept
//! and over a new one; requests a second through one instance of a plugin; the memory of operations that are waited for.
//!
//! The server stands in the same process on the loopback and answers at once, so that what is measured is the client.

use std::collections::BTreeMap;
use std::fs;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use strongroom_capabilities::CallHttp;
use strongroom_domain::TenantName;
use strongroom_domain::egress::{
    AddressRange, Endpoint, Origin, Policy, RawEndpoint, ServiceGrant,
};
use strongroom_egress::{CallEgress, Egress, GrantedService, Request};
use strongroom_sandbox::capability::Capabilities;
use strongroom_tests::guest;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::Size;
use crate::call::Ours;
use crate::measure::{alternate, now, percentile, timed};
use crate::report::{Goal, Report, Row};

const REQUESTS_PER_BLOCK: usize = 500;
/// Requests of one call of the guest; its evidence has two pairs for each, and the contract allows a thousand.
const THROUGH_PLUGIN: usize = 150;
const BODY: &str = r#"{"id":"5231","status":"READY"}"#;

pub(crate) fn measure(size: Size, report: &mut Report) {
    let blocks = if size == Size::Full { 20 } else { 2 };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let address = runtime.block_on(serve());
    let peer = "bare hyper, the same request";
    for (figure, kept, goal) in [
        ("egress request, kept connection", true, Goal::None),
        ("egress request, new connection", false, Goal::None),
    ] {
        let (mut ours, mut bare) = (Vec::new(), Vec::new());
        alternate(
            blocks,
            |_| ours.extend(runtime.block_on(through_the_way_out(address, kept))),
            |_| bare.extend(runtime.block_on(by_hyper(address, kept))),
        );
        let value = percentile(&mut ours, 0.5);
        let beside = percentile(&mut bare, 0.5);
        report.add(Row {
            figure: figure.to_owned(),
            value,
            peer: peer.to_owned(),
            beside,
            unit: "µs",
            goal,
        });
    }
    through_a_plugin(&runtime, address, blocks, report);
}

/// A server that answers every request alike; it ends with the runtime.
async fn serve() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            tokio::spawn(answer(stream));
        }
    });
    address
}

/// Requests have no body here, so each ends with an empty line.
async fn answer(mut stream: TcpStream) {
    stream.set_nodelay(true).unwrap();
    let answer = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{BODY}",
        BODY.len()
    );
    let (mut seen, mut buffer) = (Vec::new(), [0; 4096]);
    while let Ok(read @ 1..) = stream.read(&mut buffer).await {
        seen.extend_from_slice(&buffer[..read]);
        while let Some(end) = seen.windows(4).position(|window| window == b"\r\n\r\n") {
            seen.drain(..end + 4);
            if stream.write_all(answer.as_bytes()).await.is_err() {
                return;
            }
        }
    }
}

/// The service `things` of the guest `caller`, opened as a schedule would.
fn way_out(egress: &Egress, address: SocketAddr) -> CallEgress {
    let look = Endpoint::parse(RawEndpoint {
        name: "look".to_owned(),
        service: "things".to_owned(),
        method: "GET".to_owned(),
        path: "/things/{thing}".to_owned(),
        query: vec!["detail".to_owned()],
        headers: Vec::new(),
        body: "none".to_owned(),
        fields: Vec::new(),
        access: "read".to_owned(),
        reason: "to look at things".to_owned(),
    })
    .unwrap();
    let grant = ServiceGrant {
        origin: Origin::parse(&format!("http://{address}")).unwrap(),
        endpoints: vec!["look".to_owned()],
        bind: BTreeMap::from([("thing".to_owned(), vec!["one".to_owned()])]),
        credential: None,
        addresses: vec![AddressRange::parse("127.0.0.1").unwrap()],
        trust: None,
        time: Duration::from_secs(20),
        bytes: 64 * 1024,
    };
    let tenant = TenantName::new("acme").unwrap();
    let policy = Policy::new("things", &[Arc::new(look)], &grant, &tenant, false);
    let service = GrantedService {
        name: "things".to_owned(),
        grant,
        policy,
        credential: None,
    };
    egress.open(vec![service], "strongroom/bench")
}

fn request() -> Request {
    Request {
        method: "GET".to_owned(),
        scheme: "https".to_owned(),
        authority: "things".to_owned(),
        target: "/things/one?detail=full".to_owned(),
        headers: vec![("accept".to_owned(), b"application/json".to_vec())],
        body: Vec::new(),
        connect_timeout: None,
        first_byte_timeout: None,
        between_bytes_timeout: None,
    }
}

/// Microseconds of each request; without `kept` each belongs to a call of its own, which never shares a connection.
async fn through_the_way_out(address: SocketAddr, kept: bool) -> Vec<f64> {
    let egress = egress();
    let mut call = way_out(&egress, address);
    let mut times = Vec::with_capacity(REQUESTS_PER_BLOCK);
    for _ in 0..REQUESTS_PER_BLOCK {
        if !kept {
            call = way_out(&egress, address);
        }
        let began = now();
        let response = call.send(request()).await.unwrap();
        times.push(began.elapsed().as_secs_f64() * 1e6);
        assert_eq!(response.body, BODY.as_bytes());
    }
    times
}

fn egress() -> Egress {
    Egress::new(Arc::new(|| jiff::Timestamp::UNIX_EPOCH))
}

type Sender = http1::SendRequest<Full<Bytes>>;

async fn by_hyper(address: SocketAddr, kept: bool) -> Vec<f64> {
    let connect = || async {
        let stream = TcpStream::connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection);
        sender
    };
    let mut sender: Option<Sender> = None;
    let mut times = Vec::with_capacity(REQUESTS_PER_BLOCK);
    for _ in 0..REQUESTS_PER_BLOCK {
        let began = now();
        let mut ready = match sender.take() {
            Some(ready) => ready,
            None => connect().await,
        };
        let request = hyper::Request::get("/things/one?detail=full")
            .header("host", address.to_string())
            .header("accept", "application/json")
            .header("accept-encoding", "identity")
            .header("user-agent", "strongroom/bench")
            .body(Full::default())
            .unwrap();
        let response = ready.send_request(request).await.unwrap();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        times.push(began.elapsed().as_secs_f64() * 1e6);
        assert_eq!(body, BODY.as_bytes());
        sender = Some(ready).filter(|_| kept);
        if let Some(kept) = &mut sender {
            kept.ready().await.unwrap();
        }
    }
    times
}

fn given(egress: &Egress, address: SocketAddr) -> Capabilities {
    Capabilities {
        http: Some(Arc::new(CallHttp::new(way_out(egress, address)))),
        ..Capabilities::default()
    }
}

/// One instance sends one request after the other, as a plugin that pages through a list does.
fn through_a_plugin(
    runtime: &tokio::runtime::Runtime,
    address: SocketAddr,
    blocks: usize,
    report: &mut Report,
) {
    let config = format!(
        r#"{{"method":"GET","target":"/things/one?detail=full","times":{THROUGH_PLUGIN}}}"#
    );
    let cache = tempfile::tempdir().unwrap();
    let bytes = fs::read(guest("caller")).unwrap();
    let egress = egress();
    let ours = runtime.block_on(Ours::new(cache.path(), bytes, &config));
    let call = || {
        let (time, times) = timed(|| runtime.block_on(ours.block(1, || given(&egress, address))));
        assert_eq!(times.len(), 1);
        time.as_secs_f64()
    };
    let (mut through, mut without) = (Vec::new(), Vec::new());
    call();
    alternate(
        blocks,
        |_| through.push(THROUGH_PLUGIN as f64 / call()),
        |_| {
            let times = runtime.block_on(by_hyper(address, true));
            without.push(times.len() as f64 * 1e6 / times.iter().sum::<f64>());
        },
    );
    report.add(Row {
        figure: "requests through one instance".to_owned(),
        value: percentile(&mut through, 0.5),
        peer: "bare hyper, one after the other".to_owned(),
        beside: percentile(&mut without, 0.5),
        unit: "/s",
        goal: Goal::None,
    });
}
