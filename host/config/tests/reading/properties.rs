//! No text, however broken, makes the reader panic, hang or forget to explain itself.

use crate::schedule_file::check;
use proptest::prelude::*;

const RIGHT: [&str; 2] = [
    include_str!("../../../../schedules/demo.toml"),
    include_str!("../../../../schedules/segura-saas.toml"),
];

/// Pieces of schedule files, to be put together in any order.
fn pieces() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "[[schedule]]",
        "[schedule]",
        "[schedule.retry]",
        "[schedule.retention]",
        "[schedule.grants.files.data]",
        "[schedule.config]",
        "[[schedule.config]]",
        "name",
        "plugin",
        "tenants",
        "cron",
        "every",
        "at",
        "timezone",
        "keep-within",
        "keep-last",
        "floor",
        "path",
        "access",
        "schedule",
        " = ",
        "=",
        "\n",
        "\n",
        "\n",
        ".",
        ",",
        "[",
        "]",
        "{",
        "}",
        "\"",
        "'",
        "\"\"\"",
        "'''",
        "\\",
        "\\u0000",
        "#",
        "\"a\"",
        "\"0 3 * * *\"",
        "\"acme\"",
        "\"5d\"",
        "\"{tenant}\"",
        "\"/../..\"",
        "1",
        "-1",
        "0x7f",
        "1e999",
        "nan",
        "true",
        "2026-12-01",
        "03:00:00",
        "é",
        "\u{0}",
        "\u{1b}",
        "\u{202e}",
        "\r\n",
        "\t",
        "\u{feff}",
    ]);
    prop::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
}

/// A right file with some bytes changed, removed or put in.
fn mutated() -> impl Strategy<Value = String> {
    let change = (any::<prop::sample::Index>(), 0..3_u8, any::<char>());
    (
        prop::sample::select(RIGHT.to_vec()),
        prop::collection::vec(change, 1..8),
    )
        .prop_map(|(text, changes)| {
            let mut letters: Vec<char> = text.chars().collect();
            for (at, kind, letter) in changes {
                let at = at.index(letters.len());
                match kind {
                    0 => letters[at] = letter,
                    1 => letters.insert(at, letter),
                    _ => drop(letters.remove(at)),
                }
            }
            letters.into_iter().collect()
        })
}

/// A right file with one text in quotes replaced.
fn replaced() -> impl Strategy<Value = String> {
    let value = prop_oneof![
        "\\PC{0,30}",
        "[0-9*/,@A-Z -]{0,20}",
        "[-+0-9:A-Za-z/]{0,12}",
        "[0-9]{1,22}[a-zA-Z]{0,3}"
    ];
    (
        prop::sample::select(RIGHT.to_vec()),
        any::<prop::sample::Index>(),
        value,
    )
        .prop_map(|(text, at, value)| {
            let quotes: Vec<_> = text.match_indices('"').map(|(at, _)| at).collect();
            let pair = at.index(quotes.len() / 2) * 2;
            let quoted = value.replace(['"', '\\'], "");
            format!(
                "{}\"{quoted}{}",
                &text[..quotes[pair]],
                &text[quotes[pair + 1]..]
            )
        })
}

/// How many cases a property is tried with: these few, or as many as are asked for.
fn cases(few: u32) -> u32 {
    let asked = std::env::var("PROPTEST_CASES").ok();
    asked.and_then(|text| text.parse().ok()).unwrap_or(few)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(600), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_read_or_explained(text in "(?s).{0,200}") {
        check(&text);
    }

    #[test]
    fn any_order_of_pieces_is_read_or_explained(text in pieces()) {
        check(&text);
    }

    #[test]
    fn any_damage_is_read_or_explained(text in mutated()) {
        check(&text);
    }

    #[test]
    fn any_value_is_read_or_explained(text in replaced()) {
        check(&text);
    }
}

/// The fuzzer's seeds and what it found.
#[test]
fn every_seed_of_the_fuzzer_is_read_or_explained() {
    let seeds = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../tests/fuzz/seeds/schedule_file"
    );
    let mut seen = 0;
    for entry in std::fs::read_dir(seeds).unwrap() {
        check(&std::fs::read_to_string(entry.unwrap().path()).unwrap());
        seen += 1;
    }
    assert!(seen > 3, "the seeds are missing");
}

#[test]
fn deep_nesting_is_refused_and_not_followed() {
    let deep = |open: &str, close: &str| format!("{}{}", open.repeat(50_000), close.repeat(50_000));
    for text in [
        format!("[[schedule]]\nconfig.x = {}", deep("[", "]")),
        format!("[[schedule]]\nconfig.x = {}", deep("{a=", "}")),
        format!("[[schedule]]\n{} = 1", vec!["a"; 100_000].join(".")),
        format!("[{}]", vec!["a"; 100_000].join(".")),
        format!("[[schedule]]\ntimezone = \"{}\"", "x".repeat(400_000)),
        "[[schedule]]\n".repeat(70_000),
        "\"".repeat(1 << 19),
        "[".repeat(1 << 19),
        "a=1\n".repeat(1 << 17),
    ] {
        check(&text);
    }
}
