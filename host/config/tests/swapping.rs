//! The exchange of two schedules in their files: lines move with their comments, and nothing else changes.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test stops where something is not as it should be"
)]

use std::fs;
use std::path::Path;

use strongroom_config::edit::{Exchange, Leaves, NotExchanged, exchange, tidy};
use strongroom_config::load;
use strongroom_domain::ScheduleName;
use strongroom_domain::schedule::{Schedule, SwapRole, Trigger};

const NOW: jiff::Timestamp = jiff::Timestamp::constant(1_795_262_400, 0);

const OLD: &str = r#"# The cloud so far.
[[schedule]]
name = "daily"
plugin = "old-cloud"
# At three, as promised.
cron = "0 3 * * *" # GMT-3
timezone = "-03:00"
tenants = ["acme", "globex"]
timeout = "4h"

[schedule.blackout]
days = ["2026-12-25"] # Christmas

[schedule.retention]
keep-within = "5d"

[[schedule]]
name = "report"
plugin = "report"
after = "daily" # tells about it
tenants = ["acme"]
"#;

const NEW: &str = r#"[[schedule]]
name = "daily-new"
plugin = "new-cloud"
# Rehearsed since June.
shadow-of = "daily" # until July
timeout = "1h"

[schedule.retention]
keep-last = 5
"#;

fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

fn name(text: &str) -> ScheduleName {
    ScheduleName::new(text).unwrap()
}

fn exchanged(folder: &Path, from: &str, to: &str, leaves: Leaves) -> Exchange {
    match exchange(folder, &name(from), &name(to), leaves, NOW) {
        Ok(found) => {
            for (path, text) in &found.files {
                fs::write(path, text).unwrap();
            }
            found
        }
        Err(NotExchanged::After(problems) | NotExchanged::Before(problems)) => {
            panic!("{}", problems.render(false))
        }
        Err(error) => panic!("{error:?}"),
    }
}

fn schedule(folder: &Path, name: &str) -> Schedule {
    let set = load(folder, NOW).unwrap_or_else(|problems| panic!("{}", problems.render(false)));
    Schedule::clone(&set.get(name).unwrap().schedule)
}

fn read(folder: &Path, name: &str) -> String {
    fs::read_to_string(folder.join(name)).unwrap()
}

#[test]
fn a_cut_over_moves_the_timetable_with_its_comments_and_a_return_brings_it_back() {
    let folder = folder(&[("a.toml", OLD), ("b.toml", NEW)]);
    let folder = folder.path();
    let found = exchanged(folder, "daily", "daily-new", Leaves::Succeeded);
    assert_eq!(found.followed, [name("report")]);
    let (old, new) = (read(folder, "a.toml"), read(folder, "b.toml"));
    assert!(
        old.contains("succeeded-by = \"daily-new\"\ntimeout = \"4h\"\n"),
        "{old}"
    );
    assert!(
        old.contains("after = \"daily-new\" # tells about it"),
        "{old}"
    );
    assert!(!old.contains("cron") && !old.contains("blackout"), "{old}");
    for comment in [
        "# The cloud so far.",
        "# At three, as promised.",
        "# GMT-3",
        "# Christmas",
        "# Rehearsed since June.",
        "# until July",
    ] {
        assert_eq!(
            format!("{old}{new}").matches(comment).count(),
            1,
            "{comment}\n{old}\n{new}"
        );
    }
    assert!(
        tidy(&old).unwrap() == old && tidy(&new).unwrap() == new,
        "tidy files stay tidy:\n{old}\n{new}"
    );
    let (daily, next) = (schedule(folder, "daily"), schedule(folder, "daily-new"));
    assert_eq!(*daily.swap_role(), SwapRole::SucceededBy(name("daily-new")));
    assert_eq!(
        (
            next.swap_role(),
            next.tenants.len(),
            next.blackout.periods.len()
        ),
        (&SwapRole::Primary, 2, 1)
    );
    assert_eq!(
        (next.zone.as_str(), next.timeout.as_secs()),
        ("-03:00", 3600)
    );
    assert!(next.begins() && !daily.begins());

    exchanged(folder, "daily-new", "daily", Leaves::Shadow);
    let was = self::folder(&[("a.toml", OLD), ("b.toml", NEW)]);
    let before = load(was.path(), NOW).unwrap();
    for one in &before.schedules {
        let now = schedule(folder, one.schedule.name.as_str());
        assert_eq!(
            format!("{now:?}"),
            format!("{:?}", one.schedule),
            "back as it was"
        );
    }
}

#[test]
fn both_entries_may_stand_in_one_file_and_the_tables_stay_with_their_entries() {
    for text in [format!("{OLD}\n{NEW}"), format!("{NEW}\n{OLD}")] {
        let folder = folder(&[("all.toml", &text)]);
        exchanged(folder.path(), "daily", "daily-new", Leaves::Succeeded);
        let (daily, next) = (
            schedule(folder.path(), "daily"),
            schedule(folder.path(), "daily-new"),
        );
        let kept = |one: &Schedule| one.retention().unwrap().keep_last;
        assert_eq!((kept(&daily), kept(&next)), (None, Some(5)));
        assert_eq!(
            next.blackout.periods.len(),
            1,
            "{}",
            read(folder.path(), "all.toml")
        );
        assert!(matches!(next.trigger, Trigger::Cron { .. }));
    }
}

#[test]
fn others_that_were_succeeded_or_rehearse_name_the_new_one() {
    let more = "[[schedule]]\nname = \"older\"\nplugin = \"p\"\nsucceeded-by = \"daily\"\n\n\
                [[schedule]]\nname = \"third\"\nplugin = \"q\"\nshadow-of = \"daily\"\n\n\
                [[schedule]]\nname = \"drill\"\ndrill-of = \"daily\"\nevery = \"1d\"\ntenants = [\"acme\"]\n";
    let folder = folder(&[("a.toml", OLD), ("b.toml", NEW), ("c.toml", more)]);
    exchanged(folder.path(), "daily", "daily-new", Leaves::Succeeded);
    let successor = name("daily-new");
    let drill = schedule(folder.path(), "drill");
    assert_eq!(
        (drill.drill_of(), drill.plugin.as_str()),
        (Some(&successor), "new-cloud")
    );
    assert_eq!(
        *schedule(folder.path(), "older").swap_role(),
        SwapRole::SucceededBy(successor.clone())
    );
    assert_eq!(
        *schedule(folder.path(), "third").swap_role(),
        SwapRole::ShadowOf(successor)
    );
}

#[test]
fn what_cannot_be_moved_line_by_line_is_refused_and_left_alone() {
    let braces =
        "schedule = [{ name = \"daily\", plugin = \"p\", every = \"1h\", tenants = [\"acme\"] }]\n";
    let folder = folder(&[("a.toml", braces), ("b.toml", NEW)]);
    let found = exchange(
        folder.path(),
        &name("daily"),
        &name("daily-new"),
        Leaves::Succeeded,
        NOW,
    );
    assert!(matches!(found, Err(NotExchanged::Braces(one)) if one == name("daily")));
}
