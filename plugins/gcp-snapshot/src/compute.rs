//! Compute Engine as far as this plugin uses it: one function for each request, every answer checked to be about what was
//! asked for.
//!
//! Owns: paths, and the identity of answers. Never: what to do next.
//! Read next: `begin.rs`, `refusals.rs`.

use serde::Serialize;
use strongroom_plugin::http::Request;
use strongroom_plugin::{Call, Failure};

use crate::config::Config;
use crate::endpoints::SERVICE;
use crate::refusals::{Refusal, read};
use crate::resources::{Disk, Operation, Snapshot, Snapshots, path};

/// Where an operation lives; asked for anywhere else it does not exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Scope {
    Zone,
    Global,
}

/// Compute Engine, asked for one call.
pub(crate) struct Compute<'a> {
    pub(crate) call: &'a Call<Config>,
}

impl Compute<'_> {
    fn config(&self) -> &Config {
        &self.call.config
    }

    /// `projects/P/zones/Z/disks/NAME`.
    pub(crate) fn disk_path(&self, name: &str) -> String {
        let Config { project, zone, .. } = self.config();
        format!("projects/{project}/zones/{zone}/disks/{name}")
    }

    /// `projects/P/global/snapshots/NAME`.
    pub(crate) fn snapshot_path(&self, name: &str) -> String {
        format!("projects/{}/global/snapshots/{name}", self.config().project)
    }

    fn disk_type(&self) -> Option<String> {
        let Config { project, zone, .. } = self.config();
        let name = self.config().disk_type.as_ref()?;
        Some(format!("projects/{project}/zones/{zone}/diskTypes/{name}"))
    }

    fn request(&self, make: fn(&str, &[&str]) -> Request, scope: Scope, rest: &[&str]) -> Request {
        let Config { project, zone, .. } = self.config();
        let mut parts = vec!["compute", "v1", "projects", project];
        match scope {
            Scope::Zone => parts.extend(["zones", zone]),
            Scope::Global => parts.push("global"),
        }
        parts.extend(rest);
        make(SERVICE, &parts)
    }

    /// A disk; `None`: there is none of that name.
    pub(crate) fn disk(&self, name: &str) -> Result<Option<Disk>, Failure> {
        let request = self.request(Request::get, Scope::Zone, &["disks", name]);
        let disk: Disk = match read(&request.send()?) {
            Ok(disk) => disk,
            Err(Refusal::NotFound(_)) => return Ok(None),
            Err(refusal) => return Err(refusal.into()),
        };
        same("disk", &disk.self_link, &self.disk_path(name))?;
        same("disk", &disk.name, name)?;
        Ok(Some(disk))
    }

    /// A snapshot; `None`: there is none of that name, which the list says as well.
    pub(crate) fn snapshot(&self, name: &str) -> Result<Option<Snapshot>, Failure> {
        let request = self.request(Request::get, Scope::Global, &["snapshots", name]);
        let snapshot: Snapshot = match read(&request.send()?) {
            Ok(snapshot) => snapshot,
            Err(Refusal::NotFound(detail)) => return self.absent(name, &detail),
            Err(refusal) => return Err(refusal.into()),
        };
        same("snapshot", &snapshot.self_link, &self.snapshot_path(name))?;
        same("snapshot", &snapshot.name, name)?;
        Ok(Some(snapshot))
    }

    /// A single 404 deletes nothing from a catalog: the list must agree.
    fn absent(&self, name: &str, detail: &str) -> Result<Option<Snapshot>, Failure> {
        let request = self
            .request(Request::get, Scope::Global, &["snapshots"])
            .query("filter", format!("name=\"{name}\""));
        let found: Snapshots = read(&request.send()?)?;
        if found.kind != "compute#snapshotList"
            || !found.items.is_empty()
            || found.next_page_token.is_some()
        {
            return Err(Failure::other(format!(
                "the provider says both that {name} is there and that it is not ({detail})"
            )));
        }
        Ok(None)
    }

    /// One page of the tenant's snapshots, by name.
    pub(crate) fn snapshots(&self, page: Option<&str>, most: u32) -> Result<Snapshots, Failure> {
        let mut request = self
            .request(Request::get, Scope::Global, &["snapshots"])
            .query(
                "filter",
                format!("labels.{}=\"{}\"", crate::names::TENANT, self.call.tenant),
            )
            .query("maxResults", most);
        if let Some(page) = page {
            request = request.query("pageToken", page);
        }
        let found: Snapshots = read(&request.send()?)?;
        if found.kind != "compute#snapshotList" {
            return Err(Failure::other(format!(
                "asked for a list of snapshots, the provider answered {:?}",
                found.kind
            )));
        }
        Ok(found)
    }

    /// An operation in its own scope; `None`: Google has forgotten it.
    pub(crate) fn operation(&self, scope: Scope, name: &str) -> Result<Option<Operation>, Failure> {
        let request = self.request(Request::get, scope, &["operations", name]);
        let operation: Operation = match read(&request.send()?) {
            Ok(operation) => operation,
            Err(Refusal::NotFound(_)) => return Ok(None),
            Err(refusal) => return Err(refusal.into()),
        };
        same("operation", &operation.name, name)?;
        self.in_place(scope, &operation)?;
        Ok(Some(operation))
    }

    /// Begins a snapshot of a disk.
    pub(crate) fn insert_snapshot(
        &self,
        id: &str,
        body: &NewSnapshot,
    ) -> Result<Operation, Refusal> {
        let request = self.request(Request::post, Scope::Global, &["snapshots"]);
        self.begun(Scope::Global, request.json(body), id)
    }

    /// Begins to delete a snapshot.
    pub(crate) fn delete_snapshot(&self, id: &str, name: &str) -> Result<Operation, Refusal> {
        let request = self.request(Request::delete, Scope::Global, &["snapshots", name]);
        self.begun(Scope::Global, request, id)
    }

    /// Begins a disk.
    pub(crate) fn insert_disk(&self, id: &str, mut body: NewDisk) -> Result<Operation, Refusal> {
        body.disk_type = self.disk_type();
        let request = self.request(Request::post, Scope::Zone, &["disks"]);
        self.begun(Scope::Zone, request.json(&body), id)
    }

    /// Begins to remove a disk.
    pub(crate) fn delete_disk(&self, id: &str, name: &str) -> Result<Operation, Refusal> {
        let request = self.request(Request::delete, Scope::Zone, &["disks", name]);
        self.begun(Scope::Zone, request, id)
    }

    fn begun(&self, scope: Scope, request: Request, id: &str) -> Result<Operation, Refusal> {
        let answer = request
            .query("requestId", id)
            .send()
            .map_err(|error| Refusal::Failure(error.into()))?;
        let operation: Operation = read(&answer)?;
        self.in_place(scope, &operation).map_err(Refusal::Failure)?;
        if let Some(said) = &operation.client_operation_id {
            same("request id", &said.to_ascii_lowercase(), id).map_err(Refusal::Failure)?;
        }
        Ok(operation)
    }

    fn in_place(&self, scope: Scope, operation: &Operation) -> Result<(), Failure> {
        let Config { project, zone, .. } = self.config();
        let scope = match scope {
            Scope::Zone => format!("zones/{zone}"),
            Scope::Global => "global".to_owned(),
        };
        let expected = format!("projects/{project}/{scope}/operations/{}", operation.name);
        same("operation", &operation.self_link, &expected)
    }
}

/// Whether an answer is about what was asked for.
pub(crate) fn same(what: &str, said: &str, asked: &str) -> Result<(), Failure> {
    if path(said) == asked {
        return Ok(());
    }
    let said: String = said.chars().take(200).collect();
    Err(Failure::other(format!(
        "asked about the {what} {asked}, the provider answered about {said}"
    )))
}

/// What a snapshot is asked for with; output-only fields have no place here.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NewSnapshot {
    pub(crate) name: String,
    pub(crate) source_disk: String,
    pub(crate) labels: crate::names::Labels,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) storage_locations: Vec<String>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) guest_flush: bool,
}

/// What a disk is asked for with.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NewDisk {
    pub(crate) name: String,
    pub(crate) source_snapshot: String,
    pub(crate) labels: crate::names::Labels,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub(crate) disk_type: Option<String>,
}
