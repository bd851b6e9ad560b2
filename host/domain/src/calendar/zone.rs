//! Time zones as operators write them: IANA names and offsets.
//!
//! Owns: reading a zone, suggesting the nearest name, explaining the sign of `Etc/GMT±N`.
//! Never: the zone of the machine; a schedule means the same on every host.

use std::sync::Arc;

use jiff::tz::{Offset, TimeZone, db};

/// Longest text for which a name is looked for that is nearly the same; every name is shorter.
const LONGEST_NEAR: usize = 60;
/// Furthest offset from UTC that any place uses.
const FURTHEST_HOURS: i32 = 14;

/// Names in the zone database that stand for the machine, for leap-second clocks or for nothing.
const NOT_ZONES: [&str; 4] = ["localtime", "posixrules", "factory", "local"];

/// A time zone: an IANA name or a fixed offset from UTC.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Zone {
    text: Arc<str>,
    tz: TimeZone,
}

/// Says why a text is not a zone.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ZoneError {
    /// One sentence.
    pub message: String,
    /// What to write instead.
    pub hint: Option<String>,
}

impl Zone {
    /// Reads `America/Sao_Paulo`, `-03:00`, `UTC` or `Z`.
    ///
    /// Names come from the system's zone database, or from the copy inside the program when there is none.
    ///
    /// # Errors
    /// [`ZoneError`] suggests the nearest name or the offset that was probably meant.
    pub fn parse(text: &str) -> Result<Self, ZoneError> {
        if text.eq_ignore_ascii_case("utc") || text.eq_ignore_ascii_case("z") {
            return Ok(Self {
                text: "UTC".into(),
                tz: TimeZone::UTC,
            });
        }
        if text.starts_with(['+', '-']) {
            return offset(text);
        }
        let lower = text.to_ascii_lowercase();
        let known = (!is_not_a_zone(&lower))
            .then(|| db().get(text).ok())
            .flatten();
        match known {
            Some(tz) => Ok(Self {
                text: tz.iana_name().unwrap_or(text).into(),
                tz,
            }),
            None => Err(unknown(text, &lower)),
        }
    }

    /// Explains a name that people misread: `Etc/GMT+3` lies *behind* UTC.
    #[must_use]
    pub fn note(&self) -> Option<String> {
        let rest = self.text.strip_prefix("Etc/GMT")?;
        let hours: i32 = rest.parse().ok().filter(|hours| *hours != 0)?;
        let (sign, relation) = if hours > 0 {
            ('-', "behind")
        } else {
            ('+', "ahead of")
        };
        let hours = hours.abs();
        let name = &self.text;
        Some(format!(
            "the sign of `{name}` is inverted: it means UTC{sign}{hours}, {hours} h {relation} UTC; \
             `{sign}{hours:02}:00` says the same without surprise"
        ))
    }

    /// The IANA name or the offset.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The rules of the zone.
    #[must_use]
    pub const fn time_zone(&self) -> &TimeZone {
        &self.tz
    }
}

fn offset(text: &str) -> Result<Zone, ZoneError> {
    let Some((sign, hours, minutes)) = loose_offset(text) else {
        return Err(ZoneError {
            message: format!("`{text}` is not an offset from UTC"),
            hint: Some("write sign, hours and minutes, as in `-03:00` or `+05:30`".into()),
        });
    };
    let strict = format!(
        "{}{hours:02}:{minutes:02}",
        if sign < 0 { '-' } else { '+' }
    );
    if minutes > 59 || hours * 60 + minutes > FURTHEST_HOURS * 60 {
        return Err(ZoneError {
            message: format!("`{text}` is not an offset from UTC: they go from -14:00 to +14:00"),
            hint: None,
        });
    }
    let offset = Offset::from_seconds(sign * (hours * 3600 + minutes * 60));
    match offset {
        Ok(offset) if strict == text => Ok(Zone {
            text: strict.into(),
            tz: TimeZone::fixed(offset),
        }),
        _ => Err(ZoneError {
            message: format!("`{text}` is not written as an offset from UTC"),
            hint: Some(format!("write `{strict}`")),
        }),
    }
}

/// Understands `-3`, `-03`, `-0300`, `-3:00` as well, to say what was meant.
fn loose_offset(text: &str) -> Option<(i32, i32, i32)> {
    let sign = if text.starts_with('-') { -1 } else { 1 };
    let digits = text.strip_prefix(['+', '-'])?;
    let (hours, minutes) = match digits.split_once(':') {
        Some((_, minutes)) if minutes.len() != 2 => return None,
        Some(parts) => parts,
        None if digits.len() == 4 && digits.is_ascii() => digits.split_at(2),
        None => (digits, "0"),
    };
    let number = |part: &str| match part.len() {
        1..=2 if part.bytes().all(|b| b.is_ascii_digit()) => part.parse::<i32>().ok(),
        _ => None,
    };
    Some((sign, number(hours)?, number(minutes)?))
}

fn is_not_a_zone(lower: &str) -> bool {
    NOT_ZONES.contains(&lower) || lower.starts_with("right/") || lower.starts_with("posix/")
}

