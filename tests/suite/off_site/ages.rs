//! The newest good snapshot may not become too old: told once by a daemon, and seen without one.

use std::time::Duration;

use strongroom_tests::{Host, holds_for};

const ONCE: &str = r#"
[[schedule]]
name = "daily"
plugin = "local-snapshot"
at = "2026-03-01T03:00:00Z"
tenants = ["acme"]
max-age = "36h"

[schedule.retention]
keep-last = 5

[schedule.grants.files.data]
path = "<data>/{tenant}"
access = "read"

[schedule.grants.files.place]
path = "<shelf>"
access = "write"
"#;

fn told(log: &str) -> usize {
    log.lines()
        .filter(|line| line.contains("alert") && line.contains("daily acme: the newest good"))
        .count()
}

#[test]
fn p08_a_snapshot_that_is_too_old_is_told_once_and_shown_until_there_is_a_new_one() {
    let host = Host::new();
    host.schedule("daily.toml", ONCE);
    host.tree("acme").file("a.txt", "a");
    let span = ["--from", "2026-03-01T00:00Z", "--to", "2026-03-01T12:00Z"];
    let real = ["simulate", "--real", "--keep"];
    let _ = host.run(real.into_iter().chain(span)).ok();
    let status = host.run(["status"]).ok();
    assert!(
        status
            .stdout
            .contains("TOO OLD daily acme: the newest good snapshot is"),
        "{status}"
    );
    let mut daemon = host.serve();
    let within = Duration::from_secs(30);
    daemon.says("daily acme: the newest good", within);
    let once = || told(&daemon.log()) == 1;
    assert!(holds_for(Duration::from_secs(3), once), "{}", daemon.log());
    let _ = daemon.stop();
    let mut daemon = host.serve();
    let once = || told(&daemon.log()) == 1;
    assert!(holds_for(Duration::from_secs(5), once), "{}", daemon.log());
    let metrics = host.run(["metrics"]).ok().stdout;
    let labels = "{schedule=\"daily\",tenant=\"acme\"}";
    let most = format!("strongroom_newest_snapshot_max_age_seconds{labels} 129600");
    assert!(metrics.contains(&most), "{metrics}");
    let age = format!("strongroom_newest_snapshot_age_seconds{labels} ");
    let age = metrics.lines().find_map(|line| line.strip_prefix(&age));
    assert!(age.unwrap().parse::<u64>().unwrap() > 129_600, "{metrics}");
    let _ = host.run(["once", "daily"]).ok();
    daemon.says("is no longer too old", within);
    let status = host.run(["status"]).ok();
    assert!(!status.stdout.contains("TOO OLD"), "{status}");
    let json = host.run(["--json", "status"]).ok().json();
    assert_eq!(json["too_old"], serde_json::json!([]));
    let _ = daemon.stop();
}
