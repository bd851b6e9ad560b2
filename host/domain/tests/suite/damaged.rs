//! The fuzzer's seeds, damaged by chance: what the fuzz target asks for hours, asked for seconds.

use proptest::prelude::*;

use crate::cron_text::check;
use crate::world::cases;

const SEEDS: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../tests/fuzz/seeds/cron_text"
);

fn seeds() -> Vec<String> {
    let found = std::fs::read_dir(SEEDS).unwrap();
    let mut paths: Vec<_> = found.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let read = |path: &std::path::PathBuf| std::fs::read_to_string(path).unwrap();
    paths.iter().map(read).collect()
}

/// A seed with some signs changed, removed or put in; often signs of cron.
fn damaged() -> impl Strategy<Value = String> {
    let sign = prop_oneof![
        4 => prop::sample::select("0123456789*/,- \n@MONSUJAE+:_".chars().collect::<Vec<_>>()),
        1 => any::<char>(),
    ];
    let change = (any::<prop::sample::Index>(), 0..3_u8, sign);
    let seed = prop::sample::select(seeds());
    (seed, prop::collection::vec(change, 0..5)).prop_map(|(text, changes)| {
        let mut signs: Vec<char> = text.chars().collect();
        for (at, kind, sign) in changes {
            let at = at.index(signs.len());
            match kind {
                0 => signs[at] = sign,
                1 => signs.insert(at, sign),
                _ => drop(signs.remove(at)),
            }
        }
        signs.into_iter().collect()
    })
}

#[test]
fn every_seed_keeps_the_promises() {
    let seeds = seeds();
    assert!(seeds.len() > 10, "the seeds are missing");
    for text in seeds {
        check(&text);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(1500), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn damaged_seeds_keep_the_promises(text in damaged()) {
        check(&text);
    }

    #[test]
    fn any_text_keeps_the_promises(text in "(?s)[-0-9*/, A-Z@]{0,40}(\n.{0,20}\n[-0-9]{0,14})?") {
        check(&text);
    }
}
