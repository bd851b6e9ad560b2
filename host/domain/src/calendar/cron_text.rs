//! Cron text as operators write it: five fields, six with seconds first, or a nickname.
//!
//! Owns: the fields, nicknames, impossible dates, and errors that point into the text.
//! Read next: `field` for one field, `civil` for what the text enumerates.

use std::ops::Range;

use jiff::civil::DateTime;

use super::civil::{CivilTimes, Fields};
use super::field::{DAY, Field, HOUR, MINUTE, MONTH, Piece, SECOND, Values, WEEKDAY};

/// Longest text: a field that lists every one of its values is shorter.
const LONGEST_BYTES: usize = 1000;

const NICKNAMES: [(&str, &str); 7] = [
    ("@yearly", "0 0 1 1 *"),
    ("@annually", "0 0 1 1 *"),
    ("@monthly", "0 0 1 * *"),
    ("@weekly", "0 0 * * 0"),
    ("@daily", "0 0 * * *"),
    ("@midnight", "0 0 * * *"),
    ("@hourly", "0 * * * *"),
];

/// Days of each month in a leap year, and the name of the month.
const MONTH_LENGTHS: [(u32, &str); 12] = [
    (31, "January"),
    (29, "February"),
    (31, "March"),
    (30, "April"),
    (31, "May"),
    (30, "June"),
    (31, "July"),
    (31, "August"),
    (30, "September"),
    (31, "October"),
    (30, "November"),
    (31, "December"),
];

/// A cron text, read: it enumerates civil times and comes due some day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cron {
    text: String,
    times: CivilTimes,
    fixed: bool,
}

/// Says what is wrong with a cron text, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct CronError {
    /// One sentence.
    pub message: String,
    /// The bytes of the text that it is about.
    pub span: Range<usize>,
    /// What to write instead.
    pub hint: Option<String>,
}

impl Cron {
    /// Reads POSIX/Vixie cron: `0 3 * * *`, `@daily`, or six fields with seconds first.
    ///
    /// # Errors
    /// [`CronError`] names the field, the value and what is allowed.
    pub fn parse(text: &str) -> Result<Self, CronError> {
        let whole = Piece { text, start: 0 };
        if text.len() > LONGEST_BYTES {
            return Err(whole.fail(
                format!("the cron text is longer than {LONGEST_BYTES} bytes"),
                None,
            ));
        }
        let pieces = split_fields(text);
        let fields = match pieces.as_slice() {
            [] => {
                let hint = "write five fields: minute, hour, day of month, month, day of week, as in `0 3 * * *`";
                return Err(whole.fail("the cron text is empty".into(), Some(hint.into())));
            }
            [nickname] if nickname.text.starts_with('@') => {
                let expanded = nicknamed(*nickname)?;
                five_or_six(text, &split_fields(expanded))?
            }
            pieces => five_or_six(text, pieces)?,
        };
        let fixed = ![fields.seconds, fields.minutes, fields.hours]
            .iter()
            .any(|values| values.moving);
        Ok(Self {
            text: text.to_owned(),
            times: CivilTimes::new(&fields)?,
            fixed,
        })
    }

    /// The text as written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether it names times of the day (no `*` and no step in second, minute and hour; lists and ranges may be).
    ///
    /// Fixed times follow the policies for daylight saving; the others follow real time.
    #[must_use]
    pub const fn is_fixed(&self) -> bool {
        self.fixed
    }

    /// The first civil time strictly after another.
    pub(super) fn civil_after(&self, civil: DateTime) -> Option<DateTime> {
        self.times.after(civil)
    }

    /// The first civil time at or after another, which has whole seconds.
    pub(super) fn civil_from(&self, civil: DateTime) -> Option<DateTime> {
        self.times.from(civil)
    }
}

fn split_fields(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut start = 0;
    for part in text.split([' ', '\t']) {
        if !part.is_empty() {
            pieces.push(Piece { text: part, start });
        }
        start += part.len() + 1;
    }
    pieces
}

