//! The way out is the host's own: what libraries would do by themselves is not compiled in.

use std::process::Command;

use super::source::root;

#[test]
fn the_librarys_own_way_out_is_not_compiled_in() {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["tree", "--offline", "--locked", "--package", "strongroom"])
        .args([
            "--edges", "normal", "--format", "{p} {f}", "--prefix", "none",
        ])
        .current_dir(root())
        .output()
        .expect("cargo tree");
    assert!(
        output.status.success(),
        "cargo tree: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let http = text
        .lines()
        .find(|line| line.starts_with("wasmtime-wasi-http "))
        .expect("the library that only passes requests on");
    // Its own `send_request` would dial whatever a plugin asks for.
    assert!(!http.contains("default-send-request"), "{http}");
    assert!(
        !text.contains("reqwest v") && !text.contains("ureq v"),
        "another client"
    );
}
