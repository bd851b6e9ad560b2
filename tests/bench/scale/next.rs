//! The next due time of every schedule, beside croner's for the same texts, and beside a plain heap of as many.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::hint::black_box;
use std::str::FromStr;
use std::sync::Arc;

use jiff::Timestamp;
use strongroom_domain::calendar::{Cron, DstGap, DstOverlap, Zone, next_due};
use strongroom_domain::schedule::Trigger;

use super::{short, sizes};
use crate::Size;
use crate::measure::timed;
use crate::report::{Goal, Report, Row};

const ZONE: &str = "America/New_York";

pub(crate) fn measure(size: Size, report: &mut Report) {
    let zone = Zone::parse(ZONE).unwrap();
    let after: Timestamp = "2026-06-01T12:00:00Z".parse().unwrap();
    let zoned = after.to_zoned(zone.time_zone().clone());
    let texts: Vec<String> = (0..1_440)
        .map(|minute| format!("{} {} * * *", minute % 60, minute / 60))
        .collect();
    let ours: Vec<Trigger> = texts.iter().map(|text| trigger(text)).collect();
    let theirs: Vec<croner::Cron> = texts
        .iter()
        .map(|text| croner::Cron::from_str(text).unwrap())
        .collect();
    for count in sizes(size) {
        let (time, mut due) = timed(|| {
            let due = (0..*count).filter_map(|index| {
                let trigger = &ours[index % ours.len()];
                Some(Reverse((next_due(trigger, &zone, after)?.at, index)))
            });
            due.collect::<BinaryHeap<_>>()
        });
        assert_eq!(due.len(), *count);
        let (croner, ()) = timed(|| {
            for index in 0..*count {
                let next = theirs[index % theirs.len()].find_next_occurrence(&zoned, false);
                black_box(next.unwrap());
            }
        });
        let (heap, ()) = timed(|| {
            for _ in 0..*count {
                let Reverse((at, index)) = due.pop().unwrap();
                due.push(Reverse((at + jiff::SignedDuration::from_hours(24), index)));
            }
        });
        let each = |time: std::time::Duration| time.as_secs_f64() * 1e6 / *count as f64;
        let row = |figure: String, value, peer: &str, beside| Row {
            figure,
            value: each(value),
            peer: peer.to_owned(),
            beside: each(beside),
            unit: "µs",
            goal: Goal::None,
        };
        let figure = format!("next due of {}, each", short(*count));
        report.add(row(figure, time, "croner", croner));
        report.add(row(
            "  the same".to_owned(),
            time,
            "a plain heap, out and in",
            heap,
        ));
    }
}

fn trigger(text: &str) -> Trigger {
    Trigger::Cron {
        cron: Arc::new(Cron::parse(text).unwrap()),
        gap: DstGap::default(),
        overlap: DstOverlap::default(),
    }
}
