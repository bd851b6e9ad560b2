//! Keeps snapshots at the test provider as the contract says, and breaks the one rule that its configuration names.
//!
//! Owns: one word per broken rule, each at the place where a plugin would break it.
//! Never: shipped. Read next: `shelf.rs`, the requests.

#![expect(clippy::panic, reason = "crashing is one of the rules it breaks")]

mod shelf;

use schemars::JsonSchema;
use serde::Deserialize;
use strongroom_plugin::http::Endpoint;
use strongroom_plugin::{
    Call, Description, Evidence, Failure, Instant, Operation, Page, Plugin, Snapshot,
    SnapshotState, Snapshots, Step, Target, state,
};

use shelf::{Item, Shelf};

/// Which rule is broken.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// None: it behaves.
    pub breaks: Option<Rule>,
}

/// Every way to be contrary.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Rule {
    /// Makes a snapshot whenever it is asked.
    TwoForOneRun,
    /// Lists the newest first.
    NewestFirst,
    /// Begins each page with the end of the page before.
    RepeatsOnPages,
    /// Takes any cursor for the beginning.
    TakesAnyCursor,
    /// Lists other tenants' snapshots as this one's.
    ShowsOthers,
    /// Deletes other tenants' snapshots.
    DeletesForAnyone,
    /// Deletes another snapshot beside the one that was named.
    DeletesNeighbour,
    /// Says that it deleted, and does not.
    KeepsWhatItDeletes,
    /// Creates in a dry run.
    CreatesInDryRun,
    /// Deletes in a dry run.
    DeletesInDryRun,
    /// Remembers something in a dry run.
    RemembersInDryRun,
    /// Begins an operation in a dry run.
    BeginsInDryRun,
    /// Tells `verify` and does not look.
    VerifiesNothing,
    /// Copies without telling `copy`.
    CopiesUntold,
    /// Gives up where it was only asked to wait.
    FatalWhenThrottled,
    /// Waits less than it was asked to.
    HastyWhenThrottled,
    /// Asks again at once, and again.
    AsksAgainAtOnce,
    /// Takes what it cannot read for nothing.
    BelievesPages,
    /// Gives up where an answer was lost.
    FatalWhenLost,
    /// Crashes on a handle that is none.
    CrashesOnHandles,
    /// Takes any handle for one of its own.
    TakesAnyHandle,
    /// Forgets an operation as soon as it told its end.
    ForgetsOperations,
    /// Tells another size each time.
    ChangesSizes,
    /// Reports another source than the one it reads back.
    ReportsOtherSource,
    /// Crashes on a reference that is none.
    CrashesOnReferences,
    /// Restores into what is taken.
    OverwritesOnRestore,
    /// Calls a snapshot finished that is not.
    FinishesEarly,
    /// Asks for what is not granted, and goes on without it.
    AsksForMore,
}

struct Contrary;

impl Plugin for Contrary {
    type Config = Config;

    fn describe() -> Description {
        Description::new("contrary", "0.1.0", "Keeps snapshots and breaks a rule.")
            .needs_state("to break a rule")
            .has(&["idempotent-create", "restore", "verify"])
            .lacks(&["restore-paths", "copy"])
            .endpoints(endpoints())
    }
}

fn endpoints() -> [Endpoint; 7] {
    [
        Endpoint::read("list", "shelf", "GET /snapshots")
            .query(&["tenant", "run", "after", "limit"])
            .because("to list snapshots"),
        Endpoint::read("look", "shelf", "GET /snapshots/{snapshot?}").because("to look at one"),
        Endpoint::write("make", "shelf", "POST /snapshots")
            .json(&["tenant={tenant}", "run"])
            .because("to make one"),
        Endpoint::write("remove", "shelf", "DELETE /snapshots/{snapshot?}")
            .because("to delete one"),
        Endpoint::read("look-at-disk", "shelf", "GET /disks/{disk?}")
            .because("to see whether a place is taken"),
        Endpoint::write("restore", "shelf", "PUT /disks/{disk?}")
            .json(&["snapshot"])
            .because("to restore one"),
        Endpoint::write("wipe", "shelf", "DELETE /disks/{disk?}").because("to break a rule"),
    ]
}

