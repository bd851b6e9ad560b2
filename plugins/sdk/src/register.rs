//! The macros that make a component of a type.

/// A description with the crate's own name and version. Takes one sentence for a person.
#[macro_export]
macro_rules! description {
    ($summary:expr) => {
        $crate::Description::new(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"), $summary)
    };
}

/// Registers a type as this component's plugin that keeps snapshots. Once per crate.
///
/// The type implements [`Snapshots`](crate::Snapshots), or names the function that does each part of the role:
///
/// ```ignore
/// strongroom_plugin::snapshots!(Cloud {
///     start_create: create::start,
///     poll: operation::poll,
///     get: catalog::get,
///     list: catalog::list,
///     start_delete: delete::start,
///     start_restore: restore::start,
///     start_verify: verify::start,
/// });
/// ```
///
/// Each takes what the function of the trait takes, by reference. `poll` and `start_copy` may be left out.
#[macro_export]
macro_rules! snapshots {
    ($plugin:ty) => {
        $crate::register!($plugin, snapshots, export_snapshots);
    };
    ($plugin:ty { $($part:ident: $with:expr),* $(,)? }) => {
        impl $crate::Snapshots for $plugin {
            $($crate::part!($part $with);)*
        }
        $crate::snapshots!($plugin);
    };
}

/// Registers a type that implements [`Task`](crate::Task) as this component's plugin. Once per crate.
#[macro_export]
macro_rules! task {
    ($plugin:ty) => {
        $crate::register!($plugin, task, export_task);
    };
}

/// One function of the role `snapshots`, done by a function of the plugin.
#[doc(hidden)]
#[macro_export]
macro_rules! part {
    (poll $with:expr) => {
        fn poll(
            call: $crate::Call<Self::Config>,
            operation: Vec<u8>,
        ) -> Result<$crate::Step, $crate::Failure> {
            $with(&call, &operation)
        }
    };
    (start_create $with:expr) => {
        fn start_create(call: $crate::Call<Self::Config>) -> Result<$crate::Step, $crate::Failure> {
            $with(&call)
        }
    };
    (get $with:expr) => {
        fn get(
            call: $crate::Call<Self::Config>,
            reference: &str,
        ) -> Result<$crate::Snapshot, $crate::Failure> {
            $with(&call, reference)
        }
    };
    (list $with:expr) => {
        fn list(
            call: $crate::Call<Self::Config>,
            cursor: Option<&str>,
            limit: u32,
        ) -> Result<$crate::Page, $crate::Failure> {
            $with(&call, cursor, limit)
        }
    };
    (start_restore $with:expr) => {
        fn start_restore(
            call: $crate::Call<Self::Config>,
            reference: &str,
            target: &$crate::Target,
        ) -> Result<$crate::Step, $crate::Failure> {
            $with(&call, reference, target)
        }
    };
    ($part:ident $with:expr) => {
        fn $part(
            call: $crate::Call<Self::Config>,
            reference: &str,
        ) -> Result<$crate::Step, $crate::Failure> {
            $with(&call, reference)
        }
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
