//! The API calls that a plugin may make, published so that an operator grants them one by one (`wit/egress.wit`).

use crate::bindings::egress as host;

/// One API call: method, path, query, headers and body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    name: String,
    service: String,
    method: String,
    path: String,
    query: Vec<String>,
    headers: Vec<String>,
    body: &'static str,
    fields: Vec<String>,
    access: &'static str,
    reason: String,
}

impl Endpoint {
    fn new(access: &'static str, name: &str, service: &str, request: &str) -> Self {
        let (method, path) = request.split_once(' ').unwrap_or((request, ""));
        Self {
            name: name.to_owned(),
            service: service.to_owned(),
            method: method.to_owned(),
            path: path.to_owned(),
            query: Vec::new(),
            headers: Vec::new(),
            body: "none",
            fields: Vec::new(),
            access,
            reason: String::new(),
        }
    }

    /// One that changes nothing; `request` is method and path: `GET /projects/{project}/snapshots`.
    #[must_use]
    pub fn read(name: &str, service: &str, request: &str) -> Self {
        Self::new("read", name, service, request)
    }

    /// One that changes something.
    #[must_use]
    pub fn write(name: &str, service: &str, request: &str) -> Self {
        Self::new("write", name, service, request)
    }

    /// Keys of its query: `key`, `key=TEMPLATE`, `key?=TEMPLATE`.
    #[must_use]
    pub fn query(mut self, keys: &[&str]) -> Self {
        self.query = owned(keys);
        self
    }

    /// Headers it sets, in the same grammar.
    #[must_use]
    pub fn headers(mut self, keys: &[&str]) -> Self {
        self.headers = owned(keys);
        self
    }

    /// Its body is JSON with these fields, in the same grammar.
    #[must_use]
    pub fn json(mut self, fields: &[&str]) -> Self {
        (self.body, self.fields) = ("json", owned(fields));
        self
    }

    /// Its body is a form with these fields, in the same grammar.
    #[must_use]
    pub fn form(mut self, fields: &[&str]) -> Self {
        (self.body, self.fields) = ("form", owned(fields));
        self
    }

    /// Why, in one sentence for the person who grants it.
    #[must_use]
    pub fn because(mut self, reason: &str) -> Self {
        self.reason = reason.to_owned();
        self
    }

    pub(crate) fn for_host(self) -> host::Endpoint {
        host::Endpoint {
            name: self.name,
            service: self.service,
            method: self.method,
            path: self.path,
            query: self.query,
            headers: self.headers,
            body: self.body.to_owned(),
            fields: self.fields,
            access: self.access.to_owned(),
            reason: self.reason,
            extra: Vec::new(),
        }
    }
}

fn owned(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|&text| text.to_owned()).collect()
}
