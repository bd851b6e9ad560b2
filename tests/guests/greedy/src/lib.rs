//! Calls itself `misbehaving` and wants more than that one: a new version of a plugin with wider wants.

use schemars::JsonSchema;
use serde::Deserialize;
use strongroom_plugin::{Access, Call, Description, Evidence, Failure, Plugin, Step, Task};

/// As much of the other's configuration as its schedules write.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Config {
    /// Only `ok` is known here.
    r#do: String,
}

struct Greedy;

impl Plugin for Greedy {
    type Config = Config;

    fn describe() -> Description {
        Description::new("misbehaving", "9.0.0", "Wants more than before.")
            .needs_files("data", Access::Write, "what it always had")
            .needs_files("more", Access::Read, "what it would like to have, too")
    }
}

impl Task for Greedy {
    fn run(call: Call<Config>) -> Result<Step, Failure> {
        Ok(Evidence::new().fact("did", &call.config.r#do).into())
    }
}

strongroom_plugin::task!(Greedy);
