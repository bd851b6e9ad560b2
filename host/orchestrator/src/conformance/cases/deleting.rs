//! Deleting: exactly what was named, however often.

use strongroom_sandbox::call::{Answer, Ending, Request};

use super::is_unchanged;
use crate::conformance::bench::Bench;
use crate::conformance::visit::{Told, ensure, failed};
use crate::conformance::{Case, Need, said};

pub(super) const CASES: &[Case] = &[
    Case {
        name: "delete",
        says: "`start-delete` deletes exactly what was named: `get` is then `not-found`, `list` has all the others",
        needs: &[Need::Provider],
        run: |bench| Box::pin(delete(bench)),
    },
    Case {
        name: "delete-twice",
        says: "What is gone is `not-found` or done when it is deleted once more, and nothing else is touched",
        needs: &[Need::Provider],
        run: |bench| Box::pin(delete_twice(bench)),
    },
];

/// Deletes the last snapshot of the suite's own; its reference.
async fn one(bench: &Bench) -> Told<String> {
    let shelf = bench.shelf(2).await?;
    let Some(made) = shelf.last() else {
        return failed("there is no snapshot to delete");
    };
    let visit = bench.visit()?;
    let reference = made.info.reference.clone();
    let delete = Request::StartDelete {
        reference: reference.clone(),
    };
    visit.done(delete).await?;
    bench.gone(&reference);
    Ok(reference)
}

async fn delete(bench: &Bench) -> Told<()> {
    let _two = bench.shelf(2).await?;
    let visit = bench.visit()?;
    let mut expected = visit.references().await?;
    let reference = one(bench).await?;
    expected.remove(&reference);
    let doing = format!("deleting `{}`", said::short(&reference));
    let listed = visit.references().await?;
    ensure(!listed.contains(&reference), || {
        format!("{doing} is done, and it is still listed")
    })?;
    is_unchanged(&visit, &expected, &doing).await?;
    visit
        .refused(Request::Get { reference }, &["not-found"])
        .await
        .map(drop)
}

async fn delete_twice(bench: &Bench) -> Told<()> {
    let reference = one(bench).await?;
    let visit = bench.visit()?;
    let before = visit.references().await?;
    let ending = visit.call(Request::StartDelete { reference }).await;
    match &ending {
        Ending::Answered(Answer::Step(step)) => drop(visit.follow(step.clone()).await?),
        Ending::Failed(failure) => ensure(failure.kind() == "not-found", || {
            format!(
                "`start-delete` of what is gone {}; expected `done` or `not-found`",
                said::ending(&ending)
            )
        })?,
        other => {
            return failed(format!(
                "`start-delete` of what is gone {}",
                said::ending(other)
            ));
        }
    }
    is_unchanged(&visit, &before, "deleting what is gone").await
}
