//! Measures durable occurrences a second: plan, claim and end in batches, each step one transaction on disk.
//!
//! `cargo run --release -p strongroom-ledger --example throughput [OCCURRENCES] [BATCH] [FOLDER]`

#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a measurement reads the clock and may stop"
)]

use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use strongroom_domain::{Evidence, Outcome, PluginName, ScheduleName, TenantName, occurrence_id};
use strongroom_ledger::{
    AttemptRecord, CatalogChange, ClaimRequest, Ledger, NewOccurrence, Next, OpenMode, Origin,
    Plan, SnapshotRow, SnapshotState, SqliteLedger, Transition,
};
use uuid::Uuid;

fn occurrence(tenant: usize, due: Timestamp) -> NewOccurrence {
    let schedule = ScheduleName::new("daily-at-three").unwrap();
    let tenant = TenantName::new(&format!("tenant-{tenant}")).unwrap();
    NewOccurrence {
        id: occurrence_id(&schedule, &tenant, due),
        schedule,
        tenant,
        plugin: PluginName::new("local-snapshot").unwrap(),
        due,
        not_before: due,
        deadline: due + SignedDuration::from_hours(2),
        origin: Origin::Schedule,
        ends: None,
        skip_if_unfinished: true,
    }
}

fn end(claim: strongroom_ledger::Claim, now: Timestamp) -> Transition {
    let digest = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08".to_owned();
    let evidence = Evidence(vec![
        ("snapshot".into(), claim.id.to_string()),
        ("bytes".into(), "123456".into()),
    ]);
    let attempt = AttemptRecord {
        number: claim.attempt,
        started_at: now,
        ended_at: now,
        digest: digest.clone(),
        ending: "done".into(),
        failure: None,
        detail: String::new(),
    };
    let row = SnapshotRow {
        id: claim.id,
        occurrence: claim.id,
        schedule: claim.schedule,
        tenant: claim.tenant,
        plugin: claim.plugin,
        plugin_digest: digest,
        reference: claim.id.to_string(),
        taken_at: now,
        recorded_at: now,
        state: SnapshotState::Assumed,
        size: Some(123_456),
        files: Some(12),
        evidence: evidence.clone(),
        holds: Vec::new(),
        last_error: None,
        verified_at: None,
        gone_at: None,
    };
    let catalog = if std::env::var_os("NO_CATALOG").is_some() {
        Vec::new()
    } else {
        vec![CatalogChange::Added(Box::new(row))]
    };
    Transition {
        occurrence: claim.id,
        fence: claim.fence,
        attempt: Some(attempt),
        next: Next::End {
            outcome: Outcome::Succeeded,
            reason: String::new(),
            evidence,
        },
        catalog,
        audit: Vec::new(),
    }
}

#[tokio::main]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let occurrences: usize = arguments
        .next()
        .map_or(50_000, |text| text.parse().unwrap());
    let batch: usize = arguments.next().map_or(256, |text| text.parse().unwrap());
    let parent = arguments
        .next()
        .unwrap_or_else(|| std::env::temp_dir().display().to_string());
    let folder =
        std::path::Path::new(&parent).join(format!("ledger-throughput-{}", std::process::id()));
    let ledger = SqliteLedger::open(&folder, OpenMode::Host).await.unwrap();
    let host = Uuid::from_u128(1);
    let start = Timestamp::from_second(1_800_000_000).unwrap();
    let mut spent = [Duration::ZERO; 3];
    let began = Instant::now();
    let mut done = 0;
    for round in 0..occurrences.div_ceil(batch) {
        let now = start + SignedDuration::from_secs(i64::try_from(round).unwrap() * 60);
        let plan = Plan {
            occurrences: (0..batch).map(|tenant| occurrence(tenant, now)).collect(),
            watermarks: Vec::new(),
        };
        let clock = Instant::now();
        assert_eq!(ledger.plan(plan, now).await.unwrap().waiting, batch);
        spent[0] += clock.elapsed();
        let clock = Instant::now();
        let limit = u32::try_from(batch).unwrap();
        let request = ClaimRequest {
            host,
            now,
            lease_until: now + SignedDuration::from_secs(60),
            limit,
            only: None,
        };
        let claims = ledger.claim(request).await.unwrap();
        assert_eq!(claims.len(), batch);
        spent[1] += clock.elapsed();
        let ends = claims.into_iter().map(|claim| end(claim, now)).collect();
        let clock = Instant::now();
        assert!(
            ledger
                .record(ends, now)
                .await
                .unwrap()
                .into_iter()
                .all(|written| written)
        );
        spent[2] += clock.elapsed();
        done += batch;
    }
    let seconds = began.elapsed().as_secs_f64();
    let state = ledger.audit_state().await.unwrap();
    println!(
        "{done} occurrences in batches of {batch}: {:.0} a second, {} audit entries",
        done as f64 / seconds,
        state.size
    );
    for (name, spent) in ["plan", "claim", "record"].into_iter().zip(spent) {
        println!(
            "  {name:6} {:6.1} µs an occurrence",
            spent.as_secs_f64() * 1e6 / done as f64
        );
    }
    ledger.close().await;
    let bytes = std::fs::metadata(folder.join("ledger.sqlite"))
        .unwrap()
        .len();
    println!("  {} bytes an occurrence on disk", bytes / done as u64);
    std::fs::remove_dir_all(folder).unwrap();
}
