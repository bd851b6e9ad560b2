//! A provider that is a function of the current thread, for tests of plugins.

use std::cell::RefCell;

use crate::http::{Error, Request, Response};

type Provider = Box<dyn FnMut(&Request) -> Result<Response, Error>>;

thread_local! {
    static PROVIDER: RefCell<Option<Provider>> = const { RefCell::new(None) };
}

/// Answers the requests of this thread from now on.
pub fn serve(provider: impl FnMut(&Request) -> Result<Response, Error> + 'static) {
    PROVIDER.set(Some(Box::new(provider)));
}

/// An answer with a JSON body.
#[must_use]
pub fn json(status: u16, body: &serde_json::Value) -> Response {
    let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
    Response {
        status,
        headers,
        body: body.to_string().into_bytes(),
    }
}

/// A part of a query or form as it was before it was encoded.
#[must_use]
pub fn decoded(text: &str) -> String {
    percent_encoding::percent_decode_str(text)
        .decode_utf8_lossy()
        .into_owned()
}

#[expect(clippy::needless_pass_by_value, reason = "fits the component's way")]
pub(crate) fn answer(request: Request) -> Result<Response, Error> {
    let Some(mut provider) = PROVIDER.take() else {
        return Err(Error::Denied(
            "no provider was granted: call `testing::http::serve`".to_owned(),
        ));
    };
    let answer = provider(&request);
    PROVIDER.set(Some(provider));
    answer
}
