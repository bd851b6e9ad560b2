//! The decision: is this request one of the endpoints that were granted, with values that were bound?

use std::borrow::Cow;
use std::sync::Arc;

use serde_json::Value;

use super::endpoint::{Body, Endpoint};
use super::grant::ServiceGrant;
use super::request::{Content, ParsedRequest};
use super::rule::Rule;
use super::template::{Misfit, Taken, Values};
use crate::TenantName;
use crate::access::Access;

/// What one tenant's run may ask of one service.
#[derive(Debug, Clone)]
pub struct Policy {
    service: String,
    endpoints: Vec<Arc<Endpoint>>,
    values: Values,
}

/// The reason why a request is not allowed: one sentence for the plugin's log and the security event.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Denial(pub String);

/// How a request with the right path differs from an endpoint.
struct Difference {
    /// How many keys fit.
    fitted: usize,
    /// Whether everything fits but a parameter's value.
    only_value: bool,
    reason: String,
}

impl From<String> for Difference {
    fn from(reason: String) -> Self {
        Self {
            fitted: 0,
            only_value: false,
            reason,
        }
    }
}

impl Policy {
    /// Makes the policy of what is wanted and granted, for one tenant; in a dry run, of reading only.
    #[must_use]
    pub fn new(
        service: &str,
        wanted: &[Arc<Endpoint>],
        grant: &ServiceGrant,
        tenant: &TenantName,
        dry_run: bool,
    ) -> Self {
        let granted = |endpoint: &&Arc<Endpoint>| {
            endpoint.service == service
                && grant.endpoints.contains(&endpoint.name)
                && !(dry_run && endpoint.access == Access::Write)
        };
        Self {
            service: service.to_owned(),
            endpoints: wanted.iter().filter(granted).cloned().collect(),
            values: grant.values(tenant.as_str()),
        }
    }

    /// Finds the endpoint that a request is.
    ///
    /// # Errors
    /// [`Denial`] names the nearest endpoint and how the request differs from it: the one of which most keys fit, of two
    /// alike the one that differs by a value only, then the last.
    pub fn decide(&self, request: &ParsedRequest) -> Result<&Endpoint, Denial> {
        let mut nearest: Option<(&Endpoint, Difference)> = None;
        let rank = |difference: &Difference| (difference.fitted, difference.only_value);
        for endpoint in &self.endpoints {
            match self.compare(endpoint, request) {
                Some(Ok(())) => return Ok(endpoint),
                Some(Err(difference))
                    if nearest
                        .as_ref()
                        .is_none_or(|(_, before)| rank(&difference) >= rank(before)) =>
                {
                    nearest = Some((endpoint, difference));
                }
                Some(Err(_)) | None => {}
            }
        }
        let target = request.target("");
        let path = target.split('?').next().unwrap_or_default();
        let path: String = path.chars().take(200).collect();
        let request = format!("{} {path} of `{}`", request.method, self.service);
        Err(Denial(match nearest {
            Some((endpoint, Difference { reason, .. })) => {
                format!("{request} is not allowed as `{}`: {reason}", endpoint.name)
            }
            None => format!("{request} is none of the granted operations"),
        }))
    }

    /// Compares a request with an endpoint; `None` if the method or the path is another.
    fn compare(
        &self,
        endpoint: &Endpoint,
        request: &ParsedRequest,
    ) -> Option<Result<(), Difference>> {
        if endpoint.method != request.method {
            return None;
        }
        let mut taken = Taken::new();
        match endpoint
            .path
            .fits_parts(&request.path, &self.values, &mut taken)
        {
            Err(Misfit::Other) => return None,
            Err(value) => return Some(Err(other_value(value))),
            Ok(()) => {}
        }
        let mut check = Check {
            values: &self.values,
            taken,
            fitted: 0,
        };
        let compared = check.request(endpoint, request);
        Some(compared.map_err(|difference| Difference {
            fitted: check.fitted,
            ..difference
        }))
    }
}

/// The difference of a parameter's value.
fn other_value(misfit: Misfit) -> Difference {
    let reason = match misfit {
        Misfit::Other => "it has another shape".to_owned(),
        Misfit::Value {
            parameter,
            given,
            allowed,
        } => {
            let visible = given.chars().filter(|c| !c.is_control());
            let given: String = visible.take(100).collect();
            match allowed.as_slice() {
                [] => format!("`{parameter}` is not bound"),
                [one] => format!("`{parameter}` is `{given}`, and only `{one}` is allowed"),
                many => format!(
                    "`{parameter}` is `{given}`, and only {} are allowed",
                    many.join(", ")
                ),
            }
        }
    };
    Difference {
        fitted: 0,
        only_value: true,
        reason,
    }
}

/// Headers a plugin may always set: they say how to read, or whether to.
const HARMLESS: [&str; 6] = [
    "accept",
    "accept-language",
    "content-language",
    "content-type",
    "if-match",
    "if-none-match",
];

/// The comparison of one request with one endpoint.
struct Check<'a> {
    values: &'a Values,
    taken: Taken<'a>,
    /// How many keys fit so far.
    fitted: usize,
}

