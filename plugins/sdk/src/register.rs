//! The macros that make a component of a type.

/// Registers a type that implements [`Snapshots`](crate::Snapshots) as this component's plugin. Once per crate.
#[macro_export]
macro_rules! snapshots {
    ($plugin:ty) => {
        $crate::register!($plugin, snapshots, export_snapshots);
    };
}

/// Registers a type that implements [`Task`](crate::Task) as this component's plugin. Once per crate.
#[macro_export]
macro_rules! task {
    ($plugin:ty) => {
        $crate::register!($plugin, task, export_task);
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! register {
    ($plugin:ty, $role:ident, $export:ident) => {
        // Outside a component the type counts as used all the same.
        #[cfg(not(target_arch = "wasm32"))]
        const _: fn() -> $crate::Description = <$plugin as $crate::Plugin>::describe;

        #[cfg(target_arch = "wasm32")]
        #[allow(unsafe_code, reason = "the exports of a component")]
        mod strongroom_component {
            #[allow(unused_imports, reason = "the type may be a path")]
            use super::*;
            type Registered = $crate::exported::Exported<$plugin>;
            $crate::bindings::every::export_plugin!(Registered with_types_in $crate::bindings::every);
            $crate::bindings::endpoints::export_endpoints!(Registered with_types_in $crate::bindings::endpoints);
            $crate::bindings::$role::$export!(Registered with_types_in $crate::bindings::$role);
        }
    };
}
