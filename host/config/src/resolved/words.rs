//! Words that a key can be, as values of the domain, and words for an entry.
//!
//! Owns: nothing that is wrong: which words there are stands in `raw`.

use serde::de::value::StrDeserializer;
use serde::de::{DeserializeOwned, IntoDeserializer};

use crate::problems::shortened;
use crate::raw::RawSchedule;
use crate::reader::At;

/// The domain's value of a word that the schema allows; its default if there is none.
pub(super) fn chosen<T: DeserializeOwned + Default>(choice: Option<&At<String>>) -> T {
    let word = choice.map(|at| at.value.as_str().into_deserializer());
    word.and_then(|word: StrDeserializer<'_, serde::de::value::Error>| T::deserialize(word).ok())
        .unwrap_or_default()
}

/// How messages name an entry.
pub(super) fn called(raw: &RawSchedule) -> String {
    match &raw.name {
        Some(name) => format!("schedule `{}`", shortened(&name.value)),
        None => "this schedule".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use strongroom_domain::Outcome;
    use strongroom_domain::calendar::{DstGap, DstOverlap};
    use strongroom_domain::role::Role;
    use strongroom_domain::schedule::{After, Missed, Overlap, Priority};

    use super::*;
    use crate::reader::RawTable;

    #[test]
    fn every_word_of_the_schema_is_one_of_the_domain() {
        fn agrees<T: DeserializeOwned + Default + PartialEq>(key: &str) {
            let choices = RawSchedule::SECTION.key(key).unwrap().choices();
            let resolved = choices.iter().map(|word| {
                chosen::<T>(Some(&At {
                    value: (*word).to_owned(),
                    span: 0..0,
                }))
            });
            let resolved: Vec<T> = resolved.collect();
            let distinct = resolved
                .iter()
                .enumerate()
                .all(|(at, one)| !resolved[..at].contains(one));
            assert!(!choices.is_empty() && distinct, "{key}: {choices:?}");
        }
        agrees::<DstGap>("dst-gap");
        agrees::<DstOverlap>("dst-overlap");
        agrees::<Overlap>("overlap");
        agrees::<Missed>("missed");
        agrees::<Priority>("priority");
        let ends = RawSchedule::SECTION.key("after-outcome").unwrap().choices();
        assert_eq!(ends, After::OUTCOMES.map(Outcome::as_str));
        let roles = RawSchedule::SECTION.key("role").unwrap().choices();
        assert_eq!(roles, Role::ALL.map(Role::as_str));
    }
}
