//! Log lines. The host adds schedule, tenant and run, escapes control characters and limits the amount.

use crate::bindings::log as host;

/// For the plugin's author.
pub fn debug(message: &str, fields: &[(&str, String)]) {
    write(host::Level::Debug, message, fields);
}

/// What was done.
pub fn info(message: &str, fields: &[(&str, String)]) {
    write(host::Level::Info, message, fields);
}

/// Something to look at although the call goes on.
pub fn warn(message: &str, fields: &[(&str, String)]) {
    write(host::Level::Warn, message, fields);
}

/// Something that makes the call fail.
pub fn error(message: &str, fields: &[(&str, String)]) {
    write(host::Level::Error, message, fields);
}

#[cfg(target_arch = "wasm32")]
fn write(level: host::Level, message: &str, fields: &[(&str, String)]) {
    let fields: Vec<(String, String)> = fields
        .iter()
        .map(|(key, value)| ((*key).to_owned(), value.clone()))
        .collect();
    host::write(&level, message, &fields);
}

#[cfg(not(target_arch = "wasm32"))]
fn write(level: host::Level, message: &str, fields: &[(&str, String)]) {
    eprintln!("{level:?}: {message} {fields:?}");
}
