//! The names people give: schedules, tenants, plugins; and the identity of an occurrence.

use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Longest name, in bytes: names become folders and rows.
const NAME_LIMIT: usize = 63;

/// Says why a text is not a name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a name: {reason}")]
pub struct InvalidName {
    /// What was written.
    pub text: String,
    /// Which rule it breaks.
    pub reason: &'static str,
}

fn checked(text: &str) -> Result<Arc<str>, InvalidName> {
    let fail = |reason| {
        Err(InvalidName {
            text: text.chars().take(NAME_LIMIT + 1).collect(),
            reason,
        })
    };
    if text.is_empty() {
        return fail("it is empty");
    }
    if text.len() > NAME_LIMIT {
        return fail("it is longer than 63 characters");
    }
    if !text
        .bytes()
        .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    {
        return fail("only lower-case letters, digits and hyphens are allowed");
    }
    if text.starts_with('-') || text.ends_with('-') {
        return fail("it begins or ends with a hyphen");
    }
    Ok(text.into())
}

macro_rules! name {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(Arc<str>);

        impl $name {
            /// Checks and takes a name: 1 to 63 lower-case letters, digits and inner hyphens.
            ///
            /// # Errors
            /// [`InvalidName`] says which rule the text breaks.
            pub fn new(text: &str) -> Result<Self, InvalidName> {
                checked(text).map(Self)
            }

            /// The name as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidName;
            fn try_from(text: String) -> Result<Self, InvalidName> {
                Self::new(&text)
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> String {
                name.0.as_ref().to_owned()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }
    };
}

name!(
    /// The name of a schedule, unique in a folder of schedule files.
    ScheduleName
);
name!(
    /// The name of a customer whose data is protected.
    TenantName
);
name!(
    /// The name of a plugin, as the plugin describes itself.
    PluginName
);

name!(
    /// The name of something that happens outside and that schedules wait for, such as `password-changed`.
    EventName
);
name!(
    /// The name of an account at a provider, as the operator calls it.
    AccountName
);
name!(
    /// The name under which an operator declared how the host proves who it is to a provider.
    CredentialName
);

/// The namespace of occurrence ids (UUID version 5).
const OCCURRENCES: Uuid = Uuid::from_u128(0x5f1d_3c52_9a0e_4c1b_8e27_6d0b_51a7_f3c4);

/// The identity of the occurrence of a schedule for a tenant at its due time: the same on every host, for ever.
///
/// It is also the `run-id` that a plugin hands to its provider as idempotency key.
#[must_use]
pub fn occurrence_id(schedule: &ScheduleName, tenant: &TenantName, due: Timestamp) -> Uuid {
    let key = format!("{schedule}\n{tenant}\n{}", due.as_millisecond());
    Uuid::new_v5(&OCCURRENCES, key.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_lower_case_words_joined_by_hyphens() {
        assert_eq!(
            ScheduleName::new("acme-daily").unwrap().as_str(),
            "acme-daily"
        );
        for bad in ["", "-a", "a-", "A", "a b", "a/b", "..", &"a".repeat(64)] {
            assert!(ScheduleName::new(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn an_occurrence_keeps_its_identity() {
        let schedule = ScheduleName::new("daily").unwrap();
        let tenant = TenantName::new("acme").unwrap();
        let due = Timestamp::from_millisecond(1_767_225_600_000).unwrap();
        assert_eq!(
            occurrence_id(&schedule, &tenant, due),
            occurrence_id(&schedule, &tenant, due)
        );
        assert_ne!(
            occurrence_id(&schedule, &tenant, due),
            occurrence_id(&schedule, &tenant, Timestamp::UNIX_EPOCH)
        );
    }
}