impl Snapshots for Contrary {
    fn start_create(call: Call<Config>) -> Result<Step, Failure> {
        let shelf = Shelf::of(&call);
        if call.dry_run {
            return dry_create(&shelf, &call);
        }
        let found = match shelf.breaks(Rule::TwoForOneRun) {
            true => None,
            false => shelf.of_run(&call.run_id)?,
        };
        let item = match found {
            Some(item) => item,
            None => shelf.make(&call.run_id)?,
        };
        Ok(how_far(&shelf, &item))
    }

    fn poll(call: Call<Config>, operation: Vec<u8>) -> Result<Step, Failure> {
        let shelf = Shelf::of(&call);
        let text = String::from_utf8(operation).unwrap_or_default();
        if text == "restored" {
            return Ok(Evidence::new().into());
        }
        if !shelf::is_reference(&text) {
            if shelf.breaks(Rule::CrashesOnHandles) {
                panic!("what is {text:?}?");
            }
            if shelf.breaks(Rule::TakesAnyHandle) {
                return Ok(Operation::new("restored", "sure").into());
            }
            return Err(Failure::invalid("this is no handle of mine"));
        }
        if shelf.breaks(Rule::ForgetsOperations) && state::get(&text)?.is_some() {
            return Err(Failure::not_found("that is over"));
        }
        let item = shelf.look(&text)?;
        let step = how_far(&shelf, &item);
        if shelf.breaks(Rule::ForgetsOperations) && matches!(step, Step::Done(_)) {
            state::set(&text, b"over", None)?;
        }
        Ok(step)
    }

    fn get(call: Call<Config>, reference: &str) -> Result<Snapshot, Failure> {
        let shelf = Shelf::of(&call);
        if shelf.breaks(Rule::AsksForMore) {
            shelf.peep();
        }
        let item = match shelf.breaks(Rule::ShowsOthers) {
            true => shelf.look(reference)?,
            false => shelf.own(reference)?,
        };
        Ok(snapshot(&shelf, item))
    }

    fn list(call: Call<Config>, cursor: Option<&str>, limit: u32) -> Result<Page, Failure> {
        let shelf = Shelf::of(&call);
        let cursor = match cursor {
            Some(cursor) if !shelf::is_reference(cursor) => {
                if !shelf.breaks(Rule::TakesAnyCursor) {
                    return Err(Failure::invalid("this is no cursor of mine"));
                }
                None
            }
            other => other,
        };
        let mut items = shelf.list(cursor, limit)?;
        let more = items.len() > limit as usize;
        items.truncate(limit as usize);
        let next = items.last().map(|item| item.id.clone()).filter(|_| more);
        if let (Some(cursor), true) = (cursor, shelf.breaks(Rule::RepeatsOnPages)) {
            items.insert(0, shelf.look(cursor)?);
            items.truncate(limit as usize);
        }
        if shelf.breaks(Rule::NewestFirst) {
            items.reverse();
        }
        let snapshots = items
            .into_iter()
            .map(|item| snapshot(&shelf, item))
            .collect();
        Ok(Page { snapshots, next })
    }

