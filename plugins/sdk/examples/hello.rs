//! A whole plugin: counts the files of a granted tree and keeps a greeting.

use schemars::JsonSchema;
use serde::Deserialize;
use strongroom_plugin::files::{Kind, Tree};
use strongroom_plugin::{Access, Call, Description, Evidence, Failure, Plugin, Step, Task, log};

/// What an operator writes under `config` in a schedule.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Config {
    /// Whom to greet.
    greet: String,
}

struct Hello;

impl Plugin for Hello {
    type Config = Config;

    fn describe() -> Description {
        Description::new("hello", "0.1.0", "Greets, and counts files.").needs_files(
            "data",
            Access::Read,
            "the files to count",
        )
    }
}

impl Task for Hello {
    fn run(call: Call<Config>) -> Result<Step, Failure> {
        let tree = Tree::open("data")?;
        let mut walker = tree.walk("").map_err(|error| error.at("data"))?;
        let mut files = 0;
        loop {
            let batch = walker.next_batch()?;
            if batch.is_empty() {
                break;
            }
            files += batch
                .iter()
                .filter(|entry| entry.metadata.kind == Kind::File)
                .count() as u64;
        }
        log::info(
            &format!("hello {}", call.config.greet),
            &[("tenant", call.tenant)],
        );
        Ok(Evidence::new().files(files).into())
    }
}

strongroom_plugin::task!(Hello);
