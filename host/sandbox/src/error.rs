//! Why a sandbox could not be made or a plugin not loaded: one sentence each, with a hint for a person.
//!
//! Owns: the words. Never: rendering, exit codes (the command line does both).
//! Read next: `load`, where these arise.

use std::path::PathBuf;

/// Why there is no sandbox.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// The folder of the compile cache cannot be made or read.
    #[error("the compile cache {} cannot be used: {reason}", path.display())]
    Cache {
        /// The folder.
        path: PathBuf,
        /// In the operating system's words.
        reason: String,
    },
    /// Somebody else could write machine code into the cache.
    #[error("the compile cache {} is not private: {reason}", path.display())]
    CacheNotPrivate {
        /// The folder.
        path: PathBuf,
        /// Owner or mode.
        reason: String,
    },
    /// wasmtime does not accept the settings on this machine.
    #[error("the WebAssembly engine cannot start: {reason}")]
    Engine {
        /// In wasmtime's words, one line.
        reason: String,
    },
}

impl SandboxError {
    /// What a person can do about it.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Cache { .. } => "name a folder that this user can write",
            Self::CacheNotPrivate { .. } => {
                "compiled plugins run as machine code, so the folder must belong to this user with mode 0700"
            }
            Self::Engine { .. } => {
                "allow fewer plugin instances at once, or check the limits on memory of this process"
            }
        }
    }
}

/// Why a plugin was not loaded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LoadError {
    /// The file is larger than any plugin may be.
    #[error("the file has {size} bytes, a plugin has at most {limit}")]
    TooLarge {
        /// Bytes.
        size: u64,
        /// Bytes.
        limit: u64,
    },
    /// Not a WebAssembly component.
    #[error("the file is not a WebAssembly component: {reason}")]
    NotAComponent {
        /// What it is instead, or where it is broken.
        reason: String,
    },
    /// It wants something that no plugin gets here.
    #[error("the plugin imports {}, which this host does not offer{}", wanted.join(", "), appended(notes))]
    UnknownImport {
        /// Every import that is not offered.
        wanted: Vec<String>,
        /// What is known about some of them: another version, not granted to plugins.
        notes: Vec<String>,
        /// What this host offers.
        offered: Vec<String>,
    },
    /// Nothing to call.
    #[error("the plugin exports no role{}", appended(notes))]
    NoRole {
        /// What is known: a role of another version.
        notes: Vec<String>,
        /// The roles this host calls.
        offered: Vec<String>,
    },
    /// The interfaces have the right names and the wrong shapes.
    #[error("the plugin does not fit the contract: {reason}")]
    Mismatch {
        /// In wasmtime's words, one line.
        reason: String,
    },
    /// No slot can hold it.
    #[error("the plugin asks for more than any plugin gets: {reason}")]
    Oversized {
        /// In wasmtime's words, one line.
        reason: String,
    },
    /// The compiler ran into one of its limits.
    #[error("compiling the plugin took more than {limit}")]
    CompileLimit {
        /// Which limit, with its figure.
        limit: String,
    },
    /// The compiler said no or could not be started.
    #[error("the plugin could not be compiled: {reason}")]
    Compile {
        /// One line.
        reason: String,
    },
    /// The compile cache does not work.
    #[error("the compile cache cannot be used: {reason}")]
    Cache {
        /// In the operating system's words.
        reason: String,
    },
    /// `describe` did not answer as the contract says.
    #[error("the plugin does not describe itself: {reason}")]
    Description {
        /// What is wrong with it.
        reason: String,
    },
}

impl LoadError {
    /// What a person can do about it.
    #[must_use]
    pub fn hint(&self) -> String {
        match self {
            Self::TooLarge { .. } => "strip debug information, or build with `opt-level = \"s\"`".into(),
            Self::NotAComponent { .. } => {
                "build with `cargo build --target wasm32-wasip2`, which makes a component".into()
            }
            Self::UnknownImport { offered, .. } => format!("this host offers {}", offered.join(", ")),
            Self::NoRole { offered, .. } => format!("a plugin exports at least one of {}", offered.join(", ")),
            Self::Mismatch { .. } => "build the plugin against the `wit/` folder of this host's version".into(),
            Self::Oversized { .. } => "a plugin has one memory or a few, and starts with little in them".into(),
            Self::CompileLimit { .. } => "a plugin of a usual size compiles within a second: ask its vendor".into(),
            Self::Compile { .. } => "run `strongroom doctor`; if it is well, ask the plugin's vendor".into(),
            Self::Cache { .. } => "check the folder's disk and permissions; it may be emptied at any time".into(),
            Self::Description { .. } => {
                "`describe` gets no grants and one second; `strongroom plugin inspect` shows what it says".into()
            }
        }
    }
}

/// Known circumstances as a half-sentence each.
fn appended(notes: &[String]) -> String {
    notes.iter().map(|note| format!("; {note}")).collect()
}
