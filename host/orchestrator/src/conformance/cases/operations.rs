//! Operations that go on at the provider, and handles.

use strongroom_sandbox::call::{Answer, Ending, Request, Step};

use crate::conformance::bench::Bench;
use crate::conformance::visit::{Told, ensure, failed, skipped};
use crate::conformance::{Case, Need, said};

pub(super) const CASES: &[Case] = &[
    Case {
        name: "poll-after-restart",
        says: "A handle is all that is needed: a plugin that was loaded anew polls it to its end",
        needs: &[Need::Provider],
        run: |bench| Box::pin(poll_after_restart(bench)),
    },
    Case {
        name: "poll-after-end",
        says: "`poll` may be called any number of times, also after the operation is done, and says the same",
        needs: &[Need::Provider],
        run: |bench| Box::pin(poll_after_end(bench)),
    },
    Case {
        name: "garbage-handle",
        says: "A handle that is none is refused as `invalid` or `not-found`",
        needs: &[Need::Provider],
        run: |bench| Box::pin(garbage_handle(bench)),
    },
];

const AT_ONCE: &str = "a snapshot is finished at once here: there is no operation to poll";

async fn poll_after_restart(bench: &Bench) -> Told<()> {
    let visit = bench.fresh().await?;
    let begun = visit.step(Request::StartCreate).await?;
    if let Step::Done(evidence) = begun {
        bench.take(&visit, evidence, None).await?;
        return skipped(AT_ONCE);
    }
    let loaded = match bench.subject.loaded_anew().await {
        Ok(loaded) => loaded,
        Err(error) => return failed(format!("loaded once more, it was refused: {error}")),
    };
    let anew = visit.by(bench.provider()?.with(loaded));
    let (evidence, handle) = anew.follow(begun).await?;
    bench.take(&anew, evidence, handle).await.map(drop)
}

async fn poll_after_end(bench: &Bench) -> Told<()> {
    let made = bench.first().await?;
    let Some(handle) = made.handle else {
        return skipped(AT_ONCE);
    };
    let mut visit = bench.visit()?;
    visit.run = made.run;
    for _ in 0..2 {
        let handle = handle.clone();
        match visit.step(Request::PollSnapshots { handle }).await? {
            Step::Done(evidence) => {
                let reference = evidence.get("snapshot").unwrap_or_default();
                ensure(reference == made.info.reference, || {
                    format!(
                        "after its end it tells of `{}`, before of `{}`",
                        said::short(reference),
                        said::short(&made.info.reference)
                    )
                })?;
            }
            Step::Running(operation) => {
                return failed(format!(
                    "it was done, and now goes on: {}",
                    said::short(&operation.note)
                ));
            }
        }
    }
    Ok(())
}

async fn garbage_handle(bench: &Bench) -> Told<()> {
    let visit = bench.visit()?;
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
        let ending = visit.call(Request::PollSnapshots { handle }).await;
        let refused = matches!(&ending, Ending::Failed(failure) if ["invalid", "not-found"].contains(&failure.kind()));
        ensure(refused, || {
            let again = if matches!(ending, Ending::Answered(Answer::Step(_))) {
                " as if it were one"
            } else {
                ""
            };
            format!(
                "`poll` with the handle {shown:?} {}{again}",
                said::ending(&ending)
            )
        })?;
    }
    Ok(())
}
