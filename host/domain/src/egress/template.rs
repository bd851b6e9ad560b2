//! Text with parameters, such as `projects/{project}/zones/{zone}/disks/{disk?}`.
//!
//! A parameter fills one part between slashes, with a fixed beginning and end if there is one, so that a text matches in
//! one way or not at all. `{name}` must be bound by the operator, `{name?}` is the plugin's choice unless it is bound.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// The values parameters may have: texts in which `*` stands for any run of characters but a slash.
pub type Values = BTreeMap<String, Vec<String>>;

/// The parameter that is always bound to the name of the run's tenant.
pub(super) const TENANT: &str = "tenant";

/// A text with parameters.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Template(Vec<Part>);

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Part {
    before: String,
    parameter: Option<Parameter>,
    after: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Parameter {
    name: String,
    free: bool,
}

/// The values that parameters have in one request.
pub(super) type Taken<'a> = BTreeMap<&'a str, String>;

/// The reason why a text does not fit a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Misfit {
    /// The text has another shape.
    Other,
    /// The text has the shape, but a parameter may not have this value.
    Value {
        parameter: String,
        given: String,
        allowed: Vec<String>,
    },
}

impl Template {
    /// Parses a template.
    ///
    /// # Errors
    /// Half a sentence: a brace without its partner, two parameters in one part, or an invalid name.
    pub fn parse(text: &str) -> Result<Self, String> {
        text.split('/')
            .map(Part::parse)
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// The names of the parameters that an operator must bind.
    pub fn bound(&self) -> BTreeSet<&str> {
        self.parameters()
            .filter(|parameter| !parameter.free)
            .map(|parameter| parameter.name.as_str())
            .collect()
    }

    /// The names of all parameters.
    pub fn names(&self) -> BTreeSet<&str> {
        self.parameters()
            .map(|parameter| parameter.name.as_str())
            .collect()
    }

    /// The text with the values that were bound, for a person: one as it is, several joined by `|`, none as `<name>`.
    #[must_use]
    pub fn shown(&self, values: &Values) -> String {
        let part = |part: &Part| {
            let value = part.parameter.as_ref().map_or(String::new(), |parameter| {
                match values.get(&parameter.name).map(Vec::as_slice) {
                    Some([one]) => one.clone(),
                    Some(several) if !several.is_empty() => format!("({})", several.join("|")),
                    _ => format!("<{}>", parameter.name),
                }
            });
            format!("{}{value}{}", part.before, part.after)
        };
        self.0.iter().map(part).collect::<Vec<_>>().join("/")
    }

    /// Whether the parameter stands somewhere where a value that matches the pattern is possible.
    pub(super) fn could_take(&self, parameter: &str, pattern: &str) -> bool {
        let one = pattern.replace('*', "x");
        self.0.iter().any(|part| {
            let here = part
                .parameter
                .as_ref()
                .is_some_and(|here| here.name == parameter);
            here && part
                .value(&format!("{}{one}{}", part.before, part.after))
                .is_some()
        })
    }

    fn parameters(&self) -> impl Iterator<Item = &Parameter> {
        self.0.iter().filter_map(|part| part.parameter.as_ref())
    }

    /// Checks that a text fits, and that each parameter has an allowed value, the same wherever it stands (`taken`).
    pub(super) fn fits<'a>(
        &'a self,
        text: &str,
        allowed: &Values,
        taken: &mut Taken<'a>,
    ) -> Result<(), Misfit> {
        let parts: Vec<&str> = text.split('/').collect();
        self.fits_parts(&parts, allowed, taken)
    }

    /// Checks the same for a text whose parts were split before they were decoded.
    pub(super) fn fits_parts<'a, T: AsRef<str>>(
        &'a self,
        parts: &[T],
        allowed: &Values,
        taken: &mut Taken<'a>,
    ) -> Result<(), Misfit> {
        if parts.len() != self.0.len() {
            return Err(Misfit::Other);
        }
        let mut found = Vec::new();
        for (part, text) in self.0.iter().zip(parts) {
            let value = part.value(text.as_ref()).ok_or(Misfit::Other)?;
            found.extend(part.parameter.as_ref().map(|parameter| (parameter, value)));
        }
        for (parameter, value) in found {
            parameter.takes(value, allowed, taken)?;
        }
        Ok(())
    }
}

impl Part {
    fn parse(text: &str) -> Result<Self, String> {
        let Some((before, rest)) = text.split_once('{') else {
            return if text.contains('}') {
                Err(format!("`{text}` has a `}}` without its `{{`"))
            } else {
                Ok(Self {
                    before: text.to_owned(),
                    parameter: None,
                    after: String::new(),
                })
            };
        };
        let (name, after) = rest
            .split_once('}')
            .ok_or_else(|| format!("`{text}` has a `{{` without its `}}`"))?;
        if before.contains('}') || after.contains(['{', '}']) {
            return Err(format!(
                "`{text}` has more than one parameter between slashes"
            ));
        }
        let (name, free) = name
            .strip_suffix('?')
            .map_or((name, false), |name| (name, true));
        let good = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if !name.starts_with(|c: char| c.is_ascii_lowercase()) || !name.chars().all(good) {
            return Err(format!("`{name}` is not the name of a parameter"));
        }
        let parameter = Some(Parameter {
            name: name.to_owned(),
            free,
        });
        Ok(Self {
            before: before.to_owned(),
            parameter,
            after: after.to_owned(),
        })
    }

