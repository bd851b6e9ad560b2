//! The story: what a person would do with Strongroom in its first week, step by step, with the real commands.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::compare::{difference, same_databases};
use super::days::Day;
use super::place::Place;
use super::tree;
use crate::run::{self, Done, Stop, at};
use crate::workspace;

const TENANTS: [&str; 2] = ["acme", "globex"];

/// So many that the five-day retention of `schedules/demo.toml` has something to remove.
const DAYS: u64 = 8;

/// `strongroom` with the demo's schedules, plugins and state.
struct Strongroom<'a> {
    binary: &'a Path,
    state: &'a Path,
}

/// Tells it from beginning to end; the first step that does not go as it should stops it.
pub(crate) fn tell(source: Option<&Path>, binary: &Path, place: &Place) -> Done {
    let strongroom = Strongroom {
        binary,
        state: &place.state,
    };
    let owned = make_data(source, place)?;
    let acme = place.data.join("acme");

    // After the table of the schedules: what each may do.
    run::picked(&mut strongroom.command(["check"]), |number, _| number > 2)?;
    days_pass(&strongroom, place, owned)?;
    look_at_the_shelf(&strongroom)?;
    check_with_ordinary_tools(place)?;
    lose_and_restore(&strongroom, place, &acme)?;
    audit(&strongroom, place)?;
    farewell(place);
    Ok(())
}

/// Makes the tenants' data; true: acme's is a copy of a person's own folder.
fn make_data(source: Option<&Path>, place: &Place) -> Done<bool> {
    heading("Two customers, a schedule, a plugin: what it may do and what not");
    for tenant in TENANTS {
        let folder = place.data.join(tenant);
        match source {
            Some(own) if tenant == "acme" => {
                run::shown(
                    run::program("cp")
                        .arg("-a")
                        .arg(absolute(own)?)
                        .arg(&folder),
                )?;
            }
            _ => tree::make(&folder, tenant)?,
        }
    }
    Ok(source.is_some())
}

fn absolute(path: &Path) -> Done<PathBuf> {
    path.canonicalize().map_err(at(path))
}

/// Every day something changes before the snapshot is due; the clock is simulated, files and plugins are real.
fn days_pass(strongroom: &Strongroom, place: &Place, owned: bool) -> Done {
    heading(&format!(
        "{DAYS} days pass on a simulated clock; files change, and a snapshot is due at 03:00 (UTC-3)"
    ));
    println!("$ target/debug/strongroom simulate --real --keep --from DAY --to NEXT-DAY");
    let mut day = Day::today().earlier(DAYS);
    for number in 0..DAYS {
        for tenant in TENANTS {
            let folder = place.data.join(tenant);
            if owned && tenant == "acme" {
                tree::live_in_a_copy(&folder, number, &day.date())?;
            } else {
                tree::live(&folder, tenant, number, &day.date())?;
            }
        }
        let said = run::read(&mut strongroom.command([
            "simulate",
            "--real",
            "--keep",
            "--from",
            &day.midnight(),
            "--to",
            &day.next().midnight(),
        ]))?;
        let outcome = said.lines().find_map(|line| line.strip_prefix("In all: "));
        println!(
            "{}  {}, on acme's shelf: {}",
            day.date(),
            outcome.unwrap_or_default(),
            copies(&place.shelf.join("acme"))?
        );
        day = day.next();
    }
    Ok(())
}

/// How many snapshots there are in a tenant's folder: `latest` is a link, and what is not whole begins with a dot.
fn copies(shelf: &Path) -> Done<usize> {
    let mut count = 0;
    for entry in fs::read_dir(shelf).map_err(at(shelf))? {
        let entry = entry.map_err(at(shelf))?;
        let is_folder = entry.file_type().map_err(at(shelf))?.is_dir();
        count += usize::from(is_folder && !entry.file_name().to_string_lossy().starts_with('.'));
    }
    Ok(count)
}

fn look_at_the_shelf(strongroom: &Strongroom) -> Done {
    heading("What is on acme's shelf after retention, and why; its owner needs no Strongroom");
    // As of the last run: the days between then and now have no runs, and would age what is there.
    let last_run = format!("{}T06:00:00Z", Day::today().earlier(1).date());
    strongroom.does([
        "snapshots",
        "explain",
        "--tenant",
        "acme",
        "--at",
        &last_run,
    ])
}

/// The manifest is one that `sha256sum` understands.
fn check_with_ordinary_tools(place: &Place) -> Done {
    let newest = absolute(&place.shelf.join("acme/latest"))?;
    let mut sums = run::program("sha256sum");
    sums.args(["--check", "--quiet", "SHA256SUMS"])
        .current_dir(&newest);
    run::shown(&mut sums)?;
    println!(
        "every file in {} is as it was",
        run::short(&place.shelf.join("acme/latest")).display()
    );
    Ok(())
}

