//! A thousand cron texts: those that people get wrong, and as many more by chance, the same in every run.
//!
//! Every text has five fields; the six-field texts with seconds are a list of their own.

use std::collections::BTreeSet;

use strongroom_domain::calendar::Cron;

use crate::walker::has_a_day;
use crate::world::Chance;

/// How many five-field texts there are.
pub(crate) const COUNT: usize = 1000;

/// Times where clocks change, ends of months, leap days, both day fields, and every way of writing a field.
const TRICKY: [&str; 118] = [
    "30 2 * * *",
    "0 0 * * *",
    "30 1 * * *",
    "0 3 * * *",
    "15,45 0-3 * * *",
    "0 2,3 * * *",
    "5-10 2 * * *",
    "0-59 2 * * *",
    "45 1,2 * * SUN",
    "30 23 * * *",
    "0 23,0 * * *",
    "0 0 1 * *",
    "59 23 31 * *",
    "0 0 13 * FRI",
    "17 2 */2 * SUN",
    "0 4 * * SAT-MON",
    "*/15 * * * *",
    "0 * * * *",
    "*/20 1 * * *",
    "* 2 * * *",
    "0 */2 * * *",
    "7-59/13 0-3 1-7 * SUN",
    "* * * * *",
    "59 23 * * *",
    "0 1 * * *",
    "0 2 * * *",
    "1 0 * * *",
    "59 0 * * *",
    "59 1 * * *",
    "0,1 2 * * *",
    "0 0,1 * * *",
    "0 0,1,2,3 * * *",
    "0-59 0 * * *",
    "0-59 1 * * *",
    "0-59 23 * * *",
    "0-59 3 * * *",
    "0-59 0-3 * * SUN",
    "29-31 1-2 * * *",
    "44-46 1-3 * * *",
    "0,15,30,45 1-3 * * SUN",
    "0,30 0-23 * * *",
    "0 0-23 * * *",
    "0-59 0-23 * * *",
    "30 2 * * SUN",
    "30 2 * * 0",
    "30 2 * * 7",
    "30 2 * 3 SUN",
    "30 2 8-14 3 *",
    "30 2 8-14 3 SUN",
    "30 1 1-7 11 SUN",
    "0 3 25-31 3,10 *",
    "0 2 25-31 3,10 SUN",
    "0 0 29 2 *",
    "30 2 29 2 *",
    "0 0 31 * *",
    "0 0 30 * *",
    "0 0 29 * *",
    "0 0 28-31 * *",
    "0 0 31 1,3,5 *",
    "0 12 31 12 *",
    "0 0 31 2,3 *",
    "0 0 30 2 MON",
    "0 0 29 2 MON",
    "0 0 */28 2 MON",
    "0 0 */2 * MON",
    "0 0 */2 * *",
    "0 0 1,15 * WED",
    "0 0 15 * MON",
    "0 0 1-7 * SUN",
    "0 0 * * 1-5",
    "0 0 * * MON-FRI",
    "0 0 * * FRI-MON",
    "0 0 * * SAT-SUN",
    "0 0 * * SUN-TUE",
    "0 0 * * 5-7",
    "0 0 * * 0-7",
    "0 0 * * 0,7",
    "0 0 * * */2",
    "0 0 1 * */2",
    "0 0 13 * */2",
    "0 0 * * SAT,SUN",
    "30 2 * MAR,NOV SUN",
    "0 0 1 JAN *",
    "0 0 1 JAN-MAR MON",
    "0 0 1 */3 *",
    "0 0 1 2-11/3 *",
    "*/7 * * * *",
    "*/59 * * * *",
    "*/45 * * * *",
    "13-59/7 * * * *",
    "0-30/10 3 * * *",
    "1-2 * * * *",
    "30 * * * *",
    "30 */2 * * *",
    "30 1-23/2 * * *",
    "0 */5 * * *",
    "0 */23 * * *",
    "*/30 1,2 * * *",
    "*/30 2 * * SUN",
    "* 0-3 * * SUN",
    "*/10 0 * * *",
    "*/5 23 * * SAT",
    "0 */3 */3 * *",
    "*/15 2 31 * *",
    "0 * 29 2 *",
    "*/1 2 * * *",
    "0-59/1 2 * * *",
    "15 0 * * *",
    "45 0 * * *",
    "30 0 * * *",
    "45 2 * * *",
    "1-59/2 1 * * *",
    "0 3 30 12 *",
    "30 0-23 30 12 *",
    "@yearly",
    "@monthly",
    "@weekly",
    "@hourly",
];

