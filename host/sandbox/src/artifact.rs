//! Machine code from the compile cache into this process: the one module with `unsafe`.
//!
//! Owns: the seal around a compiled component and the call that trusts its content.
//! Never: bytes from a plugin, vendor, registry or network: only what `compile` made and `cache` kept.
//! Read next: `cache`.

#![expect(
    unsafe_code,
    reason = "deserialising machine code is unsafe by nature; reviewed, see SAFETY below"
)]

use sha2::{Digest, Sha256};
use wasmtime::Engine;
use wasmtime::component::Component;

use crate::text;

/// Begins every sealed file; the number is that of this layout.
const MAGIC: &[u8; 16] = b"strongroom-code1";

/// Length of a SHA-256.
const HASH: usize = 32;

/// Compiled code with its hash, as it is kept on disk.
pub(crate) fn seal(code: &[u8]) -> Vec<u8> {
    let mut sealed = Vec::with_capacity(MAGIC.len() + HASH + code.len());
    sealed.extend_from_slice(MAGIC);
    sealed.extend_from_slice(&Sha256::digest(code));
    sealed.extend_from_slice(code);
    sealed
}

/// The code within a seal that is whole.
fn open(sealed: &[u8]) -> Option<&[u8]> {
    let (hash, code) = sealed.strip_prefix(MAGIC)?.split_at_checked(HASH)?;
    (hash == Sha256::digest(code).as_slice()).then_some(code)
}

/// Turns a sealed file of the private cache into a component; an error says why this engine does not take it:
/// damaged, of another engine, or a plugin that no slot can hold.
///
/// The caller has read `sealed` through `cache::Cache`, or received its content from its own compile child.
pub(crate) fn load(engine: &Engine, sealed: &[u8]) -> Result<Component, String> {
    let code = open(sealed).ok_or("the compiled code is damaged")?;
    // SAFETY: `deserialize` requires bytes that `Engine::precompile_component` made. They come from our own compile
    // child (this program, started by `compile`), by its pipe or by the cache. The cache is a folder that belongs to
    // this user with mode 0700, checked when it was opened, its files are written by this program only, and each file
    // was checked to be ours before it was read. The hash excludes torn or rotten files. wasmtime itself checks that
    // version, target and settings are those of this engine. Bytes are copied, so later writes cannot reach the code.
    unsafe { Component::deserialize(engine, code) }.map_err(|e| text::one_line(&format!("{e:#}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seal_is_whole_or_refused() {
        let sealed = seal(b"code");
        assert_eq!(open(&sealed), Some(&b"code"[..]));
        for position in 0..sealed.len() {
            let mut damaged = sealed.clone();
            damaged[position] ^= 1;
            assert_eq!(open(&damaged), None, "{position}");
            assert_eq!(open(&sealed[..position]), None, "{position}");
        }
    }

    #[test]
    fn code_of_another_engine_is_refused() {
        let engine = Engine::default();
        let code = engine
            .precompile_component(&wat::parse_str("(component)").unwrap())
            .unwrap();
        assert!(load(&engine, &seal(&code)).is_ok());
        let other = Engine::new(wasmtime::Config::new().epoch_interruption(true)).unwrap();
        assert!(load(&other, &seal(&code)).is_err());
        assert!(load(&engine, &seal(b"not code at all")).is_err());
    }
}
