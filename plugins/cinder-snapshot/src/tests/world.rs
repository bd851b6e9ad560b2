//! A small block storage service in memory, with the answers that the real one gives.

use std::cell::RefCell;
use std::rc::Rc;

use serde_json::{Value, json};
use strongroom_plugin::http::{Error, Request, Response};
use strongroom_plugin::testing::http;

pub(super) const PROJECT: &str = "f73167fb89684a21bb4c14c2ae4e8fe8";
pub(super) const VOLUME: &str = "38d899ad-e117-4387-98c6-bb0e610e6bbb";

/// What a test does to a request instead of the service.
type Instead = Box<dyn FnMut(&Request) -> Option<Result<Response, Error>>>;

#[derive(Default)]
pub(super) struct World {
    pub(super) snapshots: Vec<Value>,
    pub(super) volumes: Vec<Value>,
    /// `POST /snapshots`, in order.
    pub(super) asked: Vec<String>,
    /// Entries of a page, whatever is asked for.
    pub(super) cut: usize,
    pub(super) instead: Option<Instead>,
    made: u32,
}

pub(super) type Shared = Rc<RefCell<World>>;

/// A service with one volume, answering this thread.
pub(super) fn world() -> Shared {
    let world = Rc::new(RefCell::new(World {
        cut: 10,
        ..World::default()
    }));
    world.borrow_mut().volumes.push(json!({
        "id": VOLUME, "status": "available", "size": 3, "availability_zone": "nova", "name": "vault",
        "snapshot_id": null, "metadata": {},
    }));
    let served = Rc::clone(&world);
    http::serve(move |request| {
        let instead = served.borrow_mut().instead.take();
        if let Some(mut instead) = instead {
            let answer = instead(request);
            served.borrow_mut().instead = Some(instead);
            if let Some(answer) = answer {
                return answer;
            }
        }
        Ok(served.borrow_mut().answer(request))
    });
    world
}

impl World {
    pub(super) fn id(&mut self) -> String {
        self.made += 1;
        format!("00000000-0000-4000-8000-{:012}", self.made)
    }

    /// Adds a snapshot that is complete.
    pub(super) fn snapshot(&mut self, tenant: &str, run: &str) -> String {
        let id = self.id();
        self.snapshots.push(json!({
            "id": id, "name": format!("strongroom-{run}"), "status": "available", "size": 3, "volume_id": VOLUME,
            "created_at": format!("2026-11-28T10:11:{:02}.248435", self.made % 60),
            "metadata": {"strongroom-tenant": tenant, "strongroom-run": run},
        }));
        id
    }

    /// Sets a field of a snapshot or volume.
    pub(super) fn set(&mut self, id: &str, key: &str, value: impl Into<Value>) {
        let all = self.snapshots.iter_mut().chain(&mut self.volumes);
        all.into_iter().find(|one| one["id"] == id).unwrap()[key] = value.into();
    }

    /// Everything that is being deleted is gone, everything that is being made is there.
    pub(super) fn settle(&mut self) {
        for all in [&mut self.snapshots, &mut self.volumes] {
            all.retain(|one| one["status"] != "deleting");
            for one in all.iter_mut().filter(|one| one["status"] == "creating") {
                one["status"] = "available".into();
            }
        }
    }

    /// The requests so far that change something.
    pub(super) fn changes(&self) -> Vec<String> {
        let all = self.asked.iter();
        all.filter(|asked| !asked.starts_with("GET"))
            .cloned()
            .collect()
    }

    fn answer(&mut self, request: &Request) -> Response {
        let version = ("openstack-api-version".to_owned(), "volume 3.70".to_owned());
        assert!(request.headers.contains(&version), "{request:?}");
        let (path, query) = request
            .target
            .split_once('?')
            .unwrap_or((&request.target, ""));
        let path = path.strip_prefix(&format!("/{PROJECT}")).unwrap_or("");
        self.asked.push(format!("{} {path}", request.method));
        let parts: Vec<&str> = path.split('/').skip(1).collect();
        match (request.method, parts.as_slice()) {
            ("GET", ["messages"]) => http::json(200, &json!({"messages": []})),
            ("GET", [kind, "detail"]) => self.list(kind, query),
            ("GET", [kind, id]) => match self.all(kind).iter().find(|one| one["id"] == *id) {
                Some(one) => http::json(200, &json!({ singular(kind): one })),
                None => missing(id),
            },
            ("POST", [kind]) => self.make(kind, &serde_json::from_slice(&request.body).unwrap()),
            ("DELETE", [kind, id]) => {
                match self.all(kind).iter_mut().find(|one| one["id"] == *id) {
                    Some(one) => {
                        one["status"] = "deleting".into();
                        http::json(202, &Value::Null)
                    }
                    None => missing(id),
                }
            }
            _ => fault(400, "badRequest", "Malformed request url"),
        }
    }

    fn all(&mut self, kind: &str) -> &mut Vec<Value> {
        if kind == "volumes" {
            &mut self.volumes
        } else {
            &mut self.snapshots
        }
    }

    fn list(&mut self, kind: &str, query: &str) -> Response {
        let value = |key: &str| {
            let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
            pairs
                .filter(|(name, _)| *name == key)
                .map(|(_, value)| http::decoded(value))
                .next()
        };
        let limit = value("limit").map_or(self.cut, |limit| limit.parse().unwrap());
        let limit = limit.min(self.cut);
        let having: Option<Value> =
            value("metadata").map(|text| serde_json::from_str(&text).unwrap());
        let fits = |one: &&Value| {
            let name = value("name").is_none_or(|name| one["name"] == *name);
            let having = having.as_ref().and_then(Value::as_object);
            let marks = having.is_none_or(|having| {
                having
                    .iter()
                    .all(|(key, value)| one["metadata"][key] == *value)
            });
            name && marks
        };
        let all = self.all(kind).clone();
        let after = match value("marker") {
            Some(marker) => match all.iter().position(|one| one["id"] == *marker) {
                Some(at) => at + 1,
                None => return missing(&marker),
            },
            None => 0,
        };
        let items: Vec<&Value> = all[after..].iter().filter(fits).take(limit).collect();
        let mut body = json!({ kind: items });
        if items.len() == limit {
            body[format!("{kind}_links")] = json!([{"rel": "next", "href": "https://elsewhere/"}]);
        }
        http::json(200, &body)
    }

    fn make(&mut self, kind: &str, body: &Value) -> Response {
        let mut one = body[singular(kind)].clone();
        one["id"] = self.id().into();
        one["status"] = "creating".into();
        one["created_at"] = "2026-11-28T10:12:00.000000".into();
        if kind == "snapshots" {
            one["size"] = 3.into();
        }
        self.all(kind).push(one.clone());
        http::json(202, &json!({ singular(kind): one }))
    }
}

fn singular(kind: &str) -> &str {
    kind.trim_end_matches('s')
}

pub(super) fn missing(id: &str) -> Response {
    fault(
        404,
        "itemNotFound",
        &format!("Snapshot {id} could not be found."),
    )
}

pub(super) fn fault(status: u16, kind: &str, message: &str) -> Response {
    http::json(
        status,
        &json!({ kind: {"code": status, "message": message} }),
    )
}
