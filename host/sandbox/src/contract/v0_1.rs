//! The contract of `wit/` as Rust: generated, for every role at once.
//!
//! Owns: the generated types and traits. One world holds all roles; a plugin exports some of them, and each role is
//! looked up by its own indices, so one linker and one instance serve them all.
//! Never: a decision. Read next: `capability` (imports), `plugin` (exports).

wasmtime::component::bindgen!({
    path: "../../wit",
    inline: "
        package strongroom:host;
        world host {
            include strongroom:plugin/snapshots-plugin@0.1.0;
            include strongroom:plugin/task-plugin@0.1.0;
            export strongroom:plugin/egress@0.1.0;
        }
    ",
    world: "strongroom:host/host",
    imports: {
        "strongroom:plugin/log": trappable,
        "strongroom:plugin/progress": trappable,
        "strongroom:plugin/files.[static]tree.open": trappable,
        "strongroom:plugin/files.[method]tree.writable": trappable,
        "strongroom:plugin/files.[drop]tree": trappable,
        "strongroom:plugin/files.[drop]walker": trappable,
        "strongroom:plugin/files.[drop]reader": trappable,
        "strongroom:plugin/files.[drop]writer": trappable,
        default: async | trappable,
    },
    exports: { default: async },
    with: {
        "strongroom:plugin/files.tree": crate::capability::files::handles::Tree,
        "strongroom:plugin/files.walker": crate::capability::files::handles::Walker,
        "strongroom:plugin/files.reader": crate::capability::files::handles::Reader,
        "strongroom:plugin/files.writer": crate::capability::files::handles::Writer,
    },
});
