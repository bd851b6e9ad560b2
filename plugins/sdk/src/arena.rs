//! An allocator for plugins of many short calls: memory is taken from the front of a fixed block and never given back.
//!
//! Owns: the only `unsafe` of the SDK that is written by hand. Every call has a fresh instance, so what is never given
//! back is dropped with it. What the block cannot hold goes to the ordinary allocator.

#![expect(unsafe_code, reason = "an allocator")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::{Cell, UnsafeCell};

/// A block of `BYTES` that allocations are taken from.
#[repr(align(16))]
pub struct Arena<const BYTES: usize> {
    memory: UnsafeCell<[u8; BYTES]>,
    used: Cell<usize>,
}

// SAFETY: a component has one thread. The macro installs this for WebAssembly only.
unsafe impl<const BYTES: usize> Sync for Arena<BYTES> {}

impl<const BYTES: usize> Arena<BYTES> {
    /// Nothing used yet; costs no bytes in the file.
    #[must_use]
    #[expect(clippy::new_without_default, reason = "only for a static")]
    pub const fn new() -> Self {
        Self {
            memory: UnsafeCell::new([0; BYTES]),
            used: Cell::new(0),
        }
    }

    fn start(&self) -> usize {
        self.memory.get() as usize
    }

    fn owns(&self, pointer: *mut u8) -> bool {
        (self.start()..self.start() + BYTES).contains(&(pointer as usize))
    }

    /// Whether the allocation is the last one, so that it can grow, shrink or go.
    fn is_last(&self, pointer: *mut u8, size: usize) -> bool {
        self.owns(pointer) && pointer as usize + size == self.start() + self.used.get()
    }
}

// SAFETY: a returned block lies within `memory` beyond everything handed out before, aligned because the block is aligned
// to 16 and greater alignments go to the ordinary allocator; `used` only falls back when the last block is freed.
unsafe impl<const BYTES: usize> GlobalAlloc for Arena<BYTES> {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let begin = self.used.get().next_multiple_of(layout.align());
        match begin.checked_add(layout.size()) {
            Some(end) if end <= BYTES && layout.align() <= 16 => {
                self.used.set(end);
                // SAFETY: `begin` is at most `end`, which is within the block.
                unsafe { self.memory.get().cast::<u8>().add(begin) }
            }
            // SAFETY: the caller's own promise about the layout.
            _ => unsafe { System.alloc(layout) },
        }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        if self.is_last(pointer, layout.size()) {
            self.used.set(self.used.get() - layout.size());
        } else if !self.owns(pointer) {
            // SAFETY: what the block does not own came from there.
            unsafe { System.dealloc(pointer, layout) }
        }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        if !self.owns(pointer) {
            // SAFETY: what the block does not own came from there.
            return unsafe { System.realloc(pointer, layout, size) };
        }
        let grown = self.used.get() - layout.size().min(self.used.get()) + size;
        if self.is_last(pointer, layout.size()) && grown <= BYTES {
            self.used.set(grown);
            return pointer;
        }
        // SAFETY: the caller promises that `size` and the alignment make a layout.
        let fresh = unsafe { self.alloc(Layout::from_size_align_unchecked(size, layout.align())) };
        if !fresh.is_null() {
            // SAFETY: both blocks hold at least the lesser size, and a fresh one overlaps none that is in use.
            unsafe { std::ptr::copy_nonoverlapping(pointer, fresh, layout.size().min(size)) };
        }
        fresh
    }
}

/// Installs the arena in this component: of 1 MiB, or of the given number of bytes. Opt-in, once per crate.
#[macro_export]
macro_rules! arena {
    () => {
        $crate::arena!(1 << 20);
    };
    ($bytes:expr) => {
        #[cfg(target_arch = "wasm32")]
        #[global_allocator]
        static STRONGROOM_ARENA: $crate::Arena<{ $bytes }> = $crate::Arena::new();
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_never_overlap_and_the_last_one_is_reused() {
        let arena = Box::new(Arena::<4096>::new());
        let layout = |size, align| Layout::from_size_align(size, align).unwrap();
        // SAFETY: every block is freed with the layout it was made with, and written within it.
        unsafe {
            let one = arena.alloc(layout(10, 1));
            let two = arena.alloc(layout(100, 16));
            assert!(two as usize >= one as usize + 10 && (two as usize).is_multiple_of(16));
            one.write_bytes(1, 10);
            two.write_bytes(2, 100);
            let grown = arena.realloc(two, layout(100, 16), 200);
            assert_eq!(grown, two);
            let moved = arena.realloc(one, layout(10, 1), 20);
            assert!(moved != one && std::slice::from_raw_parts(moved, 10) == [1; 10]);
            assert_eq!(std::slice::from_raw_parts(two, 100), [2; 100]);
            arena.dealloc(moved, layout(20, 1));
            assert_eq!(arena.alloc(layout(20, 1)), moved);
            let outside = arena.alloc(layout(8192, 8));
            assert!(!arena.owns(outside));
            let outside = arena.realloc(outside, layout(8192, 8), 9000);
            outside.write_bytes(3, 9000);
            arena.dealloc(outside, layout(9000, 8));
        }
    }
}
