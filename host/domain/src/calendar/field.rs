//! One field of a cron text: `*/15`, `1-5`, `MON,FRI`, `22-23,0-2`.
//!
//! Owns: values, names, ranges, steps and lists, and what to say when they are wrong.
//! Never: what the fields mean together; that is `cron_text`.

use super::CronError;

/// What may stand in a field.
#[derive(Debug)]
pub(super) struct Field {
    pub(super) name: &'static str,
    min: u32,
    max: u32,
    /// Names of the values from `min` on.
    names: &'static [&'static str],
}

const MONTHS: [&str; 12] = [
    "JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC",
];
/// Days of the week as cron counts them: Sunday is 0, and 7 too.
pub(super) const WEEKDAYS: [&str; 7] = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

pub(super) const SECOND: Field = Field {
    name: "second",
    min: 0,
    max: 59,
    names: &[],
};
pub(super) const MINUTE: Field = Field {
    name: "minute",
    min: 0,
    max: 59,
    names: &[],
};
pub(super) const HOUR: Field = Field {
    name: "hour",
    min: 0,
    max: 23,
    names: &[],
};
pub(super) const DAY: Field = Field {
    name: "day of month",
    min: 1,
    max: 31,
    names: &[],
};
pub(super) const MONTH: Field = Field {
    name: "month",
    min: 1,
    max: 12,
    names: &MONTHS,
};
pub(super) const WEEKDAY: Field = Field {
    name: "day of week",
    min: 0,
    max: 7,
    names: &WEEKDAYS,
};

/// The values of a field, read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Values {
    /// Bit n: the value n is in the set. Sunday is bit 0 only.
    bits: u64,
    /// The text begins with `*`: the field does not restrict the day (Vixie's rule for the two day fields).
    pub(super) starred: bool,
    /// There is a `*` or a step: the field follows the clock rather than naming times.
    pub(super) moving: bool,
}

impl Values {
    pub(super) const fn single(value: u32) -> Self {
        Self {
            bits: 1 << value,
            starred: false,
            moving: false,
        }
    }

    pub(super) fn iter(self) -> impl Iterator<Item = u32> {
        (0..64).filter(move |value| self.bits >> value & 1 == 1)
    }
}

/// A piece of the text and where it stands.
#[derive(Debug, Clone, Copy)]
pub(super) struct Piece<'a> {
    pub(super) text: &'a str,
    pub(super) start: usize,
}

impl<'a> Piece<'a> {
    pub(super) fn fail(self, message: String, hint: Option<String>) -> CronError {
        CronError {
            message,
            span: self.start..self.start + self.text.len(),
            hint,
        }
    }

    fn split(self, separator: char) -> (Self, Option<Self>) {
        match self.text.split_once(separator) {
            None => (self, None),
            Some((left, right)) => {
                let start = self.start + left.len() + separator.len_utf8();
                (
                    Self { text: left, ..self },
                    Some(Self { text: right, start }),
                )
            }
        }
    }
}

impl Field {
    /// Reads a field.
    pub(super) fn read(&self, piece: Piece<'_>) -> Result<Values, CronError> {
        let mut values = Values {
            bits: 0,
            starred: piece.text.starts_with('*'),
            moving: piece.text.contains(['*', '/']),
        };
        let mut rest = Some(piece);
        while let Some(list) = rest {
            let (item, after) = list.split(',');
            if item.text.is_empty() {
                let message = format!(
                    "the {} field `{}` has an empty entry in its list",
                    self.name, piece.text
                );
                return Err(piece.fail(message, Some("remove the comma too many".into())));
            }
            values.bits |= self.item(item)?;
            rest = after;
        }
        Ok(values)
    }

    fn item(&self, item: Piece<'_>) -> Result<u64, CronError> {
        let (range, step) = item.split('/');
        let (first, last) = if range.text == "*" {
            (self.min, self.last())
        } else {
            let (left, right) = range.split('-');
            let first = self.value(left)?;
            match right {
                Some(right) => (first, self.range_end(range, first, right)?),
                None if step.is_some() => {
                    let message = format!(
                        "{} `{}` has a step but is not a range",
                        self.name, item.text
                    );
                    let step = step.map_or("", |step| step.text);
                    return Err(item.fail(
                        message,
                        Some(format!("write `{}-{}/{step}`", left.text, self.last())),
                    ));
                }
                None => (first, first),
            }
        };
        let step = step.map_or(Ok(1), |step| self.step(item, step, first, last))?;
        let width = if self.is_weekday() { 7 } else { u32::MAX };
        Ok((first..=last)
            .step_by(step)
            .fold(0, |bits, value| bits | 1 << (value % width)))
    }

