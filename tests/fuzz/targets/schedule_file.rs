//! A whole schedule file.
#![no_main]

#[path = "../bodies/schedule_file.rs"]
mod body;

libfuzzer_sys::fuzz_target!(|text: &str| body::check(text));