/// Texts to the second.
pub(crate) const WITH_SECONDS: [&str; 16] = [
    "30 30 2 * * *",
    "0-59 59 0-3 * * *",
    "*/7 * * * * *",
    "59 59 * * * *",
    "10,50 0,15 1,2 * * *",
    "0 0 0 * * *",
    "59 59 23 * * *",
    "0 30 1 * * SUN",
    "1 0 2 * * *",
    "59 59 1 * * *",
    "59 59 2 * * *",
    "0,59 0,59 0-3 * * *",
    "*/30 30 2 * * *",
    "* 0 3 * * *",
    "30 */30 * * * *",
    "15-45/15 29-31 1-2 * * *",
];

/// The whole list, and the texts that chance made and the reader refused because no year has such a day.
pub(crate) fn all() -> (Vec<String>, Vec<String>) {
    let mut chance = Chance(2026);
    let mut seen: BTreeSet<String> = TRICKY.iter().map(|text| (*text).to_owned()).collect();
    let mut texts: Vec<String> = TRICKY.iter().map(|text| (*text).to_owned()).collect();
    let mut refused = Vec::new();
    while texts.len() < COUNT {
        let text = if chance.below(2) == 0 {
            chance.cron_text()
        } else {
            near_a_change(&mut chance)
        };
        if !seen.insert(text.clone()) {
            continue;
        }
        if Cron::parse(&text).is_ok() {
            texts.push(text);
        } else {
            refused.push(text);
        }
    }
    (texts, refused)
}

/// A text whose times lie in the hours at which clocks change, often on Sundays.
fn near_a_change(chance: &mut Chance) -> String {
    let pick = |chance: &mut Chance, from: &[&str]| from[chance.index(from.len())].to_owned();
    let one = chance.between(0, 60);
    let other = chance.between(0, 60);
    let (low, high) = (one.min(other), one.max(other));
    let minute = match chance.below(5) {
        0 => format!("{low},{high}"),
        1 => format!("{low}-{high}"),
        2 => format!("*/{}", chance.between(1, 60)),
        _ => format!("{one}"),
    };
    let hour = pick(
        chance,
        &[
            "0", "1", "2", "3", "23", "0,1", "1,2", "2-3", "0-3", "23,0", "22-23", "*", "*/2",
            "1-3/2", "0-5/3",
        ],
    );
    let day = pick(
        chance,
        &[
            "*", "*", "*", "1-7", "8-14", "25-31", "31", "29", "30", "*/2", "1", "1,15", "28-31",
        ],
    );
    let month = pick(
        chance,
        &[
            "*", "*", "*", "3", "10,11", "MAR,APR", "SEP-NOV", "2", "*/2", "4,6,9,11", "FEB",
        ],
    );
    let weekday = pick(
        chance,
        &[
            "*", "*", "SUN", "0", "7", "SAT-MON", "FRI,SAT", "*/2", "1-5", "SAT,SUN", "5-7",
        ],
    );
    format!("{minute} {hour} {day} {month} {weekday}")
}

#[test]
fn the_list_is_as_long_as_promised_and_only_days_that_never_come_are_refused() {
    let (texts, refused) = all();
    assert_eq!(texts.iter().collect::<BTreeSet<_>>().len(), COUNT);
    assert!(!refused.is_empty());
    for text in &refused {
        assert!(
            !has_a_day(text),
            "{text} is refused, but some year has such a day"
        );
    }
    for text in &texts {
        assert!(
            has_a_day(text),
            "{text} is accepted, but no year has such a day"
        );
    }
}
