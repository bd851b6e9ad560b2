//! Requests to LXD, and its envelopes read.
//!
//! Owns: paths and queries of every request. Never: decides what an answer means for a snapshot.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use strongroom_plugin::http::{Request, Response};
use strongroom_plugin::{Call, Failure};

use crate::config::Config;
use crate::failures;
use crate::name::Name;
use crate::operation::Id;

/// The service that an operator binds to LXD's origin.
pub(crate) const SERVICE: &str = "lxd";
/// How LXD writes that something never expires; left out, the volume's own `snapshots.expiry` would count.
pub(crate) const NEVER: &str = "0001-01-01T00:00:00Z";

/// What every answer of LXD is wrapped in.
#[derive(Debug, Deserialize)]
struct Envelope {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    operation: String,
    #[serde(default)]
    error: String,
    #[serde(default)]
    metadata: Value,
}

/// A volume, a copy, or (with its single name) a snapshot.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Thing {
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) description: String,
    #[serde(default)]
    pub(crate) config: std::collections::BTreeMap<String, String>,
    #[serde(default)]
    pub(crate) content_type: String,
    #[serde(default)]
    pub(crate) location: String,
    #[serde(default)]
    pub(crate) expires_at: Option<String>,
}

/// LXD of one call: its project, pool and volume.
pub(crate) struct Lxd<'a> {
    config: &'a Config,
    pub(crate) volume: String,
}

/// What a request that changes something came to.
pub(crate) enum Accepted {
    /// It is done.
    Done,
    /// It goes on.
    Begun(Id),
}

impl<'a> Lxd<'a> {
    /// For the tenant of a call.
    pub(crate) fn of(call: &'a Call<Config>) -> Self {
        Self {
            config: &call.config,
            volume: call.config.volume(&call.tenant),
        }
    }

    /// Where snapshots of the volume are, as people name it.
    pub(crate) fn pool(&self) -> &str {
        &self.config.pool
    }

    /// The project.
    pub(crate) fn project(&self) -> &str {
        &self.config.project
    }

    /// A snapshot as the host keeps it: what is elsewhere is not taken for what is gone.
    pub(crate) fn reference(&self, name: &Name) -> String {
        let Config { project, pool, .. } = self.config;
        format!("{project}/{pool}/{}", name.within(&self.volume))
    }