/// The rules about one place of a request, and which of them were met.
struct Place<'a> {
    name: &'static str,
    rules: &'a [Rule],
    met: Vec<bool>,
}

impl<'a> Place<'a> {
    fn new(name: &'static str, rules: &'a [Rule]) -> Self {
        Self {
            name,
            rules,
            met: vec![false; rules.len()],
        }
    }

    /// Marks the rules about a key as met and returns them.
    fn meet<K: AsRef<str>>(&mut self, key: &[K]) -> Vec<&'a Rule> {
        let mut covering = Vec::new();
        for (rule, met) in self.rules.iter().zip(&mut self.met) {
            if rule.covers(key) {
                *met = true;
                covering.push(rule);
            }
        }
        covering
    }

    /// Checks that nothing required is missing.
    fn complete(&self) -> Result<(), Difference> {
        let mut rules = self.rules.iter().zip(&self.met);
        match rules.find(|(rule, met)| rule.required() && !**met) {
            None => Ok(()),
            Some((rule, _)) => Err(format!("{} lacks `{rule}`", self.name).into()),
        }
    }
}

impl<'a> Check<'a> {
    /// Checks query, headers and body.
    fn request(
        &mut self,
        endpoint: &'a Endpoint,
        request: &ParsedRequest,
    ) -> Result<(), Difference> {
        self.texts(Place::new("the query", &endpoint.query), &request.query)?;
        let headers = request.headers.iter();
        let special = headers.filter(|(name, _)| !HARMLESS.contains(&name.as_str()));
        self.texts(Place::new("the headers", &endpoint.headers), special)?;
        match (&endpoint.body, &request.content) {
            (Body::None, Content::Empty) => Ok(()),
            (Body::Form(rules), Content::Form(pairs)) => {
                self.texts(Place::new("the form", rules), pairs)
            }
            (Body::Form(rules), Content::Empty) => Place::new("the form", rules).complete(),
            (Body::Json(rules), Content::Json(value)) => {
                let mut place = Place::new("the JSON", rules);
                self.json(&mut place, &mut Vec::new(), value)?;
                place.complete()
            }
            (Body::Json(rules), Content::Empty) => Place::new("the JSON", rules).complete(),
            _ => Err("its body is of another kind".to_owned().into()),
        }
    }

    /// Checks keys with texts: each is covered by a rule whose value fits, and nothing required is missing.
    fn texts<'r>(
        &mut self,
        mut place: Place<'a>,
        pairs: impl IntoIterator<Item = &'r (String, String)>,
    ) -> Result<(), Difference> {
        for (key, text) in pairs {
            let key: Vec<&str> = key.split('.').collect();
            self.text(&mut place, &key, Some(text))?;
        }
        place.complete()
    }

    /// Checks every value of a JSON document that has nothing below it.
    fn json<'v>(
        &mut self,
        place: &mut Place<'a>,
        key: &mut Vec<Cow<'v, str>>,
        value: &'v Value,
    ) -> Result<(), Difference> {
        let entries: Vec<(Cow<'v, str>, &Value)> = match value {
            Value::Object(entries) => entries
                .iter()
                .map(|(name, value)| (name.into(), value))
                .collect(),
            Value::Array(items) => items
                .iter()
                .enumerate()
                .map(|(at, value)| (at.to_string().into(), value))
                .collect(),
            Value::String(text) => return self.text(place, key, Some(text)),
            other => return self.text(place, key, Some(&other.to_string())),
        };
        if entries.is_empty() {
            if key.is_empty() || place.rules.iter().any(|rule| rule.covers_below(key)) {
                place.meet(key);
                return Ok(());
            }
            return self.text(place, key, None);
        }
        for (name, value) in entries {
            // A key with a dot would be read as two, and a rule about the two would let it pass.
            let dotted = name.contains('.');
            if dotted && !place.rules.iter().any(|rule| rule.covers_any_below(key)) {
                return Err(format!("the JSON has the key `{name}`, which holds a dot").into());
            }
            key.push(name);
            self.json(place, key, value)?;
            key.pop();
        }
        Ok(())
    }

    /// Checks one key and its text (`None`: an empty list or object) against the rules about it; the first that has a
    /// value decides.
    fn text<K: AsRef<str>>(
        &mut self,
        place: &mut Place<'a>,
        key: &[K],
        text: Option<&str>,
    ) -> Result<(), Difference> {
        let name = place.name;
        let shown = || -> String {
            let key: Vec<&str> = key.iter().map(AsRef::as_ref).collect();
            key.join(".").chars().take(100).collect()
        };
        let covering = place.meet(key);
        if covering.is_empty() {
            return Err(format!("{name} may not have `{}`", shown()).into());
        }
        let template = covering.iter().find_map(|rule| rule.value());
        if let Some(template) = template {
            let fits = text.map_or(Err(Misfit::Other), |text| {
                template.fits(text, self.values, &mut self.taken)
            });
            fits.map_err(|misfit| match misfit {
                Misfit::Other => format!("`{}` in {name} is not `{template}`", shown()).into(),
                value => other_value(value),
            })?;
        }
        self.fitted += 1;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
