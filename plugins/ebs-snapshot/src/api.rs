//! Requests to EC2, and its answers taken apart.
//!
//! Owns: the forms of every request, and paging. Never: decides what an answer means for a run.

use std::collections::BTreeSet;

use roxmltree::{Document, Node};
use strongroom_plugin::http::{Request, Response};
use strongroom_plugin::provider::every_page;
use strongroom_plugin::{Call, Failure};

use crate::config::Config;
use crate::failures;
use crate::snapshot::{Found, reference};
use crate::tags::{self, RUN, TENANT};
use crate::volume::Volume;
use crate::xml::{items, text};

/// The service that an operator binds to EC2's endpoint of the region.
pub(crate) const SERVICE: &str = "ec2";
/// The version of the interface.
pub(crate) const VERSION: &str = "2016-11-15";
/// Most things on a page.
const PAGE: &str = "1000";
/// Most pages of one list; a million snapshots of one tenant are something else.
const PAGES: usize = 1000;

type Pairs = Vec<(String, String)>;

/// EC2 of one call.
pub(crate) struct Ec2<'a> {
    pub(crate) call: &'a Call<Config>,
}

fn pairs(pairs: &[(&str, &str)]) -> Pairs {
    let owned = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
    pairs.iter().map(owned).collect()
}

impl<'a> Ec2<'a> {
    pub(crate) fn of(call: &'a Call<Config>) -> Self {
        Self { call }
    }

    /// Sends one action. `read` takes what it needs out of the answer.
    fn act<T>(
        &self,
        what: &str,
        action: &str,
        more: Pairs,
        read: impl FnOnce(Node<'_, '_>) -> Option<T>,
    ) -> Result<T, Failure> {
        let mut form = pairs(&[("Action", action), ("Version", VERSION)]);
        form.extend(more);
        let response = Request::post(SERVICE, &[]).form(&form).send()?;
        if !response.is_success() {
            return Err(failures::of_answer(what, &response));
        }
        answer(action, &response, read).ok_or_else(|| failures::of_page(what, &response))
    }

    /// Everything of a list, page by page.
    fn all<T>(
        &self,
        what: &str,
        action: &str,
        list: &str,
        asked: &[(&str, &str)],
        one: impl Fn(Node<'_, '_>) -> Option<T>,
    ) -> Result<Vec<T>, Failure> {
        every_page(PAGES, |token| {
            let mut form = pairs(asked);
            // EC2 knows no pages where single things are named.
            if !asked.iter().any(|(key, _)| key.ends_with("Id.1")) {
                form.push(("MaxResults".to_owned(), PAGE.to_owned()));
            }
            form.extend(token.map(|token| ("NextToken".to_owned(), token.to_owned())));
            self.act(what, action, form, |root| {
                let page = items(root, list).map(&one).collect::<Option<Vec<T>>>()?;
                Some((page, text(root, "nextToken").map(str::to_owned)))
            })
        })
    }

    /// The tenant's snapshots, oldest first; those of one run, or with one id.
    fn snapshots(&self, what: &str, asked: &[(&str, &str)]) -> Result<Vec<Found>, Failure> {
        let tenant = self.call.tenant.as_str();
        let filter = format!("tag:{TENANT}");
        let mut form = vec![
            ("Filter.1.Name", filter.as_str()),
            ("Filter.1.Value.1", tenant),
        ];
        form.extend(asked);
        let mut found = self.all(what, "DescribeSnapshots", "snapshotSet", &form, Found::read)?;
        found.sort_by(|a, b| (a.started, &a.id).cmp(&(b.started, &b.id)));
        let mut ids = BTreeSet::new();
        for one in &found {
            if !tags::all(&one.tags, &[(TENANT, tenant)]) || !ids.insert(&one.id) {
                return Err(unasked(what, &one.id));
            }
        }
        Ok(found)
    }

    /// Every snapshot of the tenant.
    pub(crate) fn every_snapshot(&self) -> Result<Vec<Found>, Failure> {
        self.snapshots(&format!("the snapshots of {}", self.call.tenant), &[])
    }

    /// What this run has made so far.
    pub(crate) fn of_run(&self) -> Result<Vec<Found>, Failure> {
        let run = self.call.run_id.as_str();
        let filter = format!("tag:{RUN}");
        let what = format!("the snapshots of run {run}");
        let asked = [
            ("Filter.2.Name", filter.as_str()),
            ("Filter.2.Value.1", run),
        ];
        let found = self.snapshots(&what, &asked)?;
        match found
            .iter()
            .find(|one| !tags::all(&one.tags, &[(RUN, run)]))
        {
            Some(other) => Err(unasked(&what, &other.id)),
            None => Ok(found),
        }
    }

    /// One snapshot of the tenant.
    pub(crate) fn snapshot(&self, id: &str) -> Result<Found, Failure> {
        let what = format!("snapshot {id}");
        let found = self.snapshots(&what, &[("SnapshotId.1", id)])?;
        match found.as_slice() {
            [one] if one.id == id => Ok(one.clone()),
            [] => Err(Failure::not_found(format!(
                "{what} is not one of {}",
                self.call.tenant
            ))),
            [other, ..] => Err(unasked(&what, &other.id)),
        }
    }

