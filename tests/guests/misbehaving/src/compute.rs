//! Time, stack and traps.

use std::hint::black_box;
use std::time::Duration;

use strongroom_plugin::bindings::types::Step;

use crate::answers;

pub(crate) fn spin() -> ! {
    let mut round = 0_u64;
    loop {
        round = black_box(round.wrapping_add(1));
    }
}

/// Never ends; the value it adds keeps a frame alive for each level.
#[expect(unconditional_recursion, reason = "the point")]
pub(crate) fn recurse(depth: u64) -> u64 {
    let frame = black_box([depth; 16]);
    recurse(depth + 1) + frame.iter().sum::<u64>()
}

pub(crate) fn trap() -> ! {
    #[cfg(target_arch = "wasm32")]
    core::arch::wasm32::unreachable();
    #[cfg(not(target_arch = "wasm32"))]
    std::process::abort()
}

pub(crate) fn sleep() -> Step {
    std::thread::sleep(Duration::from_secs(3600));
    answers::number("slept", 3600)
}
