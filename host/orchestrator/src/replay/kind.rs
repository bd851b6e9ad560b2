//! The words of a cassette for calls.

use strongroom_config::cassette::CallKind;
use strongroom_sandbox::role::snapshots::Action;
use strongroom_sandbox::role::{Request, task};

/// The word for a call; `None`: a simulation does not make it.
pub(super) fn kind_of(request: &Request) -> Option<CallKind> {
    Some(match request {
        Request::Task(task::Action::Run) => CallKind::Run,
        Request::Snapshots(Action::Create | Action::Copy { .. }) => CallKind::Create,
        Request::Snapshots(Action::Poll { .. }) | Request::Task(task::Action::Poll { .. }) => {
            CallKind::Poll
        }
        Request::Get(_) => CallKind::Get,
        Request::Snapshots(Action::Delete { .. }) => CallKind::Delete,
        Request::Snapshots(Action::Verify { .. }) => CallKind::Verify,
        Request::List(_) | Request::Snapshots(Action::Restore { .. }) => return None,
    })
}