    /// The end of a range; for days of the week it may lie in the next week.
    fn range_end(&self, range: Piece<'_>, first: u32, right: Piece<'_>) -> Result<u32, CronError> {
        let last = self.value(right)?;
        if last >= first {
            return Ok(last);
        }
        if self.is_weekday() {
            return Ok(last + 7);
        }
        let (left, _) = range.split('-');
        let upper = if first == self.max {
            left.text.to_owned()
        } else {
            format!("{}-{}", left.text, self.max)
        };
        let lower = if last == self.min {
            right.text.to_owned()
        } else {
            format!("{}-{}", self.min, right.text)
        };
        let message = format!("the {} range `{}` runs backwards", self.name, range.text);
        Err(range.fail(
            message,
            Some(format!("to run over the end, write `{upper},{lower}`")),
        ))
    }

    fn step(
        &self,
        item: Piece<'_>,
        step: Piece<'_>,
        first: u32,
        last: u32,
    ) -> Result<usize, CronError> {
        let is_number = !step.text.is_empty() && step.text.bytes().all(|b| b.is_ascii_digit());
        let number = step
            .text
            .parse::<u32>()
            .ok()
            .filter(|number| is_number && *number > 0);
        let Some(number) = number else {
            let message = format!(
                "the step `{}` of the {} field is not a number from 1 on",
                step.text, self.name
            );
            return Err(step.fail(message, None));
        };
        if number > last - first {
            let message = format!(
                "the step `{}` never fits into the {} field: `{}` is only ever {first}",
                step.text, self.name, item.text
            );
            let hint = format!(
                "write `{first}`; for a distance that no field can hold use `every = \"90m\"` instead of `cron`"
            );
            return Err(step.fail(message, Some(hint)));
        }
        Ok(usize::try_from(number).unwrap_or(usize::MAX))
    }

    fn value(&self, piece: Piece<'_>) -> Result<u32, CronError> {
        let text = piece.text;
        let upper = text.to_ascii_uppercase();
        if let Some(place) = self.names.iter().position(|name| *name == upper) {
            return Ok(self.min + u32::try_from(place).unwrap_or(0));
        }
        let is_number = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        match text.parse::<u32>() {
            Ok(value) if is_number && (self.min..=self.max).contains(&value) => Ok(value),
            _ if is_number => {
                let message = format!("{} `{text}` is out of range: {}", self.name, self.allowed());
                Err(piece.fail(message, None))
            }
            _ => {
                let what = if text.is_empty() {
                    "a value is missing".to_owned()
                } else {
                    format!("`{text}` is not a value")
                };
                let message = format!("{what} in the {} field: {}", self.name, self.allowed());
                Err(piece.fail(message, self.meant(&upper)))
            }
        }
    }

    fn meant(&self, upper: &str) -> Option<String> {
        if upper == "?" {
            return Some("write `*`; `?` is not cron's".into());
        }
        if upper.starts_with('-') {
            return Some("a range needs both ends, as in `1-5`".into());
        }
        if let Some(name) = self
            .names
            .iter()
            .find(|name| upper.len() > 3 && !upper.contains('#') && upper.starts_with(**name))
        {
            return Some(format!("names have three letters: write `{name}`"));
        }
        if let Some(name) = self
            .names
            .iter()
            .find(|name| strsim::osa_distance(upper, name) == 1)
        {
            return Some(format!("did you mean `{name}`?"));
        }
        if upper.contains(['L', 'W', '#']) && self.name.starts_with("day") {
            return Some(
                "`L`, `W` and `#` are another system's signs; cron has no last or n-th day".into(),
            );
        }
        None
    }

    fn allowed(&self) -> String {
        match (self.names.first(), self.names.last()) {
            (Some(first), Some(last)) if self.is_weekday() => {
                format!("0 to 7 (0 and 7 are Sunday) or {first} to {last}")
            }
            (Some(first), Some(last)) => {
                format!("{} to {} or {first} to {last}", self.min, self.max)
            }
            _ => format!("{} to {}", self.min, self.max),
        }
    }

