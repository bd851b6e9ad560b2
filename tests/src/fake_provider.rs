//! A small provider of the suite's own: snapshots of one disk, over HTTP, honest and without tricks.
//!
//! Owns: what a provider without idempotency is: it makes a snapshot whenever it is asked, finishes it a little later,
//! lists by tenant and run in pages, and keeps restored disks. The guest `contrary` is its plugin.

use std::collections::BTreeMap;
use std::io::{BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use serde_json::{Value, json};

use crate::echo;

/// So often a snapshot is looked at until it is ready.
const LOOKS: u64 = 2;
/// The time of the first snapshot; each later one is a second younger.
const TAKEN: i64 = 1_780_000_000_000;
/// Bytes of every snapshot.
const SIZE: u64 = 4096;

/// A provider on a free port of the loopback; it ends with the test's process.
#[derive(Debug)]
pub struct FakeProvider {
    port: u16,
    shelf: Arc<Mutex<Shelf>>,
}

#[derive(Debug, Default)]
struct Shelf {
    made: u64,
    snapshots: BTreeMap<String, Kept>,
    disks: BTreeMap<String, String>,
}

#[derive(Debug, Clone)]
struct Kept {
    tenant: String,
    run: String,
    taken: i64,
    looks: u64,
}

type Reply = (u16, Value);

impl FakeProvider {
    /// Starts it, empty.
    ///
    /// # Panics
    /// When there is no free port.
    #[must_use]
    #[track_caller]
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0")
            .unwrap_or_else(|error| panic!("no free port: {error}"));
        let port = listener.local_addr().map_or(0, |address| address.port());
        let shelf = Arc::new(Mutex::new(Shelf::default()));
        let kept = Arc::clone(&shelf);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let kept = Arc::clone(&kept);
                thread::spawn(move || converse(&stream, &kept));
            }
        });
        Self { port, shelf }
    }

    /// Where it is: `http://127.0.0.1:PORT`.
    #[must_use]
    pub fn origin(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Puts a snapshot there that nobody else may touch; its name.
    #[must_use]
    pub fn put(&self, tenant: &str) -> String {
        let mut shelf = self.shelf.lock().unwrap_or_else(PoisonError::into_inner);
        let id = shelf.make(tenant, "somebody");
        if let Some(kept) = shelf.snapshots.get_mut(&id) {
            kept.looks = LOOKS;
        }
        id
    }

    /// The names of all snapshots that are there.
    #[must_use]
    pub fn snapshots(&self) -> Vec<String> {
        let shelf = self.shelf.lock().unwrap_or_else(PoisonError::into_inner);
        shelf.snapshots.keys().cloned().collect()
    }
}

/// Answers requests until the other side is done.
fn converse(stream: &TcpStream, shelf: &Mutex<Shelf>) {
    let mut reader = BufReader::new(stream);
    while let Some(request) = echo::read(&mut reader) {
        let (status, body) = {
            let mut shelf = shelf.lock().unwrap_or_else(PoisonError::into_inner);
            answer(&mut shelf, &request)
        };
        let body = match body {
            Value::Null => String::new(),
            body => body.to_string(),
        };
        let text = format!(
            "HTTP/1.1 {status} So\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        let mut writer = stream;
        if writer.write_all(text.as_bytes()).is_err() {
            return;
        }
    }
}

fn answer(shelf: &mut Shelf, request: &str) -> Reply {
    let (head, body) = request.split_once("\r\n\r\n").unwrap_or((request, ""));
    let mut words = head.split(' ');
    let (method, target) = (words.next().unwrap_or(""), words.next().unwrap_or(""));
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let body: Value = serde_json::from_str(body).unwrap_or_default();
    let text = |key: &str| {
        let value = body.get(key).and_then(Value::as_str);
        value.unwrap_or_default().to_owned()
    };
    let parts: Vec<&str> = path.split('/').skip(1).collect();
    match (method, parts.as_slice()) {
        ("GET", ["snapshots"]) => shelf.list(&pairs(query)),
        ("POST", ["snapshots"]) => {
            let id = shelf.make(&text("tenant"), &text("run"));
            shelf.tell(&id)
        }
        ("GET", ["snapshots", id]) => {
            if let Some(kept) = shelf.snapshots.get_mut(*id) {
                kept.looks += 1;
            }
            shelf.tell(id)
        }
        ("DELETE", ["snapshots", id]) => done(shelf.snapshots.remove(*id).is_some()),
        ("GET", ["disks", name]) => match shelf.disks.get(*name) {
            Some(snapshot) => (200, json!({ "snapshot": snapshot })),
            None => done(false),
        },
        ("PUT", ["disks", name]) => {
            if shelf.disks.contains_key(*name) {
                return (409, json!({ "error": "there is such a disk" }));
            }
            shelf.disks.insert((*name).to_owned(), text("snapshot"));
            done(true)
        }
        ("DELETE", ["disks", name]) => done(shelf.disks.remove(*name).is_some()),
        _ => (400, json!({ "error": "what is that?" })),
    }
}

/// An answer without content.
fn done(found: bool) -> Reply {
    if found {
        (204, Value::Null)
    } else {
        (404, json!({ "error": "there is no such thing" }))
    }
}

fn pairs(query: &str) -> BTreeMap<&str, &str> {
    query
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .collect()
}

impl Shelf {
    fn make(&mut self, tenant: &str, run: &str) -> String {
        self.made += 1;
        let id = format!("s-{:06}", self.made);
        let kept = Kept {
            tenant: tenant.to_owned(),
            run: run.to_owned(),
            taken: TAKEN + i64::try_from(self.made).unwrap_or(0) * 1000,
            looks: 0,
        };
        self.snapshots.insert(id.clone(), kept);
        id
    }

    fn tell(&self, id: &str) -> Reply {
        match self.snapshots.get(id) {
            Some(kept) => (200, told(id, kept)),
            None => done(false),
        }
    }

    fn list(&self, asked: &BTreeMap<&str, &str>) -> Reply {
        let wanted = |key: &str, value: &str| asked.get(key).is_none_or(|wanted| *wanted == value);
        let after = asked.get("after").copied().unwrap_or_default();
        let limit = asked.get("limit").and_then(|limit| limit.parse().ok());
        let items: Vec<Value> = self
            .snapshots
            .iter()
            .filter(|(id, _)| id.as_str() > after)
            .filter(|(_, kept)| wanted("tenant", &kept.tenant) && wanted("run", &kept.run))
            .take(limit.unwrap_or(usize::MAX))
            .map(|(id, kept)| told(id, kept))
            .collect();
        (200, json!({ "items": items }))
    }
}

fn told(id: &str, kept: &Kept) -> Value {
    json!({
        "id": id, "tenant": kept.tenant, "run": kept.run, "taken": kept.taken, "size": SIZE,
        "ready": kept.looks >= LOOKS, "looks": kept.looks,
    })
}
