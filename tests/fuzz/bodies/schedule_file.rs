//! What must hold for every schedule file: the body of the fuzz target and of the properties in the suite.

use strongroom_config::{SourceFile, parse};

/// What is said of blackouts and calendars must not change with the day of the test.
const NOW: jiff::Timestamp = jiff::Timestamp::constant(1_795_262_400, 0);

/// Panics where a promise is broken.
pub(crate) fn check(text: &str) {
    let length = text.len();
    let source = SourceFile {
        path: "a.toml".into(),
        folder: "/etc".into(),
        text: text.to_owned(),
    };
    let problems = match parse(vec![source], NOW) {
        Ok(set) => {
            for located in &set.schedules {
                assert!(located.span.end <= length && located.span.start < located.span.end);
                let problem = located.problem("config.x", "wrong", None);
                assert!(problem.position().is_some());
            }
            set.warnings
        }
        Err(problems) => {
            assert!(problems.has_errors());
            problems
        }
    };
    let shown = problems.render(false);
    assert_eq!(shown.is_empty(), problems.is_empty());
    assert!(
        !shown.contains(['\u{1b}', '\u{202e}']),
        "what is shown could deceive"
    );
    for problem in problems.iter() {
        assert!(!problem.message.is_empty());
    }
}
