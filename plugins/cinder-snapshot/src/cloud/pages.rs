//! Lists, which come in pages: a server cuts them where it likes, whatever limit it was asked for.

use serde::Deserialize;
use strongroom_plugin::Failure;
use strongroom_plugin::http::Request;
use strongroom_plugin::provider::every_page;

use super::{Cloud, Snapshot, Volume, fault, marks, read, send};
use crate::endpoints::SERVICE;

/// Pages of one search, which is for a handful of things: a server that never comes to an end must not hold us.
const PAGES: usize = 100;

#[derive(Deserialize)]
struct Snapshots {
    snapshots: Vec<Snapshot>,
    #[serde(default)]
    snapshots_links: Vec<Link>,
}

#[derive(Deserialize)]
struct Volumes {
    volumes: Vec<Volume>,
    #[serde(default)]
    volumes_links: Vec<Link>,
}

#[derive(Deserialize)]
struct Link {
    rel: String,
}

/// Some of a list, and after which one the next page begins.
pub(crate) struct Page<T> {
    pub(crate) items: Vec<T>,
    pub(crate) next: Option<String>,
}

impl Cloud<'_> {
    /// The tenant's snapshots, or one run's, oldest first; nothing that is marked otherwise, whatever the service answers.
    pub(crate) fn page(
        &self,
        run: Option<&str>,
        marker: Option<&str>,
        limit: u32,
    ) -> Result<Page<Snapshot>, Failure> {
        let mut request = Request::get(SERVICE, &[self.project, "snapshots", "detail"])
            .query("metadata", marks::having(self.tenant, run))
            .query("sort", "created_at:asc")
            .query("limit", limit);
        if let Some(marker) = marker {
            request = request.query("marker", marker);
        }
        let response = send(request)?;
        if let Some(marker) = marker
            && fault::is_absent(&response, marker)
        {
            return Err(Failure::unavailable(format!(
                "snapshot {marker}, with which the last page ended, was deleted meanwhile: the list must be read anew"
            )));
        }
        if !response.is_success() {
            let what = format!("list the snapshots of {}", self.tenant);
            return Err(fault::failure(&response, &what));
        }
        let Snapshots {
            snapshots: mut items,
            snapshots_links,
        } = read(&response)?;
        let ids = items.iter().map(|snapshot| snapshot.id.as_str());
        let next = next(ids, &snapshots_links, marker)?;
        items.retain(|snapshot| snapshot.marks().fit(self.tenant, run));
        Ok(Page { items, next })
    }

    /// What this run has made already.
    pub(crate) fn of_run(&self) -> Result<Vec<Snapshot>, Failure> {
        every_page(PAGES, |marker| {
            let page = self.page(Some(self.run), marker, 100)?;
            Ok((page.items, page.next))
        })
    }

    /// The project's volumes of this name; it need not be one.
    pub(crate) fn named(&self, name: &str) -> Result<Vec<Volume>, Failure> {
        every_page(PAGES, |marker| {
            let mut request = Request::get(SERVICE, &[self.project, "volumes", "detail"])
                .query("name", name)
                .query("sort", "created_at:asc");
            if let Some(marker) = marker {
                request = request.query("marker", marker);
            }
            let response = super::accepted(request, &format!("list volumes called {name}"))?;
            let Volumes {
                volumes,
                volumes_links,
            } = read(&response)?;
            let ids = volumes.iter().map(|volume| volume.id.as_str());
            let next = next(ids, &volumes_links, marker)?;
            let here = volumes.into_iter();
            let here = here.filter(|volume| volume.name.as_deref() == Some(name));
            Ok((here.collect(), next))
        })
    }
}

/// The last one of a page, if the service says that more follow.
fn next<'a>(
    ids: impl Iterator<Item = &'a str>,
    links: &[Link],
    marker: Option<&str>,
) -> Result<Option<String>, Failure> {
    let ids: Vec<&str> = ids.collect();
    if marker.is_some_and(|marker| ids.contains(&marker)) {
        return Err(Failure::other(
            "the provider answered the next page of a list with the one before",
        ));
    }
    let more = links.iter().any(|link| link.rel == "next");
    Ok(ids.last().filter(|_| more).map(|id| (*id).to_owned()))
}
