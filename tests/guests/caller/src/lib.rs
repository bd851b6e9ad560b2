//! Sends the request that its configuration says, and tells what came back; looks for a secret in its own memory.

use schemars::JsonSchema;
use serde::Deserialize;
use strongroom_plugin::http::{Endpoint, Request};
use strongroom_plugin::{Call, Description, Evidence, Failure, Plugin, Step, Task};

/// A request.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Config {
    /// `GET`, `POST` or `DELETE`.
    method: String,
    /// Path and query, sent as they are.
    target: String,
    /// Instead of `things`.
    service: Option<String>,
    /// Names and values.
    #[serde(default)]
    headers: Vec<(String, String)>,
    /// The body, sent as it is.
    #[serde(default)]
    body: String,
    /// Anything but a success with JSON in it is a failure, as it is for plugins of providers.
    #[serde(default)]
    strict: bool,
    /// So often, one after the other.
    times: Option<u32>,
    /// A text to look for in this memory, each byte written as two digits and turned over by 0x55, so that the
    /// configuration does not hold it.
    look_for: Option<String>,
}

struct Caller;

impl Plugin for Caller {
    type Config = Config;

    fn describe() -> Description {
        Description::new("caller", "0.1.0", "Sends requests.").endpoints([
            Endpoint::read("look", "things", "GET /things/{thing}")
                .query(&["detail", "owner?={tenant}"])
                .headers(&["x-trace"])
                .because("to look at things"),
            Endpoint::write("make", "things", "POST /things/{thing}")
                .json(&["owner={tenant}", "name={name?}", "labels.*"])
                .because("to make things"),
            Endpoint::write("act", "things", "POST /")
                .form(&["Action=Make", "Thing={thing}", "Tag.#.Key"])
                .because("to act on things"),
            Endpoint::write("remove", "things", "DELETE /things/{thing}")
                .because("to remove things"),
        ])
    }
}

impl Task for Caller {
    fn run(call: Call<Config>) -> Result<Step, Failure> {
        let mut evidence = Evidence::new();
        for _ in 0..call.config.times.unwrap_or(1) {
            let response = request(&call.config)?.send()?;
            if call.config.strict {
                if !response.is_success() {
                    return Err(response.failure(format!("the provider said {}", response.status)));
                }
                response.json::<serde::de::IgnoredAny>()?;
            }
            evidence = evidence
                .fact("status", response.status)
                .fact("body", response.shown());
            for (name, value) in &response.headers {
                evidence = evidence.fact("header", format!("{name}: {value}"));
            }
        }
        if let Some(text) = &call.config.look_for {
            evidence = evidence.fact("found", found(text));
        }
        Ok(evidence.into())
    }
}

fn request(config: &Config) -> Result<Request, Failure> {
    let method = match config.method.as_str() {
        "GET" => "GET",
        "POST" => "POST",
        "DELETE" => "DELETE",
        other => return Err(Failure::invalid(format!("no method {other}"))),
    };
    let service = config.service.as_deref().unwrap_or("things");
    Ok(Request {
        method,
        service: service.to_owned(),
        target: config.target.clone(),
        headers: config.headers.clone(),
        body: config.body.clone().into_bytes(),
    })
}

/// How often the text stands anywhere in this plugin's memory.
#[cfg(target_arch = "wasm32")]
fn found(turned: &str) -> usize {
    let digit = |at: usize| {
        turned
            .as_bytes()
            .get(at)
            .and_then(|b| (*b as char).to_digit(16))
            .unwrap_or(0) as u8
    };
    let length = turned.len() / 2;
    let pages = core::arch::wasm32::memory_size(0);
    let byte = |at: usize| {
        // Every address below the memory's size can be read; address 0 is left out, because it is no pointer.
        #[expect(unsafe_code, reason = "a look at all of this plugin's own memory")]
        unsafe {
            core::ptr::with_exposed_provenance::<u8>(at).read_volatile()
        }
    };
    let here = |start: &usize| {
        (0..length).all(|at| byte(start + at) == (digit(2 * at) << 4 | digit(2 * at + 1)) ^ 0x55)
    };
    (1..(pages << 16).saturating_sub(length))
        .filter(here)
        .count()
}

#[cfg(not(target_arch = "wasm32"))]
fn found(_: &str) -> usize {
    0
}

strongroom_plugin::task!(Caller);