    fn start_delete(call: Call<Config>, reference: &str) -> Result<Step, Failure> {
        let shelf = Shelf::of(&call);
        let item = match shelf.breaks(Rule::DeletesForAnyone) {
            true => shelf.look(reference)?,
            false => shelf.own(reference)?,
        };
        if call.dry_run {
            if shelf.breaks(Rule::DeletesInDryRun) {
                let _denied = shelf.remove(&item.id).is_ok();
            }
            return Ok(Evidence::new().fact("would-delete", reference).into());
        }
        if shelf.breaks(Rule::DeletesNeighbour) {
            let all = shelf.list(None, 100)?;
            if let Some(other) = all.iter().find(|other| other.id != item.id) {
                shelf.remove(&other.id)?;
            }
        }
        if !shelf.breaks(Rule::KeepsWhatItDeletes) {
            shelf.remove(&item.id)?;
        }
        Ok(Evidence::new().fact("deleted", reference).into())
    }

    fn start_restore(
        call: Call<Config>,
        reference: &str,
        target: &Target,
    ) -> Result<Step, Failure> {
        let shelf = Shelf::of(&call);
        let place = target.whole("only whole snapshots are restored")?;
        let item = shelf.own(reference)?;
        if call.dry_run {
            return Ok(Evidence::new().fact("would-restore", reference).into());
        }
        if shelf.is_taken(place)? {
            if !shelf.breaks(Rule::OverwritesOnRestore) {
                return Err(Failure::conflict("the place is taken"));
            }
            shelf.wipe(place)?;
        }
        shelf.restore(place, &item.id)?;
        Ok(Operation::new("restored", "restoring").into())
    }

    fn start_verify(call: Call<Config>, reference: &str) -> Result<Step, Failure> {
        let shelf = Shelf::of(&call);
        if shelf.breaks(Rule::VerifiesNothing) {
            return Ok(Evidence::new().into());
        }
        shelf.own(reference)?;
        Ok(Evidence::new().fact("checked", "bytes").into())
    }

    fn start_copy(call: Call<Config>, reference: &str) -> Result<Step, Failure> {
        if Shelf::of(&call).breaks(Rule::CopiesUntold) {
            return Ok(Evidence::new().snapshot(reference).into());
        }
        Err(Failure::invalid("this plugin does not copy snapshots"))
    }
}

fn dry_create(shelf: &Shelf, call: &Call<Config>) -> Result<Step, Failure> {
    if shelf.breaks(Rule::CreatesInDryRun) {
        let _denied = shelf.make(&call.run_id).is_ok();
    }
    if shelf.breaks(Rule::RemembersInDryRun) {
        let _denied = state::set("last", b"now", None).is_ok();
    }
    if shelf.breaks(Rule::BeginsInDryRun) {
        return Ok(Operation::new("restored", "begun").into());
    }
    shelf.list(None, 1)?;
    Ok(Evidence::new().fact("would-make", &call.run_id).into())
}

fn how_far(shelf: &Shelf, item: &Item) -> Step {
    if !item.ready && !shelf.breaks(Rule::FinishesEarly) {
        let mut operation = Operation::new(item.id.as_bytes(), "in the making");
        operation.poll_after = std::time::Duration::from_millis(100);
        return operation.into();
    }
    let source = match shelf.breaks(Rule::ReportsOtherSource) {
        true => "another-disk",
        false => shelf::SOURCE,
    };
    let evidence = Evidence::new().snapshot(&item.id).fact("source", source);
    evidence.bytes(item.size).into()
}

fn snapshot(shelf: &Shelf, item: Item) -> Snapshot {
    let size = match shelf.breaks(Rule::ChangesSizes) {
        true => item.looks,
        false => item.size,
    };
    let tenant = match shelf.breaks(Rule::ShowsOthers) {
        true => shelf.tenant.clone(),
        false => item.tenant,
    };
    Snapshot {
        reference: item.id,
        tenant,
        run_id: Some(item.run),
        taken_at: Instant(item.taken),
        state: if item.ready {
            SnapshotState::Ready
        } else {
            SnapshotState::Creating
        },
        size: Some(size),
        source: Some(shelf::SOURCE.to_owned()),
        place: None,
        labels: vec![("kept".to_owned(), "well".to_owned())],
    }
}

strongroom_plugin::snapshots!(Contrary);
