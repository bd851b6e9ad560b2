//! A suite that cannot fail proves nothing: one guest, one broken rule each, and exactly the cases that say so.

use std::path::PathBuf;

use strongroom_tests::{FakeProvider, Host, guest};

use super::{Report, tried};

const CONFIG: &str = r#"
[[schedule]]
name = "contrary"
plugin = "contrary"
cron = "0 3 * * *"
tenants = ["acme", "globex"]
config = <config>
grants.state = true

[schedule.grants.http.shelf]
origin = "<origin>"
addresses = ["127.0.0.1"]
operations = ["list", "look", "make", "remove", "look-at-disk", "restore", "wipe"]
"#;

/// What the guest's features leave out.
const SKIPS: [&str; 2] = ["restore-missing-path", "copy-unknown"];

/// A schedule file that points at the provider.
pub(super) fn config(host: &Host, provider: &FakeProvider, rule: Option<&str>) -> PathBuf {
    let broken = rule.map_or("{}".to_owned(), |rule| format!("{{ breaks = \"{rule}\" }}"));
    let text = CONFIG.replace("<origin>", &provider.origin());
    host.schedule("contrary.toml", &text.replace("<config>", &broken))
}

/// Runs the suite on a guest that breaks this rule; none: it behaves. The snapshots that were there before.
fn contrary(rule: Option<&str>) -> (Report, FakeProvider, Vec<String>) {
    let provider = FakeProvider::start();
    let before = vec![provider.put("acme"), provider.put("globex")];
    let host = Host::new();
    let config = config(&host, &provider, rule);
    let report = tried(
        &host,
        &guest("contrary"),
        Some(&config),
        &["--restore-as", "disk-of-the-suite"],
    );
    (report, provider, before)
}

/// Exactly these cases fail when this rule is broken; what was there before is untouched, and nothing is left.
#[track_caller]
fn fails(rule: &str, cases: &[&str]) {
    let (report, provider, before) = contrary(Some(rule));
    report.failed_only(cases);
    assert_eq!(report.left_behind(), Vec::<&str>::new());
    assert_eq!(provider.snapshots(), before);
}

#[test]
fn a_plugin_that_breaks_no_rule_passes() {
    let (report, provider, before) = contrary(None);
    report.whole(&SKIPS);
    assert_eq!(provider.snapshots(), before);
}

#[test]
fn two_snapshots_for_one_run_are_found() {
    fails(
        "two-for-one-run",
        &["same-run-twice", "lost-reply", "cut-off-create", "deadline"],
    );
}

#[test]
fn a_list_in_another_order_is_found() {
    fails("newest-first", &["pages"]);
}

#[test]
fn a_snapshot_on_two_pages_is_found() {
    fails("repeats-on-pages", &["pages"]);
}

#[test]
fn a_cursor_of_anybody_is_found() {
    fails("takes-any-cursor", &["bad-cursor"]);
}

#[test]
fn another_tenants_snapshot_in_the_list_is_found() {
    fails("shows-others", &["not-listed-to-others"]);
}

#[test]
fn a_deletion_for_another_tenant_is_found() {
    fails("deletes-for-anyone", &["not-deleted-by-others"]);
}

#[test]
fn a_deletion_that_is_none_is_found_and_what_is_left_is_told() {
    let (report, provider, before) = contrary(Some("keeps-what-it-deletes"));
    report.failed_only(&["delete", "lost-reply-to-delete"]);
    let left = report.left_behind();
    assert_eq!(
        left.len(),
        provider.snapshots().len() - before.len(),
        "{left:?}"
    );
}

#[test]
fn a_change_in_a_dry_run_is_found_although_the_host_holds_it_back() {
    fails("creates-in-dry-run", &["dry-create"]);
    fails("deletes-in-dry-run", &["dry-delete"]);
    fails("remembers-in-dry-run", &["dry-create"]);
}

#[test]
fn an_operation_begun_in_a_dry_run_is_found() {
    fails(
        "begins-in-dry-run",
        &["stands-without-grants", "dry-create"],
    );
}

#[test]
fn a_feature_that_is_told_and_not_there_is_found() {
    fails("verifies-nothing", &["verify", "verify-unknown"]);
}

#[test]
fn a_feature_that_is_there_and_not_told_is_found() {
    fails("copies-untold", &["not-offered"]);
}

#[test]
fn a_busy_provider_that_is_taken_for_the_end_is_found() {
    fails("fatal-when-throttled", &["throttled"]);
    fails("hasty-when-throttled", &["throttled"]);
}

#[test]
fn a_storm_of_requests_is_found() {
    fails(
        "asks-again-at-once",
        &["throttled", "busy", "unreachable", "lost-reply"],
    );
}

#[test]
fn an_unreadable_answer_that_is_believed_is_found() {
    fails("believes-pages", &["page-of-html", "cut-off-answer"]);
}

#[test]
fn a_lost_reply_that_is_taken_for_the_end_is_found() {
    fails(
        "fatal-when-lost",
        &["unreachable", "lost-reply", "lost-reply-to-delete"],
    );
}

#[test]
fn a_crash_is_found_where_it_happens_and_in_the_end() {
    fails("crashes-on-handles", &["garbage-handle", "within-limits"]);
    fails(
        "crashes-on-references",
        &["malformed-reference", "verify-unknown", "within-limits"],
    );
}

#[test]
fn a_handle_of_anybody_is_found() {
    fails("takes-any-handle", &["garbage-handle"]);
}

#[test]
fn an_operation_that_is_forgotten_is_found() {
    fails("forgets-operations", &["same-run-twice", "poll-after-end"]);
}

#[test]
fn a_snapshot_that_reads_back_otherwise_is_found() {
    fails("changes-sizes", &["reads-back-the-same"]);
    fails("reports-other-source", &["reads-back-the-same"]);
}

#[test]
fn a_restore_into_a_taken_place_is_found() {
    fails("overwrites-on-restore", &["restore-into-taken"]);
}

#[test]
fn a_snapshot_that_is_called_finished_too_early_is_found() {
    fails("finishes-early", &["create"]);
}

#[test]
fn a_request_that_is_not_granted_is_found() {
    fails("asks-for-more", &["nothing-denied"]);
}

#[test]
fn a_deletion_of_more_than_was_named_is_found() {
    let (report, provider, _) = contrary(Some("deletes-neighbour"));
    report.failed_only(&["delete"]);
    assert_eq!(report.left_behind(), Vec::<&str>::new());
    // What it should never have been let near is another tenant's.
    assert!(provider.snapshots().contains(&"s-000002".to_owned()));
}
