//! Placeholders in the texts of a cassette: `{run}`, `{tenant}` and `{due}` stand for those of the call.

use strongroom_domain::retry::Failure;
use strongroom_sandbox::call::Call;

/// What the places of one call stand for, the longest first.
pub(super) struct Placeholders([(&'static str, String); 4]);

impl Placeholders {
    pub(super) fn of(call: &Call) -> Self {
        let due = call.due.to_string();
        Self([
            ("{run}", call.run_id.to_string()),
            // As it is in the names of files.
            ("{due-name}", due.replace(':', "-")),
            ("{due}", due),
            ("{tenant}", call.tenant.as_str().to_owned()),
        ])
    }

    /// Puts the values of this call in.
    pub(super) fn fill(&self, text: &str) -> String {
        if !text.contains('{') {
            return text.to_owned();
        }
        let put = |text: String, (place, value): &(&str, String)| text.replace(place, value);
        self.0.iter().fold(text.to_owned(), put)
    }

    /// Takes the values of this call out. A value counts where it stands as a whole word.
    pub(super) fn blank(&self, text: &str) -> String {
        let mut blanked = String::new();
        let mut rest = text;
        let mut before = None;
        while let Some(next) = rest.chars().next() {
            let starts = before.is_none_or(|c: char| !c.is_alphanumeric());
            let found = self.0.iter().find_map(|(place, value)| {
                let after = rest.strip_prefix(value.as_str())?;
                let ends = after.chars().next().is_none_or(|c| !c.is_alphanumeric());
                (starts && ends && !value.is_empty()).then_some((place, value, after))
            });
            if let Some((place, value, after)) = found {
                blanked.push_str(place);
                before = value.chars().last();
                rest = after;
            } else {
                blanked.push(next);
                before = Some(next);
                rest = rest.get(next.len_utf8()..).unwrap_or_default();
            }
        }
        blanked
    }

    pub(super) fn fill_failure(&self, failure: &Failure) -> Failure {
        Failure {
            detail: self.fill(&failure.detail),
            ..failure.clone()
        }
    }

    pub(super) fn blank_failure(&self, failure: &Failure) -> Failure {
        Failure {
            detail: self.blank(&failure.detail),
            ..failure.clone()
        }
    }
}
