//! An LXD of the thread, as far as the plugin needs one, with the faults that tests want.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use serde_json::{Value, json};
use strongroom_plugin::http::{Error, Request, Response};
use strongroom_plugin::testing::http;

const VOLUMES: &str = "/1.0/storage-pools/fast/volumes/custom";

/// What it has, what it was asked, what goes wrong.
#[derive(Default)]
pub(super) struct Fake {
    pub(super) volumes: BTreeMap<String, Value>,
    /// By `VOLUME/NAME`.
    pub(super) snapshots: BTreeMap<String, Value>,
    /// Method and path of every request.
    pub(super) asked: Vec<String>,
    /// Operations that still go on, so many looks each.
    pub(super) running: BTreeMap<String, (u32, Value)>,
    /// The next operations go on for so many looks.
    pub(super) slow: u32,
    /// The next operation fails with this.
    pub(super) fails: Option<String>,
    /// What is deleted stays in sight.
    pub(super) lingers: bool,
    /// Every operation is forgotten at once.
    pub(super) forgets: bool,
    /// The reply of the next request that changes something is lost, after it was carried out.
    pub(super) loses_reply: bool,
    /// Answers everything with this.
    pub(super) page: Option<Response>,
    /// Changes every answer.
    pub(super) lie: Option<fn(&mut Value)>,
    failed: BTreeMap<String, String>,
    counted: u32,
}

impl Fake {
    /// Answers this thread from now on, with a volume `acme-vault`.
    pub(super) fn start() -> Rc<RefCell<Self>> {
        let mut fake = Self::default();
        fake.volumes
            .insert("acme-vault".into(), volume("acme-vault", "the vault"));
        let fake = Rc::new(RefCell::new(fake));
        let answering = Rc::clone(&fake);
        http::serve(move |request| answering.borrow_mut().answer(request));
        fake
    }

    fn answer(&mut self, request: &Request) -> Result<Response, Error> {
        let (path, query) = request.target.split_once('?').unwrap();
        assert!(query.contains("project=default"), "{}", request.target);
        self.asked.push(format!("{} {path}", request.method));
        if let Some(page) = &self.page {
            return Ok(page.clone());
        }
        let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
        let (status, mut answer) = self.decide(request, path, &body);
        if request.method != "GET" && std::mem::take(&mut self.loses_reply) {
            return Err(Error::Unreachable("the server hung up".to_owned()));
        }
        if let Some(lie) = self.lie {
            lie(&mut answer);
        }
        let mut response = http::json(status, &answer);
        let etag = answer["metadata"]["description"]
            .as_str()
            .unwrap_or_default();
        response
            .headers
            .push(("etag".to_owned(), format!("\"{etag}\"")));
        Ok(response)
    }

    fn decide(&mut self, request: &Request, path: &str, body: &Value) -> (u16, Value) {
        if let Some(rest) = path.strip_prefix("/1.0/operations") {
            return self.operation(rest);
        }
        let parts: Vec<&str> = path
            .strip_prefix(VOLUMES)
            .unwrap()
            .split('/')
            .skip(1)
            .collect();
        match (request.method, parts.as_slice()) {
            ("GET", [name]) => found(self.volumes.get(*name)),
            ("GET", [volume, "snapshots"]) => {
                let of = |(key, _): &(&String, &Value)| key.split('/').next() == Some(*volume);
                let list = self.snapshots.iter().filter(of).map(|(key, value)| {
                    let mut value = value.clone();
                    value["name"] = json!(key);
                    value
                });
                sync(&Value::Array(list.collect()))
            }
            ("GET", [volume, "snapshots", name]) => {
                found(self.snapshots.get(&format!("{volume}/{name}")))
            }
            ("POST", [volume, "snapshots"]) => self.snapshot(volume, body),
            ("PATCH", [volume, "snapshots", name]) => {
                let seen = request.headers.iter().find(|(name, _)| name == "if-match");
                let there = self.snapshots.get_mut(&format!("{volume}/{name}")).unwrap();
                let now = format!("\"{}\"", there["description"].as_str().unwrap());
                if seen.is_some_and(|(_, seen)| *seen != now) {
                    return error(412, "ETag doesn't match");
                }
                there["description"] = body["description"].clone();
                sync(&json!({}))
            }
            ("DELETE", [volume, "snapshots", name]) => {
                let key = format!("{volume}/{name}");
                if !self.snapshots.contains_key(&key) {
                    return error(404, "Storage pool volume not found");
                }
                if !self.lingers {
                    self.snapshots.remove(&key);
                }
                self.begin(volume)
            }
            ("POST", []) => self.copy(body),
            ("PATCH", [name]) => {
                self.volumes.get_mut(*name).unwrap()["description"] = body["description"].clone();
                sync(&json!({}))
            }
            ("DELETE", [name]) => {
                self.volumes.remove(*name).unwrap();
                sync(&json!({}))
            }
            other => panic!("{other:?}"),
        }
    }