    fn path<'p>(&'p self, rest: &[&'p str]) -> Vec<&'p str> {
        let pool = self.config.pool.as_str();
        let mut path = vec!["1.0", "storage-pools", pool, "volumes", "custom"];
        path.extend(rest);
        path
    }

    fn ask(&self, request: Request) -> Result<Response, Failure> {
        Ok(request.query("project", &self.config.project).send()?)
    }

    /// A volume of the pool.
    pub(crate) fn volume(&self, name: &str) -> Result<Thing, Failure> {
        let what = format!("volume `{name}` of pool `{}`", self.config.pool);
        let response = self.ask(Request::get(SERVICE, &self.path(&[name])))?;
        let thing: Thing = told(&what, &response)?;
        same(&what, name, &thing.name)?;
        Ok(thing)
    }

    /// A snapshot of the volume, and the tag of its present version.
    pub(crate) fn snapshot(&self, name: &Name) -> Result<(Thing, Option<String>), Failure> {
        let what = self.called(name);
        let path = self.path(&[&self.volume, "snapshots", &name.text]);
        let response = self.ask(Request::get(SERVICE, &path))?;
        let thing: Thing = told(&what, &response)?;
        same(&what, &name.text, &thing.name)?;
        Ok((thing, response.header("etag").map(str::to_owned)))
    }

    /// Every snapshot of the volume, whoever made it; each name begins with the volume's.
    pub(crate) fn snapshots(&self) -> Result<Vec<Thing>, Failure> {
        let path = self.path(&[&self.volume, "snapshots"]);
        let request = Request::get(SERVICE, &path).query("recursion", 1);
        let what = format!("the snapshots of volume `{}`", self.volume);
        told(&what, &self.ask(request)?)
    }

    /// Begins a snapshot that never expires.
    pub(crate) fn create(&self, name: &Name) -> Result<Accepted, Failure> {
        let path = self.path(&[&self.volume, "snapshots"]);
        let body = json!({ "name": name.text, "expires_at": NEVER });
        let request = Request::post(SERVICE, &path).json(&body);
        accepted(&self.called(name), &self.ask(request)?)
    }

    /// Writes a snapshot's description, if it is still the version that was seen.
    pub(crate) fn describe(
        &self,
        name: &Name,
        description: &str,
        seen: Option<&str>,
    ) -> Result<Accepted, Failure> {
        let path = self.path(&[&self.volume, "snapshots", &name.text]);
        let mut request =
            Request::patch(SERVICE, &path).json(&json!({ "description": description }));
        if let Some(seen) = seen {
            request = request.header("if-match", seen);
        }
        accepted(&self.called(name), &self.ask(request)?)
    }

    /// Begins to delete a snapshot.
    pub(crate) fn delete(&self, name: &Name) -> Result<Accepted, Failure> {
        let path = self.path(&[&self.volume, "snapshots", &name.text]);
        accepted(
            &self.called(name),
            &self.ask(Request::delete(SERVICE, &path))?,
        )
    }

    /// Begins to make a new volume of a snapshot.
    pub(crate) fn copy(
        &self,
        name: &Name,
        to: &str,
        description: &str,
    ) -> Result<Accepted, Failure> {
        let source = json!({
            "type": "copy",
            "pool": self.config.pool,
            "name": name.within(&self.volume),
        });
        let body = json!({ "name": to, "description": description, "source": source });
        let request = Request::post(SERVICE, &self.path(&[])).json(&body);
        accepted(
            &format!("volume `{to}` of {}", self.called(name)),
            &self.ask(request)?,
        )
    }

    /// Writes a volume's description.
    pub(crate) fn describe_volume(
        &self,
        volume: &str,
        description: &str,
    ) -> Result<Accepted, Failure> {
        let request = Request::patch(SERVICE, &self.path(&[volume]))
            .json(&json!({ "description": description }));
        accepted(&format!("volume `{volume}`"), &self.ask(request)?)
    }

    /// Deletes a volume, and with it its snapshots.
    pub(crate) fn delete_volume(&self, volume: &str) -> Result<Accepted, Failure> {
        let request = Request::delete(SERVICE, &self.path(&[volume]));
        accepted(&format!("volume `{volume}`"), &self.ask(request)?)
    }

    /// An operation, after at most this many seconds. The answer is 200 whether it succeeded or failed.
    pub(crate) fn operation(&self, id: &Id, seconds: u64) -> Result<Value, Failure> {
        let path = ["1.0", "operations", id.text(), "wait"];
        let request = Request::get(SERVICE, &path).query("timeout", seconds);
        told(&format!("operation {}", id.text()), &self.ask(request)?)
    }

    /// Every operation of the project that LXD still knows, by how far it is.
    pub(crate) fn operations(&self) -> Result<Value, Failure> {
        let request = Request::get(SERVICE, &["1.0", "operations"]).query("recursion", 1);
        told("the operations of LXD", &self.ask(request)?)
    }

    fn called(&self, name: &Name) -> String {
        format!("snapshot `{}`", name.within(&self.volume))
    }
}

/// What a request that only looks is told.
fn told<T: DeserializeOwned>(what: &str, response: &Response) -> Result<T, Failure> {
    let envelope = envelope(what, response)?;
    if envelope.kind != "sync" {
        return Err(failures::of_page(what, response));
    }
    serde_json::from_value(envelope.metadata).map_err(|error| {
        Failure::other(format!(
            "{what}: LXD's answer is not what it should be ({error}): {}",
            response.shown()
        ))
    })
}

/// What a request that changes something came to.
fn accepted(what: &str, response: &Response) -> Result<Accepted, Failure> {
    let envelope = envelope(what, response)?;
    match envelope.kind.as_str() {
        "sync" => Ok(Accepted::Done),
        "async" => Id::read(&envelope.operation)
            .map(Accepted::Begun)
            .ok_or_else(|| failures::of_page(what, response)),
        _ => Err(failures::of_page(what, response)),
    }
}

fn envelope(what: &str, response: &Response) -> Result<Envelope, Failure> {
    let envelope: Envelope =
        serde_json::from_slice(&response.body).map_err(|_| failures::of_page(what, response))?;
    match (envelope.kind.as_str(), response.is_success()) {
        ("error", false) => Err(failures::of_answer(what, response, &envelope.error)),
        ("sync" | "async", true) => Ok(envelope),
        _ => Err(failures::of_page(what, response)),
    }
}

/// An answer about something else than what was asked for is not believed.
fn same(what: &str, asked: &str, told: &str) -> Result<(), Failure> {
    if asked == told {
        return Ok(());
    }
    Err(Failure::other(format!(
        "{what} was asked for, and LXD tells of {told:?}"
    )))
}
