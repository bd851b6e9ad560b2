//! `strongroom simulate`.

mod show;

use std::io::IsTerminal;

use indicatif::{ProgressBar, ProgressStyle};
use strongroom_app::simulation::{Answers, SimulationEvent, Span, Tell, simulate};

use super::*;
use crate::arguments::Simulate;
use crate::signals;
use crate::typed::outage;

pub(super) async fn run(at: &Installation, json: bool, options: &Simulate) -> Result<u8, Error> {
    let (from, to) = (time(&options.from)?, time(&options.to)?);
    let outages = options.down.iter().map(|text| outage(text));
    let span = Span::new(from, to, outages.collect::<Result<_, _>>()?)?;
    let answers = match (&options.cassette, options.real) {
        (_, true) => Answers::Real(options.record.as_deref()),
        (Some(file), false) => Answers::Cassette(file),
        (None, false) => Answers::Assumed,
    };
    let bar = bar(&span, json);
    let tell = tell(bar.clone(), span.from);
    let report = simulate(at, span, answers, options.keep, tell, signals::stop()?).await;
    bar.finish_and_clear();
    let report = report?;
    print::result(json, &report, || show::show(&report, options.all))?;
    let all = report.all_succeeded();
    Ok(if all { 0 } else { EXIT_FAILED })
}

/// A bar from the first moment to the last.
fn bar(span: &Span, json: bool) -> ProgressBar {
    let seconds = span.to.duration_since(span.from).as_secs();
    let bar = if std::io::stderr().is_terminal() && !json {
        ProgressBar::new(seconds.unsigned_abs())
    } else {
        ProgressBar::hidden()
    };
    let style = ProgressStyle::with_template("{bar:40} {msg}");
    bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

fn tell(bar: ProgressBar, from: jiff::Timestamp) -> Tell {
    Box::new(move |event| match event {
        SimulationEvent::Reached(due) => {
            let seconds = due.duration_since(from).as_secs();
            bar.set_position(u64::try_from(seconds).unwrap_or(0));
        }
        SimulationEvent::Ended(due, schedule, tenant) if !bar.is_hidden() => {
            bar.set_message(format!("{} {schedule} {tenant}", utc(due)));
        }
        SimulationEvent::Ended(..) => {}
    })
}
