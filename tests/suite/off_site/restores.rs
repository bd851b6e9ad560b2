//! Restores into a folder, through the command line.

use strongroom_tests::Host;

const LOCAL: &str = r#"
[[schedule]]
name = "daily"
plugin = "local-snapshot"
cron = "0 3 * * *"
tenants = ["acme"]

[schedule.retention]
keep-within = "5d"

[schedule.grants.files.data]
path = "<data>/{tenant}"
access = "read"

[schedule.grants.files.place]
path = "<shelf>"
access = "write"
"#;

#[test]
fn p04_a_plugin_with_folders_restores_into_one_and_nowhere_else() {
    let host = Host::new();
    host.schedule("daily.toml", LOCAL);
    host.tree("acme").file("a.txt", "a");
    let _ = host.run(["once", "daily"]).ok();
    let rows = host.run(["--json", "snapshots", "list"]).ok().json();
    let id = rows[0]["id"].as_str().unwrap().to_owned();
    let ran = host
        .run(["restore", &id, "--as", "acme-disk"])
        .ended_with(2);
    assert!(
        ran.stderr.contains("restores into a folder") && ran.stderr.contains("`--to DIR`"),
        "{ran}"
    );
    let _ = host.run(["restore", &id]).ended_with(2);
    let _ = host
        .run(["restore", &id, "--as", "a", "--to", "b"])
        .ended_with(2);
    let _ = host.run(["restore", &id, "--as", " "]).ended_with(2);
    let to = host.folder().join("restored");
    let _ = host
        .run(["restore", &id, "--to", &to.to_string_lossy()])
        .ok();
    assert_eq!(std::fs::read(to.join("data/a.txt")).unwrap(), b"a");
    let row = host.run(["--json", "snapshots", "show", &id]).ok().json();
    assert_eq!(row["holds"], serde_json::json!([]));
    let audit = host.folder().join("audit");
    let _ = host.run(["audit", "export", &audit.to_string_lossy()]).ok();
    let _ = host.run(["audit", "verify", &audit.to_string_lossy()]).ok();
}
