//! A cron text, a zone and a moment, line by line.
#![no_main]

#[path = "../bodies/cron_text.rs"]
mod body;

libfuzzer_sys::fuzz_target!(|text: &str| body::check(text));
