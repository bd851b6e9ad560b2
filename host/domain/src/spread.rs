//! `spread = "30m"`: a herd at 03:00 is spread over half an hour, the same way every day.

use std::time::Duration;

use uuid::Uuid;

use crate::{ScheduleName, TenantName};

/// The namespace of shifts (UUID version 5).
const SHIFTS: Uuid = Uuid::from_u128(0x21c4_77b1_0d2e_4f6a_9a53_c8e0_7716_42d9);

/// How long after a due time a tenant's run of a schedule begins: shorter than `spread`, in whole milliseconds, the same
/// on every host and every day.
#[must_use]
pub fn shift(schedule: &ScheduleName, tenant: &TenantName, spread: Duration) -> Duration {
    let within = u64::try_from(spread.as_millis()).unwrap_or(u64::MAX);
    if within == 0 {
        return Duration::ZERO;
    }
    let hash = Uuid::new_v5(&SHIFTS, format!("{schedule}\n{tenant}").as_bytes());
    // Bits that are not part of the version or the variant.
    Duration::from_millis((hash.as_u64_pair().0 >> 16) % within)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thousand_tenants_are_spread_evenly_and_always_the_same() {
        let schedule = ScheduleName::new("daily").unwrap();
        let spread = Duration::from_secs(1800);
        let shifts: Vec<Duration> = (0..1000)
            .map(|n| {
                shift(
                    &schedule,
                    &TenantName::new(&format!("t{n}")).unwrap(),
                    spread,
                )
            })
            .collect();
        for quarter in 0..4 {
            let (from, to) = (spread * quarter / 4, spread * (quarter + 1) / 4);
            let within = shifts.iter().filter(|s| (from..to).contains(s)).count();
            assert!(
                (200..300).contains(&within),
                "{within} of 1000 in quarter {quarter}"
            );
        }
        let first = TenantName::new("t0").unwrap();
        assert_eq!(shift(&schedule, &first, spread), shifts[0]);
        assert_eq!(shift(&schedule, &first, Duration::ZERO), Duration::ZERO);
    }
}
