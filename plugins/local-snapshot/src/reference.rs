//! The names of snapshots: `<tenant>/<UTC stamp>`, with the end of the run's id where two share a second.
//!
//! Owns: which texts are such names; everything else is refused before a path is made of it.

use jiff::Timestamp;
use strongroom_plugin::{Failure, Instant};

/// Bytes of a stamp, `2026-11-20T06-00-00Z`.
const STAMP: usize = 20;
/// Bytes of the run's id that tell two snapshots of one second apart.
const SUFFIX: usize = 8;

/// The stamp of a due time. Stamps order as their times do.
pub(crate) fn stamp(due: Instant) -> Result<String, Failure> {
    let wrong = || Failure::invalid("the due time lies outside the years 0 to 9999");
    let seconds = Timestamp::from_second(due.0.div_euclid(1000)).map_err(|_| wrong())?;
    let text = seconds.to_string().replace(':', "-");
    if is_folder(&text) {
        Ok(text)
    } else {
        Err(wrong())
    }
}

/// A due time as people and programs write it.
pub(crate) fn written(due: Instant) -> String {
    Timestamp::from_millisecond(due.0)
        .map_or_else(|_| format!("{} ms", due.0), |time| time.to_string())
}

/// The time a folder's stamp tells; 1970 where it tells none.
pub(crate) fn due(folder: &str) -> Instant {
    let stamp = folder.get(..STAMP).unwrap_or_default();
    let (date, time) = stamp.split_once('T').unwrap_or_default();
    let parsed: Option<Timestamp> = format!("{date}T{}", time.replace('-', ":")).parse().ok();
    Instant(parsed.map_or(0, Timestamp::as_millisecond))
}

/// The folder of a run whose stamp another run has already taken.
pub(crate) fn distinct(stamp: &str, run_id: &str) -> String {
    let bytes: Vec<char> = run_id.chars().filter(char::is_ascii_hexdigit).collect();
    let last: String = bytes
        .iter()
        .skip(bytes.len().saturating_sub(SUFFIX))
        .collect();
    format!("{stamp}-{:0>SUFFIX$}", last.to_ascii_lowercase())
}

/// Whether this is the name of a snapshot's folder: a stamp, perhaps followed by eight hexadecimal digits.
pub(crate) fn is_folder(name: &str) -> bool {
    let Some((stamp, rest)) = name.split_at_checked(STAMP) else {
        return false;
    };
    let shape = stamp
        .bytes()
        .zip(b"0000-00-00T00-00-00Z")
        .all(|(byte, &shape)| {
            if shape == b'0' {
                byte.is_ascii_digit()
            } else {
                byte == shape
            }
        });
    let suffix = rest.is_empty()
        || rest.strip_prefix('-').is_some_and(|hex| {
            hex.len() == SUFFIX
                && hex
                    .bytes()
                    .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
        });
    shape && suffix
}

/// Checks that a text can be one folder's name: a tenant's or a source's.
pub(crate) fn check_name<'a>(what: &str, name: &'a str) -> Result<&'a str, Failure> {
    let plain = !name.is_empty()
        && name.len() <= 200
        && !name.starts_with('.')
        && !name
            .bytes()
            .any(|byte| byte == b'/' || byte == b'\\' || byte.is_ascii_control());
    if plain {
        Ok(name)
    } else {
        Err(Failure::invalid(format!(
            "{what} {name:?} cannot be a folder's name"
        )))
    }
}

/// Checks that a run's id can be part of a file's name.
pub(crate) fn check_run(run_id: &str) -> Result<&str, Failure> {
    let plain = (1..=64).contains(&run_id.len())
        && run_id
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if plain {
        Ok(run_id)
    } else {
        Err(Failure::invalid(format!("run id {run_id:?} is no UUID")))
    }
}

/// The folder that a reference names, if it is one of this tenant's.
pub(crate) fn folder<'a>(tenant: &str, reference: &'a str) -> Result<&'a str, Failure> {
    check_name("tenant", tenant)?;
    let folder = reference
        .strip_prefix(tenant)
        .and_then(|rest| rest.strip_prefix('/'));
    folder.filter(|folder| is_folder(folder)).ok_or_else(|| {
        Failure::invalid(format!(
            "{reference:?} is no snapshot of tenant {tenant}: expected {tenant}/<UTC stamp>"
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_stamp_is_the_due_second_in_utc() {
        assert_eq!(
            stamp(Instant(1_795_154_400_000)).unwrap(),
            "2026-11-20T06-00-00Z"
        );
        assert_eq!(
            stamp(Instant(1_795_154_400_999)).unwrap(),
            "2026-11-20T06-00-00Z"
        );
        assert_eq!(stamp(Instant(-1)).unwrap(), "1969-12-31T23-59-59Z");
        assert!(stamp(Instant(i64::MAX)).is_err());
        assert_eq!(
            due("2026-11-20T06-00-00Z-0123abcd"),
            Instant(1_795_154_400_000)
        );
        assert_eq!(due("2026-99-20T06-00-00Z"), Instant(0));
        assert_eq!(
            written(Instant(1_795_154_400_250)),
            "2026-11-20T06:00:00.25Z"
        );
        assert_eq!(
            distinct("2026-11-20T06-00-00Z", "0195A-BCDEF012345"),
            "2026-11-20T06-00-00Z-ef012345"
        );
        assert!(is_folder(&distinct("2026-11-20T06-00-00Z", "run")));
    }

    #[test]
    fn only_a_snapshot_of_the_tenant_is_a_reference() {
        assert_eq!(
            folder("acme", "acme/2026-11-20T06-00-00Z").unwrap(),
            "2026-11-20T06-00-00Z"
        );
        assert_eq!(
            folder("acme", "acme/2026-11-20T06-00-00Z-0123abcd").unwrap(),
            "2026-11-20T06-00-00Z-0123abcd"
        );
        for wrong in [
            "",
            "acme",
            "acme/",
            "acme/latest",
            "acme/.partial-x",
            "acme/2026-11-20T06-00-00Z/data",
            "acme/../acme/2026-11-20T06-00-00Z",
            "other/2026-11-20T06-00-00Z",
            "/acme/2026-11-20T06-00-00Z",
            "acme/2026-11-20T06:00:00Z",
            "acme/2026-11-20T06-00-00Z-0123ABCD",
            "acme/2026-11-20T06-00-00Z-0123abc",
            "acme/2026-11-20T06-00-00Z\n",
            "acme2026-11-20T06-00-00Z",
        ] {
            assert!(folder("acme", wrong).is_err(), "{wrong:?}");
        }
        for tenant in ["", "..", ".hidden", "a/b", "a\nb"] {
            assert!(
                folder(tenant, &format!("{tenant}/2026-11-20T06-00-00Z")).is_err(),
                "{tenant:?}"
            );
        }
    }

    proptest! {
        #[test]
        fn stamps_order_as_their_times_do(one in 0_i64..4_000_000_000_000, two in 0_i64..4_000_000_000_000) {
            let (first, second) = (one.min(two), one.max(two));
            let (first, second) = (stamp(Instant(first)).unwrap(), stamp(Instant(second)).unwrap());
            prop_assert!(first <= second && is_folder(&first) && is_folder(&second));
        }
    }
}
