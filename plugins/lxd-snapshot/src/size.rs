//! Sizes as LXD writes them: a number, perhaps with a unit of thousands (`10GB`) or of 1024 (`64MiB`).

/// Units and their bytes.
const UNITS: [(&str, u64); 13] = [
    ("B", 1),
    ("kB", 1_000),
    ("MB", 1_000_000),
    ("GB", 1_000_000_000),
    ("TB", 1_000_000_000_000),
    ("PB", 1_000_000_000_000_000),
    ("EB", 1_000_000_000_000_000_000),
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
    ("TiB", 1 << 40),
    ("PiB", 1 << 50),
    ("EiB", 1 << 60),
];

/// The bytes of a size; `None`: it is none.
pub(crate) fn bytes(text: &str) -> Option<u64> {
    let digits = text.trim_end_matches(|c: char| !c.is_ascii_digit());
    let number: u64 = digits.parse().ok()?;
    let unit = text.get(digits.len()..)?.trim();
    let times = match unit {
        "" => 1,
        unit => UNITS.iter().find(|(name, _)| *name == unit)?.1,
    };
    number.checked_mul(times)
}

#[cfg(test)]
mod tests {
    use super::bytes;

    #[test]
    fn sizes_are_read_as_lxd_writes_them() {
        for (text, expected) in [
            ("64MiB", Some(67_108_864)),
            ("10GB", Some(10_000_000_000)),
            ("1024", Some(1024)),
            ("7B", Some(7)),
            ("", None),
            ("MiB", None),
            ("1.5GiB", None),
            ("-1", None),
            ("9 GiB", Some(9 << 30)),
            ("18446744073709551615EiB", None),
        ] {
            assert_eq!(bytes(text), expected, "{text}");
        }
    }
}
