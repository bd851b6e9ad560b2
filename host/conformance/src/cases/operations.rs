//! Operations that go on at the provider, and handles.

use strongroom_domain::retry::FailureKind;
use strongroom_sandbox::call::{CallResult, Step};
use strongroom_sandbox::role::snapshots::Action;

use crate::context::TestContext;
use crate::context::call::{Told, ensure, failed, skipped};
use crate::{Case, Need, messages};

pub(super) const CASES: &[Case] = &[
    Case {
        name: "poll-after-restart",
        says: "A handle is all that is needed: a plugin that was loaded anew polls it to its end",
        needs: &[Need::Provider],
        run: |context| Box::pin(poll_after_restart(context)),
    },
    Case {
        name: "poll-after-end",
        says: "`poll` may be called any number of times, also after the operation is done, and says the same",
        needs: &[Need::Provider],
        run: |context| Box::pin(poll_after_end(context)),
    },
    Case {
        name: "garbage-handle",
        says: "A handle that is none is refused as `invalid` or `not-found`",
        needs: &[Need::Provider],
        run: |context| Box::pin(garbage_handle(context)),
    },
];

const AT_ONCE: &str = "a snapshot is finished at once here: there is no operation to poll";

async fn poll_after_restart(context: &TestContext) -> Told<()> {
    let call = context.fresh().await?;
    let begun = call.step(Action::Create).await?;
    if let Step::Done(evidence) = begun {
        context.take(&call, evidence, None).await?;
        return skipped(AT_ONCE);
    }
    let loaded = match context.subject.loaded_anew().await {
        Ok(loaded) => loaded,
        Err(error) => return failed(format!("loaded once more, it was refused: {error}")),
    };
    let anew = call.by(context.provider()?.with(loaded));
    let (evidence, handle) = anew.follow(begun).await?;
    context.take(&anew, evidence, handle).await.map(drop)
}

async fn poll_after_end(context: &TestContext) -> Told<()> {
    let made = context.first().await?;
    let Some(handle) = made.handle else {
        return skipped(AT_ONCE);
    };
    let mut call = context.call()?;
    call.run = made.run;
    for _ in 0..2 {
        let handle = handle.clone();
        match call.step(Action::Poll { handle }).await? {
            Step::Done(evidence) => {
                let reference = evidence.get("snapshot").unwrap_or_default();
                ensure(reference == made.info.reference, || {
                    format!(
                        "after its end it tells of `{}`, before of `{}`",
                        messages::short(reference),
                        messages::short(&made.info.reference)
                    )
                })?;
            }
            Step::Running(operation) => {
                return failed(format!(
                    "it was done, and now goes on: {}",
                    messages::short(&operation.note)
                ));
            }
        }
    }
    Ok(())
}

async fn garbage_handle(context: &TestContext) -> Told<()> {
    let call = context.call()?;
    let long: Vec<u8> = (0_u32..4096)
        .map(|at| (at.wrapping_mul(2_654_435_761) >> 24) as u8)
        .collect();
    let garbage: [&[u8]; 6] = [
        b"",
        b"no-handle",
        b"null",
        b"{}",
        b"\xff\x00\xfe/../..",
        &long,
    ];
    for handle in garbage {
        let shown: String = String::from_utf8_lossy(handle).chars().take(12).collect();
        let handle = handle.to_vec();
        let ending = call.call(Action::Poll { handle }).await;
        let refused = matches!(&ending, CallResult::Failed(failure) if [FailureKind::Invalid, FailureKind::NotFound].contains(&failure.kind));
        ensure(refused, || {
            let again = if matches!(ending, CallResult::Answered(_)) {
                " as if it were one"
            } else {
                ""
            };
            format!(
                "`poll` with the handle {shown:?} {}{again}",
                messages::result(&ending)
            )
        })?;
    }
    Ok(())
}
