//! Removes secrets from a response before a plugin sees it.
//!
//! A server that echoes what it was sent would otherwise hand the key to the plugin. The bytes are looked for as they are
//! and as base64, a URL and JSON write them; a server that hides them in another form on purpose is not found out.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use zeroize::Zeroizing;

use crate::request::Response;
use crate::secret::Secret;

const MARK: &[u8] = b"[removed]";

/// Replaces every occurrence of every secret by `[removed]`, in headers and body; corrects the length.
pub(crate) fn scrub(response: &mut Response, secrets: &[Secret]) {
    let forms: Vec<Zeroizing<Vec<u8>>> = secrets.iter().flat_map(forms).collect();
    if forms.is_empty() {
        return;
    }
    for (_, value) in &mut response.headers {
        replace(value, &forms);
    }
    if replace(&mut response.body, &forms) {
        let length = response.body.len().to_string();
        let lengths = response
            .headers
            .iter_mut()
            .filter(|(name, _)| name == "content-length");
        lengths.for_each(|(_, value)| *value = length.clone().into_bytes());
    }
}

/// The forms a secret is looked for in, the longest first, so that none hides another.
fn forms(secret: &Secret) -> Vec<Zeroizing<Vec<u8>>> {
    let bytes = secret.bytes();
    let mut forms = vec![
        bytes.to_vec(),
        STANDARD.encode(bytes).into_bytes(),
        STANDARD_NO_PAD.encode(bytes).into_bytes(),
        URL_SAFE.encode(bytes).into_bytes(),
        URL_SAFE_NO_PAD.encode(bytes).into_bytes(),
    ];
    if let Ok(text) = std::str::from_utf8(bytes) {
        forms.push(
            utf8_percent_encode(text, NON_ALPHANUMERIC)
                .to_string()
                .into_bytes(),
        );
        let form: String = form_urlencoded::byte_serialize(bytes).collect();
        forms.push(form.into_bytes());
        let json = serde_json::Value::from(text).to_string();
        let json = json
            .strip_prefix('"')
            .and_then(|json| json.strip_suffix('"'))
            .unwrap_or_default();
        forms.push(json.replace('/', "\\/").into_bytes());
        forms.push(json.as_bytes().to_vec());
    }
    forms.retain(|form| !form.is_empty());
    forms.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
    forms.dedup();
    forms.into_iter().map(Zeroizing::new).collect()
}

fn replace(bytes: &mut Vec<u8>, forms: &[Zeroizing<Vec<u8>>]) -> bool {
    let mut changed = false;
    for form in forms {
        let finder = form.as_slice();
        if find(bytes, finder).is_none() {
            continue;
        }
        changed = true;
        let mut clean = Vec::with_capacity(bytes.len());
        let mut rest = bytes.as_slice();
        while let Some(at) = find(rest, finder) {
            clean.extend_from_slice(rest.get(..at).unwrap_or_default());
            clean.extend_from_slice(MARK);
            rest = rest.get(at + finder.len()..).unwrap_or_default();
        }
        clean.extend_from_slice(rest);
        *bytes = clean;
    }
    changed
}

fn find(bytes: &[u8], form: &[u8]) -> Option<usize> {
    let first = *form.first()?;
    let mut from = 0;
    while let Some(step) = bytes.get(from..)?.iter().position(|b| *b == first) {
        let at = from + step;
        if bytes.get(at..)?.starts_with(form) {
            return Some(at);
        }
        from = at + 1;
    }
    None
}
