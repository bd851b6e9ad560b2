//! The service, one function for each request.
//!
//! Owns: paths, paging, and that an answer is about what was asked. Never: decides what follows from it.
//! Read next: `fault`, `wire`, then `marks`.

mod fault;
mod marks;
mod pages;
mod wire;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::json;
use strongroom_plugin::http::{Request, Response};
use strongroom_plugin::{Call, Failure};

use crate::config::{Config, is_id};
use crate::endpoints::{SERVICE, VERSION, VERSION_HEADER};

pub(crate) use marks::Purpose;
pub(crate) use wire::{Snapshot, Volume};

/// The service as one call sees it.
pub(crate) struct Cloud<'a> {
    project: &'a str,
    tenant: &'a str,
    run: &'a str,
}

/// A volume that is to be made of a snapshot.
pub(crate) struct NewVolume<'a> {
    pub(crate) name: &'a str,
    pub(crate) snapshot: &'a Snapshot,
    pub(crate) purpose: Purpose,
}

#[derive(Deserialize)]
struct OneSnapshot {
    snapshot: Snapshot,
}

#[derive(Deserialize)]
struct OneVolume {
    volume: Volume,
}

#[derive(Deserialize)]
struct Messages {
    messages: Vec<Message>,
}

#[derive(Deserialize)]
struct Message {
    user_message: String,
    resource_uuid: String,
}

impl<'a> Cloud<'a> {
    pub(crate) fn of(call: &'a Call<Config>) -> Self {
        Self {
            project: &call.config.project,
            tenant: &call.tenant,
            run: &call.run_id,
        }
    }

    /// A volume; `None`: the service says that it is not there.
    pub(crate) fn volume(&self, id: &str) -> Result<Option<Volume>, Failure> {
        let request = Request::get(SERVICE, &[self.project, "volumes", id]);
        match look::<OneVolume>(request, "volume", id)? {
            Some(OneVolume { volume }) => same("volume", id, &volume.id).map(|()| Some(volume)),
            None => Ok(None),
        }
    }

    /// A snapshot; `None`: the service says that it is not there.
    pub(crate) fn snapshot(&self, id: &str) -> Result<Option<Snapshot>, Failure> {
        let request = Request::get(SERVICE, &[self.project, "snapshots", id]);
        match look::<OneSnapshot>(request, "snapshot", id)? {
            Some(OneSnapshot { snapshot }) => {
                same("snapshot", id, &snapshot.id).map(|()| Some(snapshot))
            }
            None => Ok(None),
        }
    }

    /// A snapshot that is proven to be the tenant's; `None`: it is not there.
    pub(crate) fn own_snapshot(&self, reference: &str) -> Result<Option<Snapshot>, Failure> {
        if !is_id(reference) {
            return Err(Failure::invalid(format!(
                "{reference:?} is no id of a snapshot"
            )));
        }
        let Some(snapshot) = self.snapshot(reference)? else {
            return Ok(None);
        };
        match snapshot.marks().tenant() {
            Some(tenant) if tenant == self.tenant => Ok(Some(snapshot)),
            Some(_) => Err(Failure::denied(format!(
                "snapshot {reference} is marked as another tenant's and is left alone"
            ))),
            None => Err(Failure::conflict(format!(
                "snapshot {reference} does not carry the mark of tenant {} (any more) and is left alone",
                self.tenant
            ))),
        }
    }

    /// Begins a snapshot of a volume.
    pub(crate) fn make_snapshot(
        &self,
        volume: &str,
        description: &str,
    ) -> Result<Snapshot, Failure> {
        let body = json!({ "snapshot": {
            "volume_id": volume,
            "name": format!("strongroom-{}", self.run),
            "description": description,
            "metadata": marks::having(self.tenant, Some(self.run)),
        }});
        let request = Request::post(SERVICE, &[self.project, "snapshots"]).json(&body);
        let what = format!("take a snapshot of volume {volume}");
        let OneSnapshot { snapshot } = read(&accepted(request, &what)?)?;
        if is_id(&snapshot.id)
            && snapshot.volume_id == volume
            && snapshot.marks().fit(self.tenant, Some(self.run))
        {
            Ok(snapshot)
        } else {
            Err(Failure::other(format!(
                "the provider was asked to take a snapshot of volume {volume} and answered with another one"
            )))
        }
    }

