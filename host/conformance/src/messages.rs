//! What a plugin did, in words for its author.

use strongroom_domain::retry::FailureKind;
use strongroom_sandbox::call::{CallResult, Step};
use strongroom_sandbox::role::snapshots::{Action, SnapshotInfo};
use strongroom_sandbox::role::{Answer, Request, task};

use super::gates::Sent;

/// The function of the contract.
pub(super) fn function(request: &Request) -> &'static str {
    match request {
        Request::Task(task::Action::Run) => "run",
        Request::Task(task::Action::Poll { .. }) | Request::Snapshots(Action::Poll { .. }) => {
            "poll"
        }
        Request::Snapshots(Action::Create) => "start-create",
        Request::Get(_) => "get",
        Request::List(_) => "list",
        Request::Snapshots(Action::Delete { .. }) => "start-delete",
        Request::Snapshots(Action::Restore { .. }) => "start-restore",
        Request::Snapshots(Action::Verify { .. }) => "start-verify",
        Request::Snapshots(Action::Copy { .. }) => "start-copy",
    }
}

/// What a call came to, after "it …".
pub(super) fn result<A: Clone + Into<Answer>>(result: &CallResult<A>) -> String {
    match result {
        CallResult::Answered(answer) => answered(answer.clone().into()),
        CallResult::Failed(failure) if failure.kind == FailureKind::Crashed => {
            let detail = failure.detail.as_str();
            match detail.strip_prefix("the plugin stopped: ") {
                Some(seen) => format!("crashed: {}", short(seen)),
                None => short(detail.strip_prefix("the plugin ").unwrap_or(detail)),
            }
        }
        CallResult::Failed(failure) => {
            format!("answered `{}`: {}", failure.kind, short(&failure.detail))
        }
        CallResult::TimedOut => "was stopped at its deadline".to_owned(),
        CallResult::Refused(rule) => format!("broke a limit of the contract: {}", short(rule)),
    }
}

fn answered(answer: Answer) -> String {
    match answer {
        Answer::Step(Step::Done(evidence)) => {
            let pairs: Vec<String> = evidence
                .0
                .iter()
                .take(6)
                .map(|(kind, value)| format!("{kind} = {}", short(value)))
                .collect();
            format!("answered `done` ({})", pairs.join(", "))
        }
        Answer::Step(Step::Running(operation)) => {
            format!("answered `running` ({})", short(&operation.note))
        }
        Answer::Snapshot(info) => format!("answered with {}", snapshot(&info)),
        Answer::Page(page) => format!(
            "answered with a page of {} snapshots{}",
            page.snapshots.len(),
            if page.next.is_some() {
                " and a cursor"
            } else {
                ""
            }
        ),
    }
}

/// A snapshot, short.
pub(super) fn snapshot(info: &SnapshotInfo) -> String {
    format!(
        "the snapshot `{}` ({}, of tenant `{}`)",
        short(&info.reference),
        state(info),
        short(&info.tenant)
    )
}

/// In which fields two descriptions of a snapshot differ; `None`: in none. The order of labels says nothing.
pub(super) fn difference(one: &SnapshotInfo, other: &SnapshotInfo) -> Option<String> {
    let labels = |info: &SnapshotInfo| {
        let mut labels = info.labels.clone();
        labels.sort();
        labels
    };
    let fields = [
        (
            "reference",
            format!("{:?}", one.reference),
            format!("{:?}", other.reference),
        ),
        (
            "tenant",
            format!("{:?}", one.tenant),
            format!("{:?}", other.tenant),
        ),
        (
            "run-id",
            format!("{:?}", one.run_id),
            format!("{:?}", other.run_id),
        ),
        (
            "taken-at",
            one.taken_at.to_string(),
            other.taken_at.to_string(),
        ),
        ("state", state(one).to_owned(), state(other).to_owned()),
        (
            "size",
            format!("{:?}", one.size),
            format!("{:?}", other.size),
        ),
        (
            "source",
            format!("{:?}", one.source),
            format!("{:?}", other.source),
        ),
        (
            "place",
            format!("{:?}", one.place),
            format!("{:?}", other.place),
        ),
        (
            "labels",
            format!("{:?}", labels(one)),
            format!("{:?}", labels(other)),
        ),
    ];
    let differ = fields.iter().filter(|(_, one, other)| one != other);
    let told: Vec<String> = differ
        .map(|(name, one, other)| format!("`{name}` is {} and {}", short(one), short(other)))
        .collect();
    (!told.is_empty()).then(|| told.join("; "))
}

/// The state's name in the contract.
pub(super) fn state(info: &SnapshotInfo) -> &'static str {
    use strongroom_sandbox::role::snapshots::SnapshotState as State;
    match info.state {
        State::Creating => "creating",
        State::Ready => "ready",
        State::Failed => "failed",
        State::Deleting => "deleting",
        State::Unknown => "other",
    }
}

/// Names in backticks, joined.
pub(super) fn names<T: AsRef<str>>(names: impl IntoIterator<Item = T>) -> String {
    let quoted: Vec<String> = names
        .into_iter()
        .map(|name| format!("`{}`", short(name.as_ref())))
        .collect();
    quoted.join(", ")
}

/// Requests, each operation with how often.
pub(super) fn requests(sent: &[Sent]) -> String {
    let mut counted: Vec<(&str, usize)> = Vec::new();
    for request in sent {
        match counted
            .iter_mut()
            .find(|(name, _)| *name == request.operation)
        {
            Some((_, count)) => *count += 1,
            None => counted.push((&request.operation, 1)),
        }
    }
    let texts = counted
        .iter()
        .map(|(name, count)| format!("{count} × `{name}`"));
    texts.collect::<Vec<_>>().join(", ")
}

/// The beginning of a text on one line.
pub(super) fn short(text: &str) -> String {
    const LONGEST: usize = 300;
    let line: String = text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(LONGEST)
        .collect();
    if text.chars().count() > LONGEST {
        line + "…"
    } else {
        line
    }
}
