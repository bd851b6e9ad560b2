//! Cancels: at once, or by way of the owner; and what follows an end.

use super::*;
use crate::controls::CancelReport;
use crate::error::LedgerError;
use crate::occurrences::Renewal;

on_every_engine!(
    what_nobody_owns_is_cancelled_at_once,
    what_waits_for_its_operation_is_cancelled_and_says_so,
    an_owner_sees_that_it_is_to_stop_and_its_end_counts,
    what_a_lost_owner_was_to_end_ends_with_the_next_claim,
    what_follows_an_end_is_written_with_it_or_not_at_all,
);

impl Fixture {
    async fn cancel(&self, id: Uuid, now: i64) -> Result<CancelReport, LedgerError> {
        self.ledger.cancel(id, "ana", "a mistake", at(now)).await
    }
}

async fn what_nobody_owns_is_cancelled_at_once(engine: Engine) {
    let fixture = Fixture::new(engine).await;
    let new = occurrence("daily", "acme", 50);
    fixture.plan(vec![new.clone()], 0).await;
    assert_eq!(
        fixture.cancel(new.id, 1).await.unwrap(),
        CancelReport::Ended
    );
    assert_eq!(
        fixture.outcome(&new).await,
        (
            Some(Outcome::Cancelled),
            Some("cancelled by ana: a mistake".into())
        )
    );
    assert_eq!(fixture.size().await, 2, "the request and the end");
    let error = fixture.cancel(new.id, 2).await.unwrap_err();
    assert!(matches!(error, LedgerError::NotFound(_)), "{error}");
    assert_eq!(fixture.size().await, 2);
}

async fn what_waits_for_its_operation_is_cancelled_and_says_so(engine: Engine) {
    let fixture = Fixture::new(engine).await;
    let new = occurrence("daily", "acme", 0);
    fixture.plan(vec![new.clone()], 0).await;
    let claim = fixture.claim_one(0).await;
    assert!(fixture.record(&claim, poll(100), 1).await);
    assert_eq!(
        fixture.cancel(new.id, 2).await.unwrap(),
        CancelReport::Ended
    );
    assert_eq!(
        fixture.outcome(&new).await.1.unwrap(),
        "cancelled by ana: a mistake; the provider may still go on with what it began (half)"
    );
}

async fn an_owner_sees_that_it_is_to_stop_and_its_end_counts(engine: Engine) {
    for next in [Next::HandBack, retry(100), poll(100), succeeded()] {
        let fixture = Fixture::new(engine).await;
        let new = occurrence("daily", "acme", 0);
        fixture.plan(vec![new.clone()], 0).await;
        let claim = fixture.claim_one(0).await;
        let owned = [(claim.id, claim.fence)];
        assert_eq!(fixture.ledger.stop_requests(&owned).await.unwrap(), []);
        assert_eq!(
            fixture.cancel(new.id, 1).await.unwrap(),
            CancelReport::Asked
        );
        let reason = "cancelled by ana: a mistake".to_owned();
        assert_eq!(
            fixture.ledger.stop_requests(&owned).await.unwrap(),
            [(new.id, Outcome::Cancelled, reason.clone())]
        );
        assert_eq!(
            fixture.renew(&owned, 60).await,
            [Renewal::Stop(Outcome::Cancelled, reason.clone())]
        );
        assert_eq!(fixture.row(new.id).await.outcome, None);
        let succeeds = matches!(next, Next::End { .. });
        let polls = matches!(next, Next::Poll { .. });
        assert!(fixture.record(&claim, next, 2).await);
        let (outcome, found) = fixture.outcome(&new).await;
        if succeeds {
            assert_eq!(outcome, Some(Outcome::Succeeded), "what is done is done");
        } else {
            assert_eq!(outcome, Some(Outcome::Cancelled));
            let found = found.unwrap();
            assert!(found.starts_with(&reason), "{found}");
            assert_eq!(found.contains("provider"), polls, "{found}");
        }
        assert_eq!(fixture.ledger.stop_requests(&owned).await.unwrap(), []);
        assert_eq!(fixture.size().await, 2);
    }
}

async fn what_a_lost_owner_was_to_end_ends_with_the_next_claim(engine: Engine) {
    let fixture = Fixture::new(engine).await;
    let new = occurrence("daily", "acme", 0);
    fixture.plan(vec![new.clone()], 0).await;
    let claim = fixture.claim_one(0).await;
    assert_eq!(
        fixture.cancel(new.id, 1).await.unwrap(),
        CancelReport::Asked
    );
    assert_eq!(fixture.claim(60).await, []);
    assert_eq!(fixture.outcome(&new).await.0, Some(Outcome::Cancelled));
    assert!(!fixture.record(&claim, succeeded(), 61).await);
    assert_eq!(fixture.size().await, 2);
    // After the lease nobody owns it: a cancel ends it at once.
    let other = occurrence("weekly", "acme", 0);
    fixture.plan(vec![other.clone()], 60).await;
    fixture.claim_one(60).await;
    let report = fixture.cancel(other.id, 120).await.unwrap();
    assert_eq!(report, CancelReport::Ended);
}

async fn what_follows_an_end_is_written_with_it_or_not_at_all(engine: Engine) {
    let fixture = Fixture::new(engine).await;
    fixture.plan(vec![occurrence("daily", "acme", 0)], 0).await;
    let lost = fixture.claim_one(0).await;
    let claim = fixture.claim_one(60).await;
    let after = NewOccurrence {
        origin: Origin::After(claim.id),
        ..occurrence("export", "acme", 61)
    };
    let end = |claim: &Claim, follow: &NewOccurrence| Transition {
        follow: vec![follow.clone()],
        ..transition(claim, succeeded())
    };
    let late = vec![end(&lost, &after)];
    assert_eq!(fixture.record_all(late, 61).await, [false]);
    let filter = OccurrenceFilter {
        id: Some(after.id),
        ..OccurrenceFilter::default()
    };
    assert_eq!(fixture.occurrences(filter).await, []);
    let good = vec![end(&claim, &after)];
    assert_eq!(fixture.record_all(good, 61).await, [true]);
    let follows = fixture.claim_one(61).await;
    assert_eq!(follows.id, after.id);
    // Its overlap is decided as in a plan.
    let next = occurrence("daily", "acme", 62);
    fixture.plan(vec![next], 62).await;
    let claim = fixture.claim_one(62).await;
    let second = NewOccurrence {
        origin: Origin::After(claim.id),
        ..occurrence("export", "acme", 63)
    };
    let again = vec![end(&claim, &second)];
    assert_eq!(fixture.record_all(again, 63).await, [true]);
    let outcome = fixture.outcome(&second).await.0;
    assert_eq!(outcome, Some(Outcome::SkippedOverlap));
}
