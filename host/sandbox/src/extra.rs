//! `extra`: the pairs by which later versions of the contract add to a record, bounded and otherwise ignored.
//!
//! Owns: the limits of `wit/types.wit` on them. No key is defined yet. Read next: `answer`, `description`.

/// Pairs of one record.
const PAIRS_LIMIT: usize = 32;
/// Bytes of a key.
const KEY_LIMIT: usize = 128;
/// Bytes of a value.
const VALUE_LIMIT: usize = 4 * 1024;

/// Checks the limits; an error is the end of a sentence: what there is too much of.
pub(crate) fn check(pairs: &[(String, String)]) -> Result<(), String> {
    let at_most = |what: &str, have: usize, limit: usize| match have > limit {
        true => Err(format!("{have} {what}, {limit} are allowed")),
        false => Ok(()),
    };
    at_most("pairs in `extra`", pairs.len(), PAIRS_LIMIT)?;
    pairs.iter().try_for_each(|(key, value)| {
        at_most("bytes in a key of `extra`", key.len(), KEY_LIMIT)?;
        at_most("bytes in a value of `extra`", value.len(), VALUE_LIMIT)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_pairs_pass_and_too_much_does_not() {
        let pair = |key: usize, value: usize| ("k".repeat(key), "v".repeat(value));
        check(&vec![pair(128, 4_096); 32]).unwrap();
        for (pairs, expected) in [
            (vec![pair(1, 1); 33], "33 pairs in `extra`, 32 are allowed"),
            (
                vec![pair(129, 1)],
                "129 bytes in a key of `extra`, 128 are allowed",
            ),
            (
                vec![pair(1, 4_097)],
                "4097 bytes in a value of `extra`, 4096 are allowed",
            ),
        ] {
            assert_eq!(check(&pairs).unwrap_err(), expected);
        }
    }
}
