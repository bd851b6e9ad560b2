//! The role `snapshots`: one snapshot of each state, and a request to a provider.

use strongroom_plugin::bindings::http::wasi::http::outgoing_handler;
use strongroom_plugin::bindings::http::wasi::http::types::{
    ErrorCode, Fields, OutgoingRequest, Scheme,
};
use strongroom_plugin::bindings::snapshots;
use strongroom_plugin::bindings::snapshots::exports::strongroom::plugin::snapshots::{
    Guest, Page, Snapshot, State, Target,
};
use strongroom_plugin::bindings::types::{Call, Failure, FailureKind, Step};

use crate::{Plain, done, extra, failed, fails, later, pair, running};

impl Guest for Plain {
    fn start_create(call: Call) -> Result<Step, Failure> {
        match call.dry_run {
            true => Ok(done(call, vec![pair("would-create", "made")])),
            false => Ok(running(b"made")),
        }
    }

    fn poll(call: Call, operation: Vec<u8>) -> Result<Step, Failure> {
        let name = String::from_utf8(operation).unwrap_or_default();
        match (fails(&name), name.as_str()) {
            (Some(failure), _) => Err(failure),
            (None, "later") => Ok(later()),
            (None, _) => Ok(done(
                call,
                vec![
                    pair("snapshot", &name),
                    pair("bytes", "7"),
                    pair("source", "disk"),
                ],
            )),
        }
    }

    fn get(call: Call, reference: String) -> Result<Snapshot, Failure> {
        let state = match reference.as_str() {
            "creating" => State::Creating,
            "failed" => State::Failed,
            "deleting" => State::Deleting,
            "archived" => State::Other(reference.clone()),
            name => match fails(name) {
                Some(failure) => return Err(failure),
                None => State::Ready,
            },
        };
        Ok(snapshot(&call, &reference, state))
    }

    fn list(call: Call, cursor: Option<String>, _limit: u32) -> Result<Page, Failure> {
        let (reference, next) = match cursor {
            None => ("first", Some("next".to_owned())),
            Some(_) => ("second", None),
        };
        Ok(Page {
            snapshots: vec![snapshot(&call, reference, State::Ready)],
            next,
            extra: extra(),
        })
    }

    fn start_delete(call: Call, reference: String) -> Result<Step, Failure> {
        match fails(&reference) {
            Some(failure) => Err(failure),
            None => Ok(done(call, vec![pair("deleted", &reference)])),
        }
    }

    fn start_restore(call: Call, reference: String, target: Target) -> Result<Step, Failure> {
        let mut facts = vec![pair("restored", &reference), pair("place", &target.place)];
        for path in target.paths {
            facts.push(pair("path", &String::from_utf8_lossy(&path)));
        }
        Ok(done(call, facts))
    }

    fn start_verify(_call: Call, _reference: String) -> Result<Step, Failure> {
        Err(failed(FailureKind::Corrupt, "one\ntwo"))
    }

    fn start_copy(call: Call, reference: String) -> Result<Step, Failure> {
        match look() {
            Ok(()) => Ok(done(call, vec![pair("snapshot", &reference)])),
            Err(ErrorCode::HttpRequestDenied) => Err(failed(FailureKind::Denied, "look")),
            Err(_) => Err(failed(FailureKind::Unavailable, "look")),
        }
    }
}

fn snapshot(call: &Call, reference: &str, state: State) -> Snapshot {
    Snapshot {
        reference: reference.to_owned(),
        tenant: call.tenant.clone(),
        run_id: Some(call.run_id.clone()),
        taken_at: call.due,
        state,
        size: Some(7),
        source: Some("disk".to_owned()),
        place: Some("here".to_owned()),
        labels: vec![pair("kept", "well")],
        extra: extra(),
    }
}

/// Sends the one request and waits for the beginning of its answer.
fn look() -> Result<(), ErrorCode> {
    let request = OutgoingRequest::new(Fields::new());
    let sound = request.set_scheme(Some(&Scheme::Https)).is_ok()
        && request.set_authority(Some("things")).is_ok()
        && request.set_path_with_query(Some("/things/one")).is_ok();
    if !sound {
        return Err(ErrorCode::HttpRequestUriInvalid);
    }
    let answer = outgoing_handler::handle(request, None)?;
    answer.subscribe().block();
    match answer.get() {
        Some(Ok(Ok(_))) => Ok(()),
        Some(Ok(Err(code))) => Err(code),
        _ => Err(ErrorCode::InternalError(None)),
    }
}

snapshots::export_snapshots!(Plain with_types_in snapshots);