    /// Begins a snapshot; returns its id.
    pub(crate) fn create(&self, volume: &str, description: &str) -> Result<String, Failure> {
        let what = format!("a snapshot of volume {volume}");
        let run = self.call.run_id.as_str();
        let mut form = pairs(&[("VolumeId", volume), ("Description", description)]);
        let tags = [
            (TENANT, self.call.tenant.as_str()),
            (RUN, run),
            (tags::NAME, description),
        ];
        form.extend(tags::form("snapshot", &tags));
        let (id, of) = self.act(&what, "CreateSnapshot", form, |root| {
            Some((
                text(root, "snapshotId")?.to_owned(),
                text(root, "volumeId")?.to_owned(),
            ))
        })?;
        if of == volume {
            Ok(id)
        } else {
            Err(unasked(&what, &format!("{id} of {of}")))
        }
    }

    /// Begins a copy of a snapshot of another region; returns the copy's id.
    pub(crate) fn copy(
        &self,
        region: &str,
        id: &str,
        description: &str,
    ) -> Result<String, Failure> {
        let from = reference(region, id);
        let mut form = pairs(&[
            ("SourceRegion", region),
            ("SourceSnapshotId", id),
            ("Description", description),
        ]);
        let tags = [
            (TENANT, self.call.tenant.as_str()),
            (RUN, self.call.run_id.as_str()),
            (tags::COPIED_FROM, from.as_str()),
            (tags::NAME, description),
        ];
        form.extend(tags::form("snapshot", &tags));
        let what = format!("a copy of snapshot {from}");
        self.act(&what, "CopySnapshot", form, |root| {
            Some(text(root, "snapshotId")?.to_owned())
        })
    }

    /// Deletes a snapshot.
    pub(crate) fn delete(&self, id: &str) -> Result<(), Failure> {
        let what = format!("deleting snapshot {id}");
        let form = pairs(&[("SnapshotId", id)]);
        self.act(&what, "DeleteSnapshot", form, succeeded)
    }

    /// The volume that snapshots are made of.
    pub(crate) fn source(&self, id: &str) -> Result<Volume, Failure> {
        let what = format!("volume {id}");
        let asked = [("VolumeId.1", id)];
        let found = self.all(&what, "DescribeVolumes", "volumeSet", &asked, Volume::read)?;
        match found.as_slice() {
            [one] if one.id == id => Ok(one.clone()),
            [] => Err(Failure::not_found(format!("{what} is not there"))),
            [other, ..] => Err(unasked(&what, &other.id)),
        }
    }

    /// The volumes that were made of snapshots for the tenant, and are not on their way out.
    pub(crate) fn made(&self) -> Result<Vec<Volume>, Failure> {
        let tenant = self.call.tenant.as_str();
        let what = format!("the volumes of {tenant}");
        let filter = format!("tag:{TENANT}");
        let asked = [
            ("Filter.1.Name", filter.as_str()),
            ("Filter.1.Value.1", tenant),
        ];
        let mut found = self.all(&what, "DescribeVolumes", "volumeSet", &asked, Volume::read)?;
        if let Some(other) = found
            .iter()
            .find(|one| !tags::all(&one.tags, &[(TENANT, tenant)]))
        {
            return Err(unasked(&what, &other.id));
        }
        found.retain(|one| !matches!(one.state.as_str(), "deleting" | "deleted"));
        Ok(found)
    }

    /// Begins a volume of a snapshot; returns its id.
    pub(crate) fn create_volume(
        &self,
        snapshot: &str,
        purpose: &str,
        name: &str,
        token: &str,
    ) -> Result<String, Failure> {
        let mut form = pairs(&[
            ("SnapshotId", snapshot),
            ("AvailabilityZone", self.call.config.zone()?),
            ("ClientToken", token),
        ]);
        if let Some(kind) = &self.call.config.volume_type {
            form.push(("VolumeType".to_owned(), kind.clone()));
        }
        let tags = [
            (TENANT, self.call.tenant.as_str()),
            (RUN, self.call.run_id.as_str()),
            (tags::PURPOSE, purpose),
            (tags::NAME, name),
        ];
        form.extend(tags::form("volume", &tags));
        let what = format!("a volume of snapshot {snapshot}");
        let (id, of) = self.act(&what, "CreateVolume", form, |root| {
            Some((
                text(root, "volumeId")?.to_owned(),
                text(root, "snapshotId")?.to_owned(),
            ))
        })?;
        if of == snapshot {
            Ok(id)
        } else {
            Err(unasked(&what, &format!("{id} of {of}")))
        }
    }

    /// Deletes a scratch volume.
    pub(crate) fn delete_volume(&self, id: &str) -> Result<(), Failure> {
        let what = format!("deleting scratch volume {id}");
        self.act(&what, "DeleteVolume", pairs(&[("VolumeId", id)]), succeeded)
    }
}

fn succeeded(root: Node<'_, '_>) -> Option<()> {
    let said = text(root, "return");
    said.is_none_or(|said| said == "true").then_some(())
}

/// Reads an answer, if it is the answer to this action and has everything in it.
fn answer<T>(
    action: &str,
    response: &Response,
    read: impl FnOnce(Node<'_, '_>) -> Option<T>,
) -> Option<T> {
    let document = Document::parse(std::str::from_utf8(&response.body).ok()?).ok()?;
    let root = document.root_element();
    if root.tag_name().name().strip_suffix("Response") != Some(action) {
        return None;
    }
    read(root)
}

/// An answer about something else than what was asked for is not believed.
fn unasked(what: &str, told: &str) -> Failure {
    Failure::other(format!("{what} was asked for, and EC2 tells of {told}"))
}
