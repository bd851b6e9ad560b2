//! Memory: too much, for too long, and what may be left in it.

use std::hint::black_box;

use strongroom_plugin::bindings::types::Step;

use crate::answers::{self, fact};

pub(crate) fn grow() -> ! {
    let mut held: Vec<Vec<u8>> = Vec::new();
    loop {
        let mut block = Vec::new();
        if block.try_reserve_exact(1 << 20).is_err() {
            std::process::abort();
        }
        block.resize(1 << 20, 1);
        held.push(black_box(block));
    }
}

/// One `memory.copy` moves all of it, and nothing looks at a clock on the way.
pub(crate) fn copy(megabytes: u64) -> ! {
    let mut bytes = vec![1_u8; (megabytes << 20) as usize];
    let half = bytes.len() / 2;
    loop {
        bytes.copy_within(..half, half);
        black_box(&mut bytes);
    }
}

/// Sixteen bytes that stand in no data segment, because they are put together at run time.
fn mark() -> [u8; 16] {
    let mut mark = [0; 16];
    for (place, byte) in mark.iter_mut().enumerate() {
        *byte = black_box(0xA0_u8) ^ (place as u8).wrapping_mul(7);
    }
    mark
}

pub(crate) fn leave_mark(megabytes: u64) -> Step {
    let marks = black_box(mark().repeat((megabytes << 20) as usize / 16));
    // Kept, so that the allocator does not write over it.
    std::mem::forget(marks);
    answers::number("marked-megabytes", megabytes)
}

#[cfg(target_arch = "wasm32")]
pub(crate) fn leftover() -> Step {
    const PAGE: usize = 65_536;
    /// The stack lies at the bottom of memory, and the mark being looked for lies on it.
    const STACK: usize = 16 * PAGE;
    const FRESH: usize = 512;
    let mark = mark();
    let start = core::arch::wasm32::memory_grow(0, FRESH);
    let pages = core::arch::wasm32::memory_size(0);
    let fresh_begins = if start == usize::MAX { pages } else { start } * PAGE;
    let (mut marks, mut dirty) = (0_u64, 0_u64);
    for address in (STACK..pages * PAGE).step_by(16) {
        // SAFETY: the address lies within this instance's memory, and 16 bytes are there because a page is a multiple of 16.
        let found: [u8; 16] = unsafe { core::ptr::read_volatile(address as *const [u8; 16]) };
        marks += u64::from(found == mark);
        dirty += u64::from(address >= fresh_begins && found != [0; 16]);
    }
    answers::done(vec![
        fact("marks", marks),
        fact("dirty-fresh", dirty),
        fact("pages", pages),
    ])
}

#[cfg(not(target_arch = "wasm32"))]
pub(crate) fn leftover() -> Step {
    answers::done(vec![fact("looked-for", black_box(mark()).len())])
}
