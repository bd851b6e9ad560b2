//! Imports every capability of the contract and wants none, as toolchains do that build against a whole world, and tells
//! what each answered.
//!
//! Never: shipped.

use std::fmt::Debug;

use schemars::JsonSchema;
use serde::Deserialize;
use strongroom_plugin::files::Tree;
use strongroom_plugin::http::Request;
use strongroom_plugin::{Call, Description, Evidence, Failure, Plugin, Step, Task};
use strongroom_plugin::{log, progress, state};

/// Nothing is configured.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Config {}

struct Modest;

impl Plugin for Modest {
    type Config = Config;

    fn describe() -> Description {
        Description::new("modest", "0.1.0", "Asks for everything and wants nothing.")
    }
}

impl Task for Modest {
    fn run(_: Call<Config>) -> Result<Step, Failure> {
        log::info("asks for everything", &[]);
        progress::report(1, 1, "question", "");
        let evidence = Evidence::new()
            .fact("files", told(Tree::open("data")))
            .fact("state-get", told(state::get("key")))
            .fact("state-set", told(state::set("key", b"value", None)))
            .fact("http", told(Request::get("things", &["one"]).send()));
        Ok(evidence.into())
    }
}

fn told<T, E: Debug>(answer: Result<T, E>) -> String {
    match answer {
        Ok(_) => "granted".to_owned(),
        Err(error) => format!("{error:?}"),
    }
}

strongroom_plugin::task!(Modest);