    fn snapshot(&mut self, volume: &str, body: &Value) -> (u16, Value) {
        assert_eq!(body["expires_at"], "0001-01-01T00:00:00Z");
        let name = body["name"].as_str().unwrap();
        let Some(of) = self.volumes.get(volume) else {
            return error(404, "Storage volume not found");
        };
        let mut made = of.clone();
        made["name"] = json!(name);
        let key = format!("{volume}/{name}");
        if self.snapshots.contains_key(&key) {
            return error(409, "Snapshot already in use");
        }
        if self.fails.is_none() {
            self.snapshots.insert(key, made);
        }
        self.begin(volume)
    }

    fn copy(&mut self, body: &Value) -> (u16, Value) {
        let name = body["name"].as_str().unwrap();
        assert_eq!(
            (&body["source"]["type"], &body["source"]["pool"]),
            (&json!("copy"), &json!("fast"))
        );
        if self.volumes.contains_key(name) {
            return error(409, "Volume by that name already exists");
        }
        let of = self
            .snapshots
            .get(body["source"]["name"].as_str().unwrap())
            .cloned();
        match of {
            Some(mut made) if self.fails.is_none() => {
                (made["name"], made["description"]) = (json!(name), body["description"].clone());
                self.volumes.insert(name.to_owned(), made);
            }
            Some(_) => {}
            None => self.fails = Some("Storage volume not found".to_owned()),
        }
        self.begin(name)
    }

    /// An operation on a volume.
    pub(super) fn begin(&mut self, volume: &str) -> (u16, Value) {
        self.counted += 1;
        let id = format!("0000{:04}-aaaa", self.counted);
        let resources = json!({ "storage_volumes": [format!("/1.0/storage_volumes/{volume}")] });
        self.running.insert(id.clone(), (self.slow, resources));
        self.failed
            .extend(self.fails.take().map(|error| (id.clone(), error)));
        let address = format!("/1.0/operations/{id}");
        (
            202,
            json!({ "type": "async", "operation": address, "metadata": { "id": id } }),
        )
    }

    fn operation(&mut self, rest: &str) -> (u16, Value) {
        if rest.is_empty() {
            let running = self.running.iter().filter(|(_, (left, _))| *left > 0);
            let list: Vec<Value> = running
                .map(|(id, (_, resources))| json!({ "id": id, "resources": resources }))
                .collect();
            return sync(&if list.is_empty() {
                json!({})
            } else {
                json!({ "running": list })
            });
        }
        let id = rest.trim_start_matches('/').trim_end_matches("/wait");
        let Some((left, _)) = self.running.get_mut(id).filter(|_| !self.forgets) else {
            return error(404, "Operation not found");
        };
        let code = if *left > 0 { 103 } else { 200 };
        *left = left.saturating_sub(1);
        match self.failed.get(id) {
            Some(error) if code == 200 => {
                sync(&json!({ "id": id, "status_code": 400, "err": error }))
            }
            _ => sync(&json!({ "id": id, "status_code": code, "err": "" })),
        }
    }

    /// How often this method was used on a path that ends so.
    pub(super) fn count(&self, method: &str, end: &str) -> usize {
        let fits = |asked: &&String| asked.starts_with(method) && asked.ends_with(end);
        self.asked.iter().filter(fits).count()
    }
}

pub(super) fn volume(name: &str, description: &str) -> Value {
    json!({
        "name": name, "description": description, "config": { "size": "64MiB" },
        "content_type": "filesystem", "location": "none", "created_at": "0001-01-01T00:00:00Z",
    })
}

fn sync(metadata: &Value) -> (u16, Value) {
    (
        200,
        json!({ "type": "sync", "status_code": 200, "metadata": metadata }),
    )
}

fn found(thing: Option<&Value>) -> (u16, Value) {
    thing.map_or_else(|| error(404, "Storage volume not found"), sync)
}

pub(super) fn error(status: u16, text: &str) -> (u16, Value) {
    (
        status,
        json!({ "type": "error", "error_code": status, "error": text, "metadata": null }),
    )
}
