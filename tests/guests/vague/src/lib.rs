//! Describes itself badly in every way that loading lets pass: by chance, without reasons, with features that are none.
//!
//! Never: shipped.

use std::hash::{BuildHasher, RandomState};

use strongroom_plugin::{Access, Call, Description, Evidence, Failure, Plugin, Step, Task};

struct Vague;

impl Plugin for Vague {
    /// A configuration that is no object.
    type Config = String;

    fn describe() -> Description {
        let chance = RandomState::new().hash_one(0);
        Description::new("vague", "0.1.0", &format!("Does {chance} things."))
            .uses_files("data", Access::Read, "")
            .feature("teleport", true)
    }
}

impl Task for Vague {
    fn run(_: Call<String>) -> Result<Step, Failure> {
        Ok(Evidence::new().into())
    }
}

strongroom_plugin::task!(Vague);
