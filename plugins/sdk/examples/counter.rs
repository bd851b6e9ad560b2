//! Remembers how often it ran for a tenant, and uses the arena allocator.

use schemars::JsonSchema;
use serde::Deserialize;
use strongroom_plugin::{Call, Description, Evidence, Failure, Plugin, Step, Task, state};

/// Nothing to configure.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Config {}

struct Counter;

impl Plugin for Counter {
    type Config = Config;

    fn describe() -> Description {
        Description::new("counter", "0.1.0", "Counts its own runs.")
            .needs_state("the number of runs")
    }
}

impl Task for Counter {
    fn run(_call: Call<Config>) -> Result<Step, Failure> {
        let stored = state::get("runs")?;
        let text = stored
            .as_ref()
            .map(|value| String::from_utf8_lossy(&value.bytes).into_owned());
        let runs: u64 = text
            .map_or(Ok(0), |text| text.parse())
            .map_err(|_| Failure::corrupt("the count is no number"))?;
        // Another run that counts at the same time makes this one fail with a conflict, not miscount.
        state::set(
            "runs",
            (runs + 1).to_string().as_bytes(),
            stored.map(|value| value.version),
        )?;
        Ok(Evidence::new().fact("runs", runs + 1).into())
    }
}

strongroom_plugin::task!(Counter);
strongroom_plugin::arena!();
