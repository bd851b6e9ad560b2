//! What is written on everything this plugin makes, so that it is found again: names are not unique at the provider.

use std::collections::BTreeMap;

use serde_json::{Value, json};

/// The key of the tenant's name.
const TENANT: &str = "strongroom-tenant";
/// The key of the run's id.
const RUN: &str = "strongroom-run";
/// The key of what a volume was made for.
const PURPOSE: &str = "strongroom-purpose";

/// What a volume is made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// To stay.
    Restore,
    /// To be removed again.
    Verification,
}

impl Purpose {
    fn word(self) -> &'static str {
        match self {
            Self::Restore => "restore",
            Self::Verification => "verification",
        }
    }
}

/// The marks of one snapshot or volume.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Marks<'a>(pub(crate) &'a BTreeMap<String, String>);

impl<'a> Marks<'a> {
    pub(crate) fn tenant(self) -> Option<&'a str> {
        self.0.get(TENANT).map(String::as_str)
    }

    pub(crate) fn run(self) -> Option<&'a str> {
        self.0.get(RUN).map(String::as_str)
    }

    pub(crate) fn is_for(self, purpose: Purpose) -> bool {
        self.0.get(PURPOSE).map(String::as_str) == Some(purpose.word())
    }

    /// Whether these are the marks of this tenant and, if one is asked for, of this run.
    pub(crate) fn fit(self, tenant: &str, run: Option<&str>) -> bool {
        self.tenant() == Some(tenant) && (run.is_none() || self.run() == run)
    }
}

/// The marks that a search asks for.
pub(crate) fn having(tenant: &str, run: Option<&str>) -> Value {
    match run {
        Some(run) => json!({ TENANT: tenant, RUN: run }),
        None => json!({ TENANT: tenant }),
    }
}

/// The marks of a new volume.
pub(crate) fn of_volume(tenant: &str, run: &str, purpose: Purpose) -> Value {
    json!({ TENANT: tenant, RUN: run, PURPOSE: purpose.word() })
}
