//! What is in the same place is no second shelf: through the command line, on real folders.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use strongroom_tests::{Host, guest, left_out};

const FIRST: &str = r#"
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

/// The second shelf, in this folder.
fn second(place: &str) -> String {
    let second = FIRST
        .replace("name = \"daily\"", "name = \"elsewhere\"")
        .replace("0 3 * * *", "0 5 * * *")
        .replace("<shelf>", place)
        .replace(
            "[schedule.retention]",
            "[schedule.off-site]\nof = \"daily\"\n\n[schedule.retention]",
        );
    format!("{FIRST}{second}")
}

fn host(place: &str) -> Host {
    let host = Host::new();
    host.schedule("both.toml", &second(place));
    host.tree("acme").file("a.txt", "a");
    host
}

#[test]
fn p08_a_second_shelf_in_the_same_folder_is_refused_at_check() {
    for place in ["<shelf>", "<shelf>/inside", "<folder>/link"] {
        let host = host(place);
        std::os::unix::fs::symlink(host.shelf(), host.folder().join("link")).unwrap();
        let ran = host.run(["check"]).ended_with(3);
        let expected = "the same place as `daily`, of which it is a second shelf";
        assert!(ran.stderr.contains(expected), "{place}\n{ran}");
        assert!(ran.stderr.contains("both.toml"), "{ran}");
        assert!(
            ran.stderr.contains("help: name a folder in another place"),
            "{ran}"
        );
    }
}

#[test]
fn p08_a_second_shelf_on_the_same_device_is_warned_of_and_works() {
    let host = host("<folder>/elsewhere");
    fs::create_dir(host.folder().join("elsewhere")).unwrap();
    let ran = host.run(["check"]).ok();
    assert!(
        ran.stderr.contains("on the same device as `daily`"),
        "{ran}"
    );
    let json = host.run(["--json", "check"]).ok().json();
    let warnings = json["warnings"].to_string();
    assert!(warnings.contains("on the same device"), "{json}");
    for schedule in ["daily", "elsewhere"] {
        let _ = host.run(["once", schedule]).ok();
    }
    let kept = |folder: &Path| fs::read(folder.join("acme/latest/data/a.txt")).unwrap();
    assert_eq!(kept(&host.shelf()), b"a");
    assert_eq!(kept(&host.folder().join("elsewhere")), b"a");
}

#[test]
fn p08_a_second_shelf_on_another_device_is_not_warned_of() {
    if left_out("second-device") {
        return;
    }
    let other = Path::new("/dev/shm");
    let device = |path: &Path| fs::metadata(path).unwrap().dev();
    let host = Host::new();
    assert_ne!(
        device(other),
        device(host.folder()),
        "to test without one: STRONGROOM_WITHOUT=second-device"
    );
    let folder = tempfile::tempdir_in(other).unwrap();
    host.schedule("both.toml", &second(&folder.path().to_string_lossy()));
    host.tree("acme").file("a.txt", "a");
    let ran = host.run(["check"]).ok();
    assert!(!ran.stderr.contains("same device"), "{ran}");
}

#[test]
fn p08_only_a_plugin_that_can_copy_is_asked_to() {
    let host = host("<folder>/elsewhere");
    let text =
        second("<folder>/elsewhere").replace("of = \"daily\"", "of = \"daily\"\ncopy = true");
    host.schedule("both.toml", &text);
    let ran = host.run(["check"]).ended_with(2);
    assert!(
        ran.stderr
            .contains("plugin `local-snapshot` does not copy snapshots"),
        "{ran}"
    );
    assert!(ran.stderr.contains("help: write `copy = false`"), "{ran}");
}

#[test]
fn p08_a_plugin_that_keeps_no_snapshots_has_no_second_shelf_no_age_and_no_place() {
    let host = Host::new().with_own_plugins();
    host.install("misbehaving", &guest("misbehaving"));
    host.install(
        "local-snapshot",
        &strongroom_tests::plugin("local-snapshot"),
    );
    let task = r#"
[[schedule]]
name = "task"
plugin = "misbehaving"
every = "1d"
tenants = ["acme"]
max-age = "36h"
place = "somewhere"
off-site = { of = "daily" }
"#;
    host.schedule("both.toml", &format!("{FIRST}{task}"));
    let ran = host.run(["check"]);
    for so in [
        "it can be no second shelf",
        "nothing of it grows old",
        "nothing that lies anywhere",
    ] {
        assert!(ran.stderr.contains(so), "{so}\n{ran}");
    }
    assert_eq!(ran.code, 2, "{ran}");
}
