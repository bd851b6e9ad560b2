//! `STRONGROOM_WITHOUT=name[,name]`: what a person says this machine may lack. Nothing else lets a test go by.

/// Tells whether a person left this out, and prints it; a test that misses what nobody left out fails.
#[must_use]
pub fn left_out(name: &str) -> bool {
    let named = std::env::var("STRONGROOM_WITHOUT").unwrap_or_default();
    let found = named.split(',').any(|one| one.trim() == name);
    if found {
        eprintln!("left out: `STRONGROOM_WITHOUT` names {name}");
    }
    found
}