fn nicknamed(piece: Piece<'_>) -> Result<&'static str, CronError> {
    if let Some((_, expanded)) = NICKNAMES.iter().find(|(name, _)| *name == piece.text) {
        return Ok(expanded);
    }
    if piece.text == "@reboot" {
        let message =
            "`@reboot` is not a time: a restart of the host must not start work".to_owned();
        return Err(piece.fail(message, Some("name the times at which it is due".into())));
    }
    let names = NICKNAMES.map(|(name, _)| name).join(" ");
    let message = format!("`{}` is not a nickname: there are {names}", piece.text);
    let hint = if piece.text.starts_with("@every") {
        Some("for a fixed distance write `every = \"15m\"` instead of `cron`".to_owned())
    } else {
        let lower = piece.text.to_lowercase();
        let near = NICKNAMES
            .iter()
            .find(|(name, _)| strsim::damerau_levenshtein(name, &lower) <= 2);
        near.map(|(name, _)| format!("did you mean `{name}`?"))
    };
    Err(piece.fail(message, hint))
}

fn five_or_six(text: &str, pieces: &[Piece<'_>]) -> Result<Fields, CronError> {
    let (second, [minute, hour, day, month, weekday]) = match pieces {
        [minute, hour, day, month, weekday] => (None, [minute, hour, day, month, weekday]),
        [second, minute, hour, day, month, weekday] => {
            (Some(second), [minute, hour, day, month, weekday])
        }
        _ => return Err(wrong_count(text, pieces)),
    };
    let read = |field: &Field, piece: &Piece<'_>| field.read(*piece);
    let fields = Fields {
        seconds: second.map_or(Ok(Values::single(0)), |second| read(&SECOND, second))?,
        minutes: read(&MINUTE, minute)?,
        hours: read(&HOUR, hour)?,
        days: read(&DAY, day)?,
        months: read(&MONTH, month)?,
        weekdays: read(&WEEKDAY, weekday)?,
    };
    refuse_impossible(&fields, *day, *month)?;
    Ok(fields)
}

fn wrong_count(text: &str, pieces: &[Piece<'_>]) -> CronError {
    let whole = Piece { text, start: 0 };
    if let Some(zone) = pieces.iter().find(|piece| piece.text.contains("TZ=")) {
        let message = format!("`{}` does not belong into the cron text", zone.text);
        return zone.fail(message, Some("write the zone as `timezone = \"…\"`".into()));
    }
    if let Some(nickname) = pieces.iter().find(|piece| piece.text.starts_with('@')) {
        return match nicknamed(*nickname) {
            Err(error) => error,
            Ok(_) => whole.fail(
                format!("`{}` stands alone", nickname.text),
                Some("remove the other fields".into()),
            ),
        };
    }
    let count = pieces.len();
    let hint = match count {
        7 => {
            "the fields are second, minute, hour, day of month, month, day of week; years are not cron's"
        }
        0..5 => "the fields are minute, hour, day of month, month, day of week, as in `0 3 * * *`",
        _ => "the command belongs into `plugin`; write the fields alone, as in `0 3 * * *`",
    };
    let counted = if count == 1 {
        "one field".to_owned()
    } else {
        format!("{count} fields")
    };
    whole.fail(
        format!("the cron text has {counted} instead of five, or six with seconds first"),
        Some(hint.into()),
    )
}

/// Refuses a date that no year has, such as 30 February. A day of the week that is enough by itself saves it.
fn refuse_impossible(fields: &Fields, day: Piece<'_>, month: Piece<'_>) -> Result<(), CronError> {
    let by_weekday = !fields.days.starred && !fields.weekdays.starred;
    let Some(first_day) = fields.days.iter().next().filter(|_| !by_weekday) else {
        return Ok(());
    };
    let lengths: Vec<_> = (1..)
        .zip(MONTH_LENGTHS)
        .filter(|(number, _)| fields.months.iter().any(|m| m == *number))
        .collect();
    if lengths.iter().any(|(_, (length, _))| first_day <= *length) {
        return Ok(());
    }
    let reasons: Vec<_> = lengths
        .iter()
        .map(|(_, (length, name))| format!("{name} has {length} days"))
        .collect();
    let most = if fields.months.iter().any(|m| m == 2) {
        " at most"
    } else {
        ""
    };
    Err(CronError {
        message: format!(
            "day of month `{}` in month `{}` never comes: {}{most}",
            day.text,
            month.text,
            reasons.join(", ")
        ),
        span: day.start..month.start + month.text.len(),
        hint: Some("for the end of a month, run on the 1st of the next one".into()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_that_name_times_are_fixed() {
        for (text, fixed) in [
            ("0 3 * * *", true),
            ("0,30 1-5 * * *", true),
            ("@daily", true),
            ("@weekly", true),
            ("15 30 2 * * *", true),
            ("0 3 */2 * MON", true),
            ("*/15 * * * *", false),
            ("0 */2 * * *", false),
            ("0 * * * *", false),
            ("@hourly", false),
            ("0-30/10 3 * * *", false),
            ("*/10 0 3 * * *", false),
            (" 0\t3  * * * ", true),
        ] {
            assert_eq!(Cron::parse(text).unwrap().is_fixed(), fixed, "{text}");
        }
    }

    #[test]
    fn every_error_has_a_place_and_a_sentence() {
        for (text, span, message, hint) in [
            ("", 0..0, "empty", "five fields"),
            ("   ", 0..3, "empty", "five fields"),
            ("0 3 * *", 0..7, "4 fields", "`0 3 * * *`"),
            ("daily", 0..5, "one field", "`0 3 * * *`"),
            ("0 0 3 * * * 2026", 0..16, "7 fields", "years"),
            (
                "0 3 * * * /usr/bin/backup --all now",
                0..35,
                "8 fields",
                "command",
            ),
            ("0 25 * * *", 2..4, "hour `25` is out of range: 0 to 23", ""),
            (
                "0  3\t* * MOON",
                9..13,
                "`MOON` is not a value in the day of week field",
                "`MON`",
            ),
            ("60 0 3 * * *", 0..2, "second `60`", ""),
            ("@reboot", 0..7, "`@reboot` is not a time", ""),
            ("@Daily", 0..6, "not a nickname", "`@daily`"),
            ("@every 15m", 0..6, "not a nickname", "every = "),
            ("@daily *", 0..8, "stands alone", ""),
            ("CRON_TZ=UTC 0 3 * * *", 0..11, "", ""),
            ("TZ=UTC 0 0 3 * * *", 0..6, "does not belong", "timezone"),
            (
                "0 0 30 2 *",
                4..8,
                "`30` in month `2` never comes: February has 29 days at most",
                "1st",
            ),
            (
                "0 0 31 4,6 *",
                4..10,
                "April has 30 days, June has 30 days",
                "",
            ),
            ("0 0 30-31 FEB */2", 4..13, "never comes", ""),
        ] {
            let error = Cron::parse(text).unwrap_err();
            assert_eq!(error.span, span, "{text}: {error}");
            assert!(error.message.contains(message), "{text}: {error}");
            assert!(
                error.hint.clone().unwrap_or_default().contains(hint),
                "{text}: {:?}",
                error.hint
            );
        }
    }

    #[test]
    fn a_date_that_some_year_has_is_accepted() {
        for text in [
            "0 0 29 2 *",
            "0 0 31 * *",
            "0 0 31 2,3 *",
            "0 0 30 2 MON",
            "0 0 */28 2 MON",
        ] {
            assert!(Cron::parse(text).is_ok(), "{text}");
        }
    }

    #[test]
    fn no_text_breaks_the_reader() {
        for text in [
            "é é é é é",
            "* * * * \u{a0}*",
            "0 0 0 0 0",
            "- - - - -",
            "/ / / / /",
            ", , , , ,",
            "*/ * * * *",
        ] {
            assert!(Cron::parse(text).is_err(), "{text}");
        }
        assert!(
            Cron::parse(&"* ".repeat(600))
                .unwrap_err()
                .message
                .contains("longer")
        );
    }
}