    /// The text that stands where the parameter is, empty without one; `None` if the text does not fit.
    fn value<'a>(&self, text: &'a str) -> Option<&'a str> {
        let value = text
            .strip_prefix(self.before.as_str())?
            .strip_suffix(self.after.as_str())?;
        let one_part = !value.is_empty() && !matches!(value, "." | "..") && !value.contains('/');
        (if self.parameter.is_some() {
            one_part
        } else {
            value.is_empty()
        })
        .then_some(value)
    }
}

impl Parameter {
    fn takes<'a>(
        &'a self,
        value: &str,
        allowed: &Values,
        taken: &mut Taken<'a>,
    ) -> Result<(), Misfit> {
        let misfit = |allowed: Vec<String>| {
            Err(Misfit::Value {
                parameter: self.name.clone(),
                given: value.to_owned(),
                allowed,
            })
        };
        if let Some(before) = taken.get(self.name.as_str()) {
            return if before == value {
                Ok(())
            } else {
                misfit(vec![before.clone()])
            };
        }
        match allowed.get(&self.name) {
            None if self.free => {}
            Some(patterns) if patterns.iter().any(|pattern| matches(pattern, value)) => {}
            patterns => return misfit(patterns.cloned().unwrap_or_default()),
        }
        taken.insert(&self.name, value.to_owned());
        Ok(())
    }
}

/// Whether a text matches a pattern in which `*` stands for any run of characters.
fn matches(pattern: &str, text: &str) -> bool {
    let mut pieces = pattern.split('*');
    let first = pieces.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else {
        return false;
    };
    let Some(last) = pieces.next_back() else {
        return rest.is_empty();
    };
    for piece in pieces {
        let Some(at) = rest.find(piece) else {
            return false;
        };
        rest = rest.get(at + piece.len()..).unwrap_or_default();
    }
    rest.ends_with(last)
}

impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, part) in self.0.iter().enumerate() {
            let slash = if at == 0 { "" } else { "/" };
            write!(f, "{slash}{}", part.before)?;
            if let Some(Parameter { name, free }) = &part.parameter {
                write!(f, "{{{name}{}}}", if *free { "?" } else { "" })?;
            }
            write!(f, "{}", part.after)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(pairs: &[(&str, &str)]) -> Values {
        pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), vec![(*value).to_owned()]))
            .collect()
    }

    fn fits(template: &str, text: &str, allowed: &Values) -> Result<(), Misfit> {
        Template::parse(template)
            .unwrap()
            .fits(text, allowed, &mut BTreeMap::new())
    }

    #[test]
    fn a_bound_parameter_has_only_its_values() {
        let allowed = values(&[("project", "acme"), ("zone", "europe-*-b")]);
        let template = "projects/{project}/zones/{zone}/disks/{disk?}";
        assert_eq!(
            fits(
                template,
                "projects/acme/zones/europe-west1-b/disks/data",
                &allowed
            ),
            Ok(())
        );
        assert!(matches!(
            fits(template, "projects/acme/zones/us-east1-b/disks/data", &allowed),
            Err(Misfit::Value { parameter, .. }) if parameter == "zone"
        ));
        for other in [
            "projects/acme/zones/europe-west1-b/disks",
            "projects/acme/zones/europe-west1-b/disks/",
            "projects/acme/zones/europe-west1-b/disks/..",
            "x/projects/acme/zones/europe-west1-b/disks/data",
        ] {
            assert_eq!(
                fits(template, other, &allowed),
                Err(Misfit::Other),
                "{other}"
            );
        }
    }

    #[test]
    fn a_parameter_that_nobody_bound_takes_nothing() {
        assert!(matches!(
            fits("{project}", "acme", &Values::new()),
            Err(Misfit::Value { .. })
        ));
        assert_eq!(fits("{project?}", "acme", &Values::new()), Ok(()));
    }

    #[test]
    fn one_parameter_has_one_value_in_a_request() {
        let allowed = values(&[("zone", "*")]);
        assert_eq!(fits("{zone}/x/{zone}", "a/x/a", &allowed), Ok(()));
        assert!(matches!(
            fits("{zone}/x/{zone}", "a/x/b", &allowed),
            Err(Misfit::Value { .. })
        ));
    }

    #[test]
    fn a_part_may_have_a_fixed_beginning_and_end() {
        let allowed = values(&[("id", "vol-*")]);
        assert_eq!(fits("id:{id}.json", "id:vol-1.json", &allowed), Ok(()));
        assert_eq!(
            fits("id:{id}.json", "id:.json", &allowed),
            Err(Misfit::Other)
        );
        assert!(matches!(
            fits("id:{id}.json", "id:snap-1.json", &allowed),
            Err(Misfit::Value { .. })
        ));
    }

    #[test]
    fn patterns_match_whole_texts() {
        for (pattern, text, expected) in [
            ("a", "a", true),
            ("a", "ab", false),
            ("a*", "ab", true),
            ("*", "", true),
            ("a*c", "abc", true),
            ("a*c", "abcd", false),
            ("*b*", "abc", true),
            ("ab*ba", "aba", false),
            ("", "a", false),
        ] {
            assert_eq!(matches(pattern, text), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn mistakes_are_named() {
        for (text, expected) in [
            ("{a", "without its `}`"),
            ("a}", "without its `{`"),
            ("{a}{b}", "more than one"),
            ("{A}", "not the name"),
            ("{}", "not the name"),
        ] {
            assert!(
                Template::parse(text).unwrap_err().contains(expected),
                "{text}"
            );
        }
        let text = "projects/{project}/a-{b?}.c";
        assert_eq!(Template::parse(text).unwrap().to_string(), text);
    }
}
