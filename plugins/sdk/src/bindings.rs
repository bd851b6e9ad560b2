//! What wit-bindgen makes of `wit/`: one module for the imports and what every plugin exports, one per role.
//!
//! Owns: nothing by hand. The linker joins the worlds that a plugin really uses, and drops imports it never calls.
//! Never: used by a plugin's author; the rest of the crate wraps it.

#![allow(
    clippy::all,
    clippy::indexing_slicing,
    clippy::too_many_lines,
    unreachable_pub,
    missing_docs,
    unsafe_code,
    reason = "generated"
)]

/// Every import, and the interface `plugin`.
pub mod every {
    wit_bindgen::generate!({
        path: "../../wit",
        inline: "
            package strongroom:sdk;
            world every {
                import strongroom:plugin/log@0.1.0;
                import strongroom:plugin/progress@0.1.0;
                import strongroom:plugin/state@0.1.0;
                import strongroom:plugin/files@0.1.0;
                import strongroom:plugin/types@0.1.0;
                export strongroom:plugin/plugin@0.1.0;
            }
        ",
        additional_derives: [PartialEq, Eq],
        generate_unused_types: true,
        pub_export_macro: true,
        export_macro_name: "export_plugin",
        default_bindings_module: "strongroom_plugin::bindings::every",
        generate_all,
    });
}

/// The API calls that a plugin may make.
pub mod endpoints {
    wit_bindgen::generate!({
        path: "../../wit",
        inline: "
            package strongroom:sdk;
            world endpoints { export strongroom:plugin/egress@0.1.0; }
        ",
        pub_export_macro: true,
        export_macro_name: "export_endpoints",
        default_bindings_module: "strongroom_plugin::bindings::endpoints",
        with: { "strongroom:plugin/types@0.1.0": super::every::strongroom::plugin::types },
        generate_all,
    });
}

/// Requests; only a plugin that sends any imports them.
pub mod http {
    wit_bindgen::generate!({
        path: "../../wit",
        inline: "
            package strongroom:sdk;
            world http { import wasi:http/outgoing-handler@0.2.12; }
        ",
        generate_all,
    });
}

/// The role `snapshots`.
pub mod snapshots {
    wit_bindgen::generate!({
        path: "../../wit",
        inline: "
            package strongroom:sdk;
            world snapshots { export strongroom:plugin/snapshots@0.1.0; }
        ",
        pub_export_macro: true,
        export_macro_name: "export_snapshots",
        default_bindings_module: "strongroom_plugin::bindings::snapshots",
        with: { "strongroom:plugin/types@0.1.0": super::every::strongroom::plugin::types },
        generate_all,
    });
}

/// The role `task`.
pub mod task {
    wit_bindgen::generate!({
        path: "../../wit",
        inline: "
            package strongroom:sdk;
            world task { export strongroom:plugin/task@0.1.0; }
        ",
        pub_export_macro: true,
        export_macro_name: "export_task",
        default_bindings_module: "strongroom_plugin::bindings::task",
        with: { "strongroom:plugin/types@0.1.0": super::every::strongroom::plugin::types },
        generate_all,
    });
}

pub use endpoints::exports::strongroom::plugin::egress;
pub use every::exports::strongroom::plugin::plugin;
pub use every::strongroom::plugin::{files, log, progress, state, types};
