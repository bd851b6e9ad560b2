//! The requests to the test provider, and what its answers mean.

use std::time::Duration;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use strongroom_plugin::http::{Error, Request, Response};
use strongroom_plugin::{Call, Failure};

use crate::{Config, Rule};

/// What all snapshots are of.
pub(crate) const SOURCE: &str = "disk-1";

/// One snapshot, as the provider tells it.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Item {
    pub(crate) id: String,
    pub(crate) tenant: String,
    pub(crate) run: String,
    pub(crate) taken: i64,
    pub(crate) size: u64,
    pub(crate) ready: bool,
    /// How often it was looked at.
    pub(crate) looks: u64,
}

#[derive(Deserialize)]
struct Listed {
    items: Vec<Item>,
}

/// The provider, for one call.
pub(crate) struct Shelf {
    pub(crate) tenant: String,
    breaks: Option<Rule>,
}

/// Whether a text is a name of the provider's for a snapshot.
pub(crate) fn is_reference(text: &str) -> bool {
    let number = text.strip_prefix("s-");
    number.is_some_and(|number| number.len() == 6 && number.bytes().all(|b| b.is_ascii_digit()))
}

impl Shelf {
    pub(crate) fn of(call: &Call<Config>) -> Self {
        Self {
            tenant: call.tenant.clone(),
            breaks: call.config.breaks,
        }
    }

    pub(crate) fn breaks(&self, rule: Rule) -> bool {
        self.breaks == Some(rule)
    }

    pub(crate) fn of_run(&self, run: &str) -> Result<Option<Item>, Failure> {
        let request = Request::get("shelf", &["snapshots"])
            .query("tenant", &self.tenant)
            .query("run", run)
            .query("limit", 1);
        let listed: Listed = self.read(request)?;
        Ok(listed.items.into_iter().next())
    }

    /// One more than asked for, if there are more.
    pub(crate) fn list(&self, after: Option<&str>, limit: u32) -> Result<Vec<Item>, Failure> {
        let mut request = Request::get("shelf", &["snapshots"]).query("limit", limit + 1);
        if !self.breaks(Rule::ShowsOthers) {
            request = request.query("tenant", &self.tenant);
        }
        if let Some(after) = after {
            request = request.query("after", after);
        }
        let answer: Result<Listed, Failure> = self.read(request);
        match answer {
            Err(Failure::Other(_)) if self.breaks(Rule::BelievesPages) => Ok(Vec::new()),
            other => Ok(other?.items),
        }
    }

    pub(crate) fn look(&self, reference: &str) -> Result<Item, Failure> {
        if !is_reference(reference) {
            if self.breaks(Rule::CrashesOnReferences) {
                panic!("what is {reference:?}?");
            }
            return Err(Failure::not_found("there is no such snapshot"));
        }
        self.read(Request::get("shelf", &["snapshots", reference]))
    }

    /// One of this tenant's.
    pub(crate) fn own(&self, reference: &str) -> Result<Item, Failure> {
        let item = self.look(reference)?;
        if item.tenant != self.tenant {
            return Err(Failure::not_found("this tenant has no such snapshot"));
        }
        Ok(item)
    }

    pub(crate) fn make(&self, run: &str) -> Result<Item, Failure> {
        let body = serde_json::json!({ "tenant": self.tenant, "run": run });
        self.read(Request::post("shelf", &["snapshots"]).json(&body))
    }

    pub(crate) fn remove(&self, id: &str) -> Result<(), Failure> {
        self.done(Request::delete("shelf", &["snapshots", id]))
    }

    pub(crate) fn is_taken(&self, disk: &str) -> Result<bool, Failure> {
        match self.send(Request::get("shelf", &["disks", disk])) {
            Ok(_) => Ok(true),
            Err(Failure::NotFound(_)) => Ok(false),
            Err(other) => Err(other),
        }
    }

    pub(crate) fn restore(&self, disk: &str, id: &str) -> Result<(), Failure> {
        let body = serde_json::json!({ "snapshot": id });
        self.done(Request::put("shelf", &["disks", disk]).json(&body))
    }

    pub(crate) fn wipe(&self, disk: &str) -> Result<(), Failure> {
        self.done(Request::delete("shelf", &["disks", disk]))
    }

    /// Asks for what nobody granted.
    pub(crate) fn peep(&self) {
        let _denied = self.send(Request::get("shelf", &["secrets"])).is_ok();
    }

    fn read<T: DeserializeOwned>(&self, request: Request) -> Result<T, Failure> {
        self.send(request)?.json()
    }

    /// An answer without content.
    fn done(&self, request: Request) -> Result<(), Failure> {
        let answer = self.send(request)?;
        if answer.body.is_empty() || self.breaks(Rule::BelievesPages) {
            return Ok(());
        }
        Err(Failure::other(format!(
            "an answer without content was expected: {}",
            answer.shown()
        )))
    }

    fn send(&self, request: Request) -> Result<Response, Failure> {
        let tries = if self.breaks(Rule::AsksAgainAtOnce) {
            20
        } else {
            1
        };
        let mut last = Err(Failure::other("nothing was asked"));
        for _ in 0..tries {
            last = self.once(request.clone());
            let passing = matches!(last, Err(Failure::Throttled(..) | Failure::Unavailable(_)));
            if !passing {
                break;
            }
        }
        last
    }

    fn once(&self, request: Request) -> Result<Response, Failure> {
        let answer = match request.send() {
            Ok(answer) => answer,
            Err(Error::Unreachable(what)) if self.breaks(Rule::FatalWhenLost) => {
                return Err(Failure::other(what));
            }
            Err(error) => return Err(error.into()),
        };
        if answer.is_success() {
            return Ok(answer);
        }
        let failure = answer.failure(format!("the provider answered {}", answer.status));
        Err(match failure {
            Failure::Throttled(what, _) if self.breaks(Rule::FatalWhenThrottled) => {
                Failure::invalid(what)
            }
            Failure::Throttled(what, _) if self.breaks(Rule::HastyWhenThrottled) => {
                Failure::throttled(what, Duration::from_secs(1))
            }
            other => other,
        })
    }
}
