//! What a person sees of a swap before it happens: `plan`, `next`, `check`.

use std::fs;

use strongroom_tests::{Host, Ran, golden};

const PRIMARY: &str = r#"[[schedule]]
name = "daily"
plugin = "local-snapshot"
cron = "0 3 * * *"
timezone = "-03:00"
tenants = ["acme"]
"#;

const SHADOW: &str = r#"[[schedule]]
name = "daily-new"
plugin = "other-snapshot"
shadow-of = "daily"
"#;

const AFTER: &str = r#"[[schedule]]
name = "daily"
plugin = "local-snapshot"
succeeded-by = "daily-new"

[[schedule]]
name = "daily-new"
plugin = "other-snapshot"
cron = "0 3 * * *"
timezone = "-03:00"
tenants = ["acme"]
"#;

fn seen(host: &Host, name: &str, ran: &Ran) {
    let text = format!(
        "exit code {}\n{}{}",
        ran.code,
        host.tidy(&ran.stdout),
        host.tidy(&ran.stderr)
    );
    golden(format!("preview/{name}.txt"), &text);
}

#[test]
fn a_rehearsal_and_a_cut_over_are_told_before_they_begin() {
    let host = Host::new();
    host.schedule("a.toml", PRIMARY);
    for (folder, text) in [
        ("rehearsing", format!("{PRIMARY}\n{SHADOW}")),
        ("after", AFTER.to_owned()),
    ] {
        fs::create_dir(host.folder().join(folder)).unwrap();
        fs::write(host.folder().join(folder).join("a.toml"), text).unwrap();
    }
    for (name, old, new) in [
        ("rehearsal", "schedules", "rehearsing"),
        ("cut-over", "rehearsing", "after"),
    ] {
        let ran = host.run([
            "plan",
            old,
            new,
            "--from",
            "2026-11-21T12:00:00-03:00",
            "--days",
            "3",
        ]);
        seen(&host, name, &ran);
    }
}

#[test]
fn shadows_and_what_was_succeeded_are_shown_among_coming_due_times() {
    let host = Host::new();
    let from = ["--from", "2026-11-21T12:00Z", "-n", "4"];
    host.schedule("a.toml", &format!("{PRIMARY}\n{SHADOW}"));
    seen(
        &host,
        "next-shadow",
        &host.run(["next"].into_iter().chain(from)),
    );
    host.schedule("a.toml", AFTER);
    seen(
        &host,
        "next-succeeded",
        &host.run(["next"].into_iter().chain(from)),
    );
}
