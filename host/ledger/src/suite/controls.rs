//! Pauses and notices: what stands until somebody changes it.

use super::*;
use crate::controls::Notice;
use crate::error::LedgerError;
use strongroom_domain::pause::Pause;

on_every_engine!(
    a_schedule_is_paused_once_and_resumed_once,
    a_pause_taken_back_in_the_same_moment_paused_nothing,
    a_notice_stands_since_it_was_put_up_first,
);

fn pause(from: i64, until: Option<i64>) -> Pause {
    Pause {
        from: at(from),
        until: until.map(at),
        person: "ana".into(),
        reason: "moving house".into(),
    }
}

async fn a_schedule_is_paused_once_and_resumed_once(engine: Engine) {
    let fixture = Fixture::new(engine).await;
    let ledger = &fixture.ledger;
    let daily = ScheduleName::new("daily").unwrap();
    let resume = async |now| ledger.resume(&daily, "bob", "done", at(now)).await;
    assert!(matches!(resume(0).await, Err(LedgerError::NotFound(_))));
    ledger.pause(&daily, pause(10, None)).await.unwrap();
    let error = ledger.pause(&daily, pause(20, Some(30))).await.unwrap_err();
    assert!(matches!(error, LedgerError::Conflict(_)), "{error}");
    assert!(error.to_string().contains("moving house"), "{error}");
    assert!(matches!(resume(9).await, Err(LedgerError::NotFound(_))));
    assert_eq!(resume(40).await.unwrap(), pause(10, Some(40)));
    assert!(matches!(resume(41).await, Err(LedgerError::NotFound(_))));
    ledger.pause(&daily, pause(40, Some(60))).await.unwrap();
    let found = async |since| ledger.pauses(at(since)).await.unwrap().remove(&daily);
    let both = vec![pause(10, Some(40)), pause(40, Some(60))];
    assert_eq!(found(39).await, Some(both));
    assert_eq!(found(40).await, Some(vec![pause(40, Some(60))]));
    assert_eq!(found(60).await, None);
    assert_eq!(fixture.size().await, 3);
    assert!(matches!(resume(60).await, Err(LedgerError::NotFound(_))));
    let backwards = ledger.pause(&daily, pause(70, Some(70))).await;
    assert!(matches!(backwards, Err(LedgerError::Invalid(_))));
}

async fn a_pause_taken_back_in_the_same_moment_paused_nothing(engine: Engine) {
    let fixture = Fixture::new(engine).await;
    let daily = ScheduleName::new("daily").unwrap();
    let ledger = &fixture.ledger;
    ledger.pause(&daily, pause(10, None)).await.unwrap();
    ledger.resume(&daily, "ana", "no", at(10)).await.unwrap();
    assert!(ledger.pauses(at(0)).await.unwrap().is_empty());
    ledger.pause(&daily, pause(10, None)).await.unwrap();
    assert_eq!(
        ledger.pauses(at(0)).await.unwrap()[&daily],
        [pause(10, None)]
    );
}

async fn a_notice_stands_since_it_was_put_up_first(engine: Engine) {
    let fixture = Fixture::new(engine).await;
    let notice = |since, text: &str| Notice {
        name: "schedules".into(),
        since: at(since),
        text: text.into(),
    };
    let ledger = &fixture.ledger;
    ledger.put_notice(notice(1, "bad file")).await.unwrap();
    ledger.put_notice(notice(2, "bad file")).await.unwrap();
    assert_eq!(ledger.notices().await.unwrap(), [notice(1, "bad file")]);
    assert_eq!(fixture.size().await, 1, "the same again is nothing new");
    let long = "x".repeat(100_000);
    ledger.put_notice(notice(3, &long)).await.unwrap();
    assert_eq!(ledger.notices().await.unwrap(), [notice(3, &long)]);
    let take = async || {
        ledger
            .remove_notice("schedules", "host", "mended", at(4))
            .await
    };
    assert!(take().await.unwrap());
    assert!(!take().await.unwrap());
    assert_eq!(ledger.notices().await.unwrap(), []);
    assert_eq!(fixture.size().await, 3);
}
