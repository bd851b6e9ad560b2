#![allow(clippy::all)]
#[path = "../../../tests/suite/sandbox/mod.rs"]
mod sandbox;
