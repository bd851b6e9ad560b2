//! The shelf of a schedule that another one succeeded.
//!
//! Owns: what of it may go. Its own rules decide, over what it has and what its successor took in its place: so the
//! successor's good copies satisfy `keep-last`, the periods and the floor, and the old ones run out as if nothing had been swapped.
//! Never: a verdict on what the successor took.

use jiff::Timestamp;

use crate::ScheduleName;
use crate::calendar::Zone;
use crate::retention::{Retention, ShelfItem, Verdict, decide};

/// What becomes of `own`, the shelf of a succeeded schedule, beside `theirs`: what its successor took for the promise, not
/// as a shadow. One verdict for each of `own`. While the successor has no good copy since, nothing goes.
#[must_use]
pub fn running_out(
    own: &[ShelfItem],
    theirs: &[ShelfItem],
    successor: &ScheduleName,
    retention: &Retention,
    zone: &Zone,
    now: Timestamp,
) -> Vec<Verdict> {
    let last = own.iter().map(|item| item.taken_at).max();
    let succeeded = theirs
        .iter()
        .any(|item| item.good && item.taken_at <= now && Some(item.taken_at) > last);
    let all: Vec<ShelfItem> = own.iter().chain(theirs).cloned().collect();
    let mut verdicts = decide(&all, retention, zone, now);
    verdicts.truncate(own.len());
    if !succeeded {
        for verdict in verdicts.iter_mut().filter(|verdict| !verdict.keep) {
            verdict.keep = true;
            verdict.rules = vec![format!(
                "kept: `{successor}`, which took its place, has no good copy since"
            )];
        }
    }
    verdicts
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::retention::Within;

    fn item(day: i8, good: bool) -> ShelfItem {
        let at = jiff::civil::date(2026, 11, day).at(6, 0, 0, 0);
        ShelfItem {
            id: Uuid::from_u128(u128::from(day.unsigned_abs())),
            taken_at: at.to_zoned(jiff::tz::TimeZone::UTC).unwrap().timestamp(),
            good,
            hold: None,
        }
    }

    fn kept(own: &[i8], theirs: &[(i8, bool)], rules: Retention, today: i8) -> Vec<i8> {
        let items: Vec<_> = own.iter().map(|day| item(*day, true)).collect();
        let theirs: Vec<_> = theirs.iter().map(|(day, good)| item(*day, *good)).collect();
        let name = ScheduleName::new("new").unwrap();
        let now = item(today, true).taken_at;
        let zone = Zone::parse("UTC").unwrap();
        let verdicts = running_out(&items, &theirs, &name, &rules, &zone, now);
        assert_eq!(verdicts.len(), own.len());
        let verdicts = verdicts.iter().zip(own);
        verdicts
            .filter(|(verdict, _)| verdict.keep)
            .map(|(_, day)| *day)
            .collect()
    }

    fn last(count: u32) -> Retention {
        Retention {
            keep_last: Some(count),
            ..Retention::default()
        }
    }

    #[test]
    fn the_copies_of_the_successor_push_the_old_ones_out_one_by_one() {
        let own = [1, 2, 3, 4, 5];
        let mut theirs = Vec::new();
        for (day, left) in [(6, 4), (7, 3), (8, 2), (9, 1), (10, 0)] {
            theirs.push((day, true));
            let expected: Vec<i8> = own.into_iter().rev().take(left).rev().collect();
            assert_eq!(kept(&own, &theirs, last(5), day), expected, "on day {day}");
        }
    }

    #[test]
    fn nothing_goes_while_the_successor_has_no_good_copy_since() {
        let rules = Retention {
            keep_within: Some(Within::parse("2d").unwrap()),
            ..Retention::default()
        };
        let own = [1, 2, 3];
        assert_eq!(kept(&own, &[], rules.clone(), 20), own);
        assert_eq!(kept(&own, &[(2, true)], rules.clone(), 20), own);
        assert_eq!(kept(&own, &[(3, true), (4, false)], rules.clone(), 20), own);
        assert_eq!(kept(&own, &[(4, true)], rules, 20), [0_i8; 0]);
    }

    #[test]
    fn a_floor_is_satisfied_by_good_copies_of_the_successor_only() {
        let rules = Retention {
            keep_within: Some(Within::parse("1d").unwrap()),
            floor: 3,
            ..Retention::default()
        };
        assert_eq!(kept(&[1, 2, 3], &[(10, true)], rules.clone(), 11), [2, 3]);
        let theirs = [(10, true), (11, false), (12, true)];
        assert_eq!(kept(&[1, 2, 3], &theirs, rules, 13), [3]);
    }
}
