//! `cargo xtask plugins`: builds plugins and test guests as WebAssembly components.

use std::fs;
use std::path::Path;

use crate::run::{self, Done, Stop, at};
use crate::workspace;

const TARGET: &str = "wasm32-wasip2";

/// What stands in `plugins/` without being a plugin.
const NO_PLUGIN: &str = "sdk";

/// Builds every plugin and guest and puts it where the host, the demo and the tests look for it.
pub(crate) fn build() -> Done {
    build_some(&crates_in("plugins")?, &crates_in("tests/guests")?)
}

/// Builds one plugin only: the demo needs no other.
pub(crate) fn build_one(name: &str) -> Done {
    build_some(&[name.to_owned()], &[])
}

fn build_some(plugins: &[String], guests: &[String]) -> Done {
    have_target()?;
    let mut cargo = run::cargo();
    cargo.args(["build", "--quiet", "--target", TARGET]);
    cargo.args(["--profile", "plugin"]);
    for name in plugins.iter().chain(guests) {
        cargo.args(["--package", name]);
    }
    run::shown(&mut cargo)?;

    let built = workspace::cargo_target()?.join(TARGET).join("plugin");
    publish(plugins, &built, &workspace::output().join("plugins"))?;
    publish(guests, &built, &workspace::output().join("guests"))
}

/// The names of the crates in a folder, sorted: each folder with a `Cargo.toml` is one.
fn crates_in(folder: &str) -> Done<Vec<String>> {
    let folder = workspace::root().join(folder);
    let mut names = Vec::new();
    for entry in fs::read_dir(&folder).map_err(at(&folder))? {
        let path = entry.map_err(at(&folder))?.path();
        if !path.join("Cargo.toml").is_file()
            || path.file_name().is_some_and(|name| name == NO_PLUGIN)
        {
            continue;
        }
        names.push(package_name(&path.join("Cargo.toml"))?);
    }
    names.sort();
    Ok(names)
}

fn package_name(manifest: &Path) -> Done<String> {
    let text = fs::read_to_string(manifest).map_err(at(manifest))?;
    text.lines()
        .filter_map(|line| line.trim().strip_prefix("name"))
        .find_map(|rest| {
            Some(
                rest.trim_start()
                    .strip_prefix('=')?
                    .trim()
                    .trim_matches('"')
                    .to_owned(),
            )
        })
        .ok_or_else(|| Stop::because(format!("{}: no package name.", manifest.display())))
}

fn have_target() -> Done {
    let folder =
        run::read(run::program("rustc").args(["--print", "target-libdir", "--target", TARGET]))?;
    if Path::new(folder.trim()).is_dir() {
        return Ok(());
    }
    if !run::exists("rustup") {
        return Err(Stop::because(format!(
            "Plugins are built for {TARGET}, which this Rust toolchain does not have, and there is no rustup to add it.\n\
             Install Rust with rustup, or add your distribution's standard library for {TARGET}."
        )));
    }
    run::shown(run::program("rustup").args(["target", "add", TARGET]))
}

/// Copies what was built; a file that is the same already stays untouched, so that its time and digest stay too.
fn publish(names: &[String], built: &Path, place: &Path) -> Done {
    fs::create_dir_all(place).map_err(at(place))?;
    for name in names {
        let source = built.join(format!("{}.wasm", name.replace('-', "_")));
        let bytes = fs::read(&source).map_err(at(&source))?;
        let destination = place.join(format!("{name}.wasm"));
        let same = fs::read(&destination).is_ok_and(|old| old == bytes);
        if !same {
            let fresh = place.join(format!(".{name}.new"));
            fs::write(&fresh, &bytes).map_err(at(&fresh))?;
            fs::rename(&fresh, &destination).map_err(at(&destination))?;
        }
        println!(
            "{:<44} {:>6} KiB  {}",
            run::short(&destination).display().to_string(),
            bytes.len() / 1024,
            if same { "unchanged" } else { "new" }
        );
    }
    Ok(())
}