    /// The last value that is not another name of an earlier one.
    const fn last(&self) -> u32 {
        if self.is_weekday() { 6 } else { self.max }
    }

    const fn is_weekday(&self) -> bool {
        self.max == WEEKDAY.max
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(field: &Field, text: &str) -> Vec<u32> {
        field
            .read(Piece { text, start: 0 })
            .unwrap()
            .iter()
            .collect()
    }

    #[test]
    fn lists_ranges_and_steps() {
        assert_eq!(read(&MINUTE, "*/15"), [0, 15, 30, 45]);
        assert_eq!(read(&HOUR, "22-23,0-2"), [0, 1, 2, 22, 23]);
        assert_eq!(read(&DAY, "1-10/4,31"), [1, 5, 9, 31]);
        assert_eq!(read(&MONTH, "jan,Mar-MAY"), [1, 3, 4, 5]);
    }

    #[test]
    fn sunday_is_zero_and_seven_and_ranges_of_days_wrap() {
        assert_eq!(read(&WEEKDAY, "0"), [0]);
        assert_eq!(read(&WEEKDAY, "7"), [0]);
        assert_eq!(read(&WEEKDAY, "1-5"), [1, 2, 3, 4, 5]);
        assert_eq!(read(&WEEKDAY, "5-7"), [0, 5, 6]);
        assert_eq!(read(&WEEKDAY, "FRI-MON"), [0, 1, 5, 6]);
        assert_eq!(read(&WEEKDAY, "6-0"), [0, 6]);
        assert_eq!(read(&WEEKDAY, "7-2"), [0, 1, 2]);
        assert_eq!(read(&WEEKDAY, "FRI-MON/2"), [0, 5]);
        assert_eq!(read(&WEEKDAY, "*/2"), [0, 2, 4, 6]);
        assert_eq!(read(&WEEKDAY, "*").len(), 7);
        assert_eq!(read(&WEEKDAY, "0-7").len(), 7);
    }

    #[test]
    fn errors_point_at_the_value_and_name_the_field() {
        for (field, text, span, message, hint) in [
            (
                &MINUTE,
                "61",
                0..2,
                "minute `61` is out of range: 0 to 59",
                "",
            ),
            (
                &HOUR,
                "1,24",
                2..4,
                "hour `24` is out of range: 0 to 23",
                "",
            ),
            (
                &DAY,
                "0",
                0..1,
                "day of month `0` is out of range: 1 to 31",
                "",
            ),
            (
                &WEEKDAY,
                "8",
                0..1,
                "0 to 7 (0 and 7 are Sunday) or SUN to SAT",
                "",
            ),
            (
                &WEEKDAY,
                "Monday",
                0..6,
                "`Monday` is not a value",
                "write `MON`",
            ),
            (&WEEKDAY, "5#3", 0..3, "not a value", "n-th day"),
            (&DAY, "L", 0..1, "not a value", "no last"),
            (&DAY, "?", 0..1, "not a value", "write `*`"),
            (&MINUTE, "5/15", 0..4, "not a range", "write `5-59/15`"),
            (&MINUTE, "*/0", 2..3, "the step `0`", ""),
            (&MINUTE, "*/90", 2..4, "never fits", "every = \"90m\""),
            (&HOUR, "22-2", 0..4, "runs backwards", "`22-23,0-2`"),
            (&MONTH, "NOV-FEB", 0..7, "runs backwards", "`NOV-12,1-FEB`"),
            (&HOUR, "1,,2", 0..4, "empty entry", "comma"),
            (&HOUR, "1-", 2..2, "a value is missing", ""),
            (&HOUR, "-5", 0..0, "a value is missing", ""),
            (&MINUTE, "+5", 0..2, "not a value", ""),
            (&MINUTE, "**", 0..2, "not a value", ""),
            (&MINUTE, "é", 0..2, "not a value", ""),
            (&MINUTE, "99999999999", 0..11, "out of range", ""),
        ] {
            let error = field.read(Piece { text, start: 0 }).unwrap_err();
            assert_eq!(error.span, span, "{text}");
            assert!(error.message.contains(message), "{text}: {}", error.message);
            assert!(error.hint.unwrap_or_default().contains(hint), "{text}");
        }
    }
}