    /// Begins a volume.
    pub(crate) fn make_volume(&self, new: &NewVolume<'_>) -> Result<Volume, Failure> {
        let body = json!({ "volume": {
            "name": new.name,
            "description": format!("of snapshot {} of {}", new.snapshot.id, self.tenant),
            "snapshot_id": new.snapshot.id,
            "size": new.snapshot.size,
            "metadata": marks::of_volume(self.tenant, self.run, new.purpose),
        }});
        let request = Request::post(SERVICE, &[self.project, "volumes"]).json(&body);
        let what = format!("make a volume of snapshot {}", new.snapshot.id);
        let OneVolume { volume } = read(&accepted(request, &what)?)?;
        if is_id(&volume.id) && self.is_of(&volume, &new.snapshot.id, new.purpose) {
            Ok(volume)
        } else {
            Err(Failure::other(format!(
                "the provider was asked to make a volume of snapshot {} and answered with another one",
                new.snapshot.id
            )))
        }
    }

    /// Whether a volume was made by this run, of this snapshot, for this.
    pub(crate) fn is_of(&self, volume: &Volume, snapshot: &str, purpose: Purpose) -> bool {
        volume.snapshot_id.as_deref() == Some(snapshot)
            && volume.marks().fit(self.tenant, Some(self.run))
            && volume.marks().is_for(purpose)
    }

    /// Begins to delete a snapshot; false: it is gone already.
    pub(crate) fn drop_snapshot(&self, id: &str) -> Result<bool, Failure> {
        let request = Request::delete(SERVICE, &[self.project, "snapshots", id]);
        drop_one(request, "snapshot", id)
    }

    /// Begins to delete a volume; false: it is gone already.
    pub(crate) fn drop_volume(&self, id: &str) -> Result<bool, Failure> {
        let request = Request::delete(SERVICE, &[self.project, "volumes", id]);
        drop_one(request, "volume", id)
    }

    /// What the service has to say about something that failed; it need not have anything to say.
    pub(crate) fn reason(&self, id: &str) -> String {
        let request = Request::get(SERVICE, &[self.project, "messages"]).query("resource_uuid", id);
        let said = send(request).and_then(|response| read::<Messages>(&response));
        let messages = said.map(|said| said.messages).unwrap_or_default();
        let about = messages
            .into_iter()
            .find(|message| message.resource_uuid == id);
        about.map_or_else(String::new, |message| {
            let text: String = message.user_message.chars().take(200).collect();
            format!(": {}", text.trim_end_matches('.'))
        })
    }
}

/// Sends a request once; a second time only where the service did not take the token: then it did nothing, and the host asks
/// for a new one.
fn send(request: Request) -> Result<Response, Failure> {
    let request = request.header(VERSION_HEADER, VERSION);
    let response = request.clone().send()?;
    if response.status == 401 {
        return Ok(request.send()?);
    }
    Ok(response)
}

fn accepted(request: Request, what: &str) -> Result<Response, Failure> {
    let response = send(request)?;
    if response.is_success() {
        Ok(response)
    } else {
        Err(fault::failure(&response, what))
    }
}

fn read<T: DeserializeOwned>(response: &Response) -> Result<T, Failure> {
    response.json()
}

/// One thing; `None`: the service says that this very thing is not there.
fn look<T: DeserializeOwned>(request: Request, kind: &str, id: &str) -> Result<Option<T>, Failure> {
    let response = send(request)?;
    if fault::is_absent(&response, id) {
        return Ok(None);
    }
    if response.is_success() {
        return read(&response).map(Some);
    }
    Err(fault::failure(&response, &format!("show {kind} {id}")))
}

fn drop_one(request: Request, kind: &str, id: &str) -> Result<bool, Failure> {
    let response = send(request)?;
    if fault::is_absent(&response, id) {
        return Ok(false);
    }
    if response.is_success() {
        return Ok(true);
    }
    let failure = fault::failure(&response, &format!("delete {kind} {id}"));
    // To be asked to delete is never wrong in itself: a 400 is about the state, such as dependants.
    Err(match (response.status, failure) {
        (400, Failure::Invalid(detail)) if !detail.contains("`project`") => {
            Failure::conflict(detail)
        }
        (_, failure) => failure,
    })
}

fn same(kind: &str, asked: &str, answered: &str) -> Result<(), Failure> {
    if asked == answered {
        return Ok(());
    }
    let shown: String = answered.chars().take(64).collect();
    Err(Failure::other(format!(
        "the provider was asked for {kind} {asked} and answered with {shown:?}"
    )))
}