fn unknown(text: &str, lower: &str) -> ZoneError {
    let message = if text.is_empty() {
        "the zone is empty".to_owned()
    } else if lower.starts_with("local") || lower == "system" {
        format!("`{text}` is not a zone: a schedule must mean the same on every host")
    } else {
        format!("`{text}` is not a zone that the zone database knows")
    };
    let after_prefix = ["utc", "gmt"]
        .iter()
        .find_map(|prefix| lower.strip_prefix(prefix));
    let meant = after_prefix
        .map(str::trim)
        .and_then(offset_meant)
        .or_else(|| nearest(lower));
    let hint = match meant {
        Some(name) => format!("did you mean `{name}`? Offsets such as `-03:00` work too"),
        None => "write an IANA name such as `America/Sao_Paulo`, or an offset such as `-03:00`"
            .to_owned(),
    };
    ZoneError {
        message,
        hint: Some(hint),
    }
}

fn offset_meant(rest: &str) -> Option<String> {
    let (sign, hours, minutes) = rest
        .starts_with(['+', '-'])
        .then(|| loose_offset(rest))
        .flatten()?;
    let sign = if sign < 0 { '-' } else { '+' };
    (hours <= FURTHEST_HOURS && minutes < 60).then(|| format!("{sign}{hours:02}:{minutes:02}"))
}

/// The known name with the fewest differences, in full or in its last part (`Sao_Paulo`).
fn nearest(lower: &str) -> Option<String> {
    // Comparing costs time by the product of the lengths.
    if lower.len() > LONGEST_NEAR {
        return None;
    }
    let wanted = lower.replace([' ', '-'], "_");
    let most = 1 + wanted.len() / 5;
    let letters = wanted.chars().count();
    // Two names are never nearer than their lengths.
    let distance = |name: &str| {
        let possible = name.len().abs_diff(letters) <= most;
        possible.then(|| strsim::damerau_levenshtein(&wanted, name))
    };
    let mut best: Option<(usize, String)> = None;
    for name in db().available() {
        let name = name.as_str();
        let candidate = name.to_ascii_lowercase();
        if is_not_a_zone(&candidate) {
            continue;
        }
        let city = candidate.rsplit('/').next().unwrap_or(&candidate);
        let Some(distance) = [distance(&candidate), distance(city)]
            .into_iter()
            .flatten()
            .min()
        else {
            continue;
        };
        if best
            .as_ref()
            .is_none_or(|(least, held)| (distance, name) < (*least, held.as_str()))
        {
            best = Some((distance, name.to_owned()));
        }
    }
    best.filter(|(distance, _)| *distance <= most)
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hint(text: &str) -> String {
        Zone::parse(text).unwrap_err().hint.unwrap_or_default()
    }

    #[test]
    fn a_text_of_any_length_is_refused_at_once() {
        assert!(hint("America/New_Yrok").contains("America/New_York"));
        assert_eq!(
            hint(&"x".repeat(500_000)),
            hint("xxxxxxxxxxxxxxxxxxxxxxxxxx")
        );
    }

    #[test]
    fn names_and_offsets_are_zones() {
        for (text, name) in [
            ("America/Sao_Paulo", "America/Sao_Paulo"),
            ("america/sao_paulo", "America/Sao_Paulo"),
            ("UTC", "UTC"),
            ("Z", "UTC"),
            ("-03:00", "-03:00"),
            ("+05:30", "+05:30"),
            ("Etc/GMT+3", "Etc/GMT+3"),
        ] {
            assert_eq!(Zone::parse(text).unwrap().as_str(), name);
        }
        let offset = Zone::parse("-03:00")
            .unwrap()
            .time_zone()
            .to_fixed_offset()
            .unwrap();
        assert_eq!(offset.seconds(), -10_800);
    }

    #[test]
    fn a_misspelt_name_gets_the_nearest() {
        assert!(hint("America/Sao_Paolo").contains("`America/Sao_Paulo`"));
        assert!(hint("Sao Paulo").contains("`America/Sao_Paulo`"));
        assert!(hint("Europe/Berlim").contains("`Europe/Berlin`"));
        assert!(hint("America/New-York").contains("`America/New_York`"));
        assert!(hint("Middle/Of_Nowhere_At_All").contains("such as `America/Sao_Paulo`"));
    }

    #[test]
    fn an_offset_in_another_spelling_is_corrected() {
        for text in [
            "GMT-3",
            "UTC-3",
            "UTC -03:00",
            "-3",
            "-03",
            "-0300",
            "-3:00",
        ] {
            assert!(hint(text).contains("`-03:00`"), "{text}: {}", hint(text));
        }
        for text in ["+15:00", "-03:60", "+", "-3h", "+5:3", "-é1:00"] {
            assert!(Zone::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn the_zone_of_the_machine_is_refused() {
        for text in [
            "localtime",
            "local",
            "system",
            "right/UTC",
            "posix/UTC",
            "Factory",
            "",
            " ",
        ] {
            assert!(Zone::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn the_sign_of_etc_gmt_is_explained() {
        let zone = Zone::parse("Etc/GMT+3").unwrap();
        let note = zone.note().unwrap();
        assert!(
            note.contains("UTC-3") && note.contains("`-03:00`"),
            "{note}"
        );
        assert!(
            Zone::parse("Etc/GMT-10")
                .unwrap()
                .note()
                .unwrap()
                .contains("`+10:00`")
        );
        for plain in ["Etc/GMT", "Etc/UTC", "UTC", "-03:00", "Europe/Lisbon"] {
            assert_eq!(Zone::parse(plain).unwrap().note(), None);
        }
    }
}
