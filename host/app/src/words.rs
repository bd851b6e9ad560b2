//! Times, sizes, ids and foreign text as people read them, in every message and on every surface.

use jiff::Timestamp;
use strongroom_domain::calendar::Zone;
use uuid::Uuid;

/// A moment in UTC, to the second.
#[must_use]
pub fn utc(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%SZ").to_string()
}

/// A moment in a zone, with its offset.
#[must_use]
pub fn local(at: Timestamp, zone: &Zone) -> String {
    at.to_zoned(zone.time_zone().clone())
        .strftime("%a %Y-%m-%d %H:%M:%S %:z")
        .to_string()
}

/// Bytes with a unit.
#[must_use]
pub fn size(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["KiB", "MiB", "GiB", "TiB", "PiB"];
    let mut value = bytes as f64;
    let mut unit = "B";
    for next in UNITS {
        if value < 1024.0 {
            break;
        }
        value /= 1024.0;
        unit = next;
    }
    if unit == "B" {
        format!("{bytes} B")
    } else {
        format!("{value:.1} {unit}")
    }
}

/// The first eight characters of an id: enough to type.
#[must_use]
pub fn short(id: Uuid) -> String {
    id.to_string().chars().take(8).collect()
}

/// Replaces control characters, so that a name cannot move the cursor.
#[must_use]
pub fn plain(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { '\u{fffd}' } else { c })
        .collect()
}