fn lose_and_restore(strongroom: &Strongroom, place: &Place, acme: &Path) -> Done {
    heading("A file is damaged, another is lost; the newest snapshot is restored and compared");
    let (damaged, deleted) = victims(acme)?;
    overwrite_first_byte(&damaged)?;
    fs::remove_file(&deleted).map_err(at(&deleted))?;
    println!(
        "damaged: {}, deleted: {}",
        run::short(&damaged).display(),
        run::short(&deleted).display()
    );
    let id = newest_snapshot(strongroom)?;
    let mut restore = strongroom.command([
        OsStr::new("restore"),
        OsStr::new(&id),
        OsStr::new("--to"),
        place.restored.as_os_str(),
    ]);
    run::picked(&mut restore, |number, _| number == 0)?;
    // The granted tree `data` is the tenant's folder.
    let restored = place.restored.join("data");
    run::shown_expecting(&mut difference(acme, &restored)?, 1)?;
    for lost in [&damaged, &deleted] {
        let inside = restored.join(lost.strip_prefix(acme).unwrap_or(lost));
        run::read(run::program("cp").arg("-p").arg(inside).arg(lost))?;
    }
    run::read(&mut difference(acme, &restored)?)?;
    println!("both are copied back: now nothing differs");
    if run::exists("sqlite3") {
        same_databases(acme, &restored)?;
    }
    Ok(())
}

/// One file to damage and one to delete: the demo's own, or the first two files with content of a person's folder.
fn victims(folder: &Path) -> Done<(PathBuf, PathBuf)> {
    let own = (folder.join(tree::TO_DAMAGE), folder.join(tree::TO_DELETE));
    if own.0.is_file() && own.1.is_file() {
        return Ok(own);
    }
    let mut found = files_with_content(folder)?.into_iter();
    match (found.next(), found.next()) {
        (Some(first), Some(second)) => Ok((first, second)),
        _ => Err(Stop::because(format!(
            "{} has fewer than two files with content.",
            folder.display()
        ))),
    }
}

fn files_with_content(folder: &Path) -> Done<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(inner) = open.pop() {
        for entry in fs::read_dir(&inner).map_err(at(&inner))? {
            let entry = entry.map_err(at(&inner))?;
            let metadata = entry.metadata().map_err(at(&inner))?;
            if metadata.is_dir() {
                open.push(entry.path());
            } else if metadata.is_file() && metadata.len() > 0 {
                found.push(entry.path());
            }
        }
    }
    found.sort();
    Ok(found)
}

fn overwrite_first_byte(path: &Path) -> Done {
    let mut bytes = fs::read(path).map_err(at(path))?;
    if let Some(first) = bytes.first_mut() {
        *first ^= 1;
    }
    fs::write(path, bytes).map_err(at(path))
}

/// The name of acme's newest snapshot, from the list that `--json` gives.
fn newest_snapshot(strongroom: &Strongroom) -> Done<String> {
    let list =
        run::read(&mut strongroom.command(["snapshots", "list", "--tenant", "acme", "--json"]))?;
    let ids = list
        .split("\"id\":")
        .skip(1)
        .filter_map(|rest| rest.split('"').nth(1));
    ids.last()
        .map(str::to_owned)
        .ok_or_else(|| Stop::because("There is no snapshot to restore."))
}

fn audit(strongroom: &Strongroom, place: &Place) -> Done {
    heading(
        "Everything is on record, verified from files alone; then one bit of a copy is changed",
    );
    let audit = |word: &str, folder: &Path| {
        strongroom.command([OsStr::new("audit"), OsStr::new(word), folder.as_os_str()])
    };
    run::read(&mut audit("export", &place.audit))?;
    run::picked(&mut audit("verify", &place.audit), |number, _| number == 0)?;
    run::read(
        run::program("cp")
            .arg("-a")
            .arg(&place.audit)
            .arg(&place.tampered),
    )?;
    let entries = files_with_content(&place.tampered)?;
    let file = entries
        .iter()
        .find(|path| path.to_string_lossy().contains("/entries/"));
    let file = file.ok_or_else(|| Stop::because("The exported record has no entries."))?;
    flip_a_bit_in_the_middle(file)?;
    run::shown_expecting(&mut audit("verify", &place.tampered), 1)
}

fn flip_a_bit_in_the_middle(path: &Path) -> Done {
    let mut bytes = fs::read(path).map_err(at(path))?;
    let middle = bytes.len() / 2;
    if let Some(byte) = bytes.get_mut(middle) {
        *byte ^= 1;
    }
    fs::write(path, bytes).map_err(at(path))
}

fn farewell(place: &Place) {
    let folder = place.state.parent().unwrap_or(&place.state);
    heading(&format!(
        "Everything is in {}: data, shelf, restored, audit, state",
        run::short(folder).display()
    ));
    println!(
        "Look around, after `export STRONGROOM_SCHEDULES=schedules/demo.toml STRONGROOM_PLUGINS=target/plugins \
         STRONGROOM_STATE=target/demo/state`:\n  \
         target/debug/strongroom serve          (the daemon; Ctrl-C stops it cleanly)\n  \
         cargo xtask demo --source SOME_FOLDER  (the same with a copy of your own files)"
    );
}

fn schedule() -> PathBuf {
    workspace::root().join("schedules").join("demo.toml")
}

fn heading(text: &str) {
    println!("\n== {text}");
}

impl Strongroom<'_> {
    fn command<S: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = S>) -> Command {
        let mut command = run::program(self.binary);
        command
            .args(arguments)
            .env("STRONGROOM_SCHEDULES", schedule())
            .env("STRONGROOM_PLUGINS", workspace::output().join("plugins"))
            .env("STRONGROOM_STATE", self.state);
        command
    }

    fn does<S: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = S>) -> Done {
        run::shown(&mut self.command(arguments))
    }
}
