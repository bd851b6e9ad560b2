//! The engine's settings: one function decides them all, one test asserts them all.
//!
//! Owns: which WebAssembly is accepted, how guests are laid out in memory, how many there may be at once.
//! Never: limits of one call (those are in `instance`). Read next: `limiter`, `ticker`.

use wasmparser::WasmFeatures;
use wasmtime::{
    Config, Enabled, Engine, InstanceAllocationStrategy, OptLevel, PoolingAllocationConfig,
    RegallocAlgorithm, Strategy,
};

use crate::error::SandboxError;
use crate::limiter::{INSTANCES, MEMORIES, TABLE_ELEMENTS, TABLES};
use crate::text;

/// Deepest wasm stack: Rust's own default for threads is 2 MiB of larger native frames; plugins recurse little.
const WASM_STACK: usize = 512 * 1024;

/// The fiber under it: the rest is for host functions that the guest calls.
const FIBER_STACK: usize = 1024 * 1024;

/// Address space of one linear memory and the guard behind it: with 4 GiB no 32-bit access needs a bounds check.
const RESERVATION: u64 = 4 << 30;
/// See [`RESERVATION`].
const GUARD: u64 = 32 << 20;

/// Memory that stays with a free slot: filling it is 20 times cheaper than a page fault for each page.
const KEEP_RESIDENT: usize = 1 << 20;

/// Bytes of engine bookkeeping for one instance: fifty times what the largest plugin needs.
const INSTANCE_BYTES: usize = 1 << 20;

/// A linear memory is a multiple of this.
const PAGE: u64 = 64 * 1024;

/// Memory maps of one live instance at its largest: four a memory, two for its stack. At `vm.max_map_count` the
/// process aborts or hangs instead of returning an error.
const MAPS_PER_SLOT: u64 = 4 * MEMORIES as u64 + 2;

/// Where Linux says how many memory maps a process may have.
const MAX_MAP_COUNT: &str = "/proc/sys/vm/max_map_count";

/// What of WebAssembly is accepted: the second edition of the specification, constant expressions, components.
///
/// Everything else is off: threads, shared memory, GC, function references, exceptions, tail calls, memory64,
/// multi-memory, stack switching, custom page sizes, wide arithmetic, relaxed SIMD, asynchronous components.
pub(crate) fn features() -> WasmFeatures {
    (WasmFeatures::WASM2 | WasmFeatures::LIME1 | WasmFeatures::COMPONENT_MODEL)
        - WasmFeatures::GC_TYPES
}

/// How many guests there may be and how large.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Size {
    /// Live instances.
    pub(crate) slots: u32,
    /// Bytes of one linear memory, and of everything in one store.
    pub(crate) memory_ceiling: u64,
}

/// Settings that decide what machine code a plugin becomes: the same for the host and its compile child.
fn code() -> Config {
    let mut config = Config::new();
    config
        .wasm_features(WasmFeatures::all(), false)
        .wasm_features(features(), true)
        .strategy(Strategy::Cranelift)
        .cranelift_opt_level(OptLevel::Speed)
        .cranelift_regalloc_algorithm(RegallocAlgorithm::Backtracking)
        .cranelift_nan_canonicalization(false)
        .debug_info(false)
        .consume_fuel(false)
        .epoch_interruption(true)
        .signals_based_traps(true)
        .shared_memory(false)
        .concurrency_support(false)
        .gc_support(false)
        .memory_reservation(RESERVATION)
        .memory_guard_size(GUARD)
        .memory_reservation_for_growth(0)
        .memory_may_move(false)
        .guard_before_linear_memory(true)
        .memory_init_cow(true)
        .table_lazy_init(true)
        .max_wasm_stack(WASM_STACK)
        .async_stack_size(FIBER_STACK)
        .async_stack_zeroing(false)
        .wasm_backtrace_max_frames(None);
    config
}

/// Settings of the host's engine.
pub(crate) fn config(size: Size) -> Config {
    let mut pool = PoolingAllocationConfig::new();
    let per_plugin = |count: u32| size.slots.saturating_mul(count);
    pool.total_component_instances(size.slots)
        .total_core_instances(per_plugin(INSTANCES))
        .total_memories(per_plugin(MEMORIES))
        .total_tables(per_plugin(TABLES))
        .total_stacks(size.slots)
        .max_core_instances_per_component(INSTANCES)
        .max_memories_per_component(MEMORIES)
        .max_tables_per_component(TABLES)
        .max_memories_per_module(1)
        .max_tables_per_module(TABLES)
        .max_core_instance_size(INSTANCE_BYTES)
        .max_component_instance_size(INSTANCE_BYTES)
        .table_elements(TABLE_ELEMENTS)
        .max_memory_size(usize::try_from(memory_limit(size.memory_ceiling)).unwrap_or(usize::MAX))
        .max_unused_warm_slots(size.slots)
        .decommit_batch_size(1)
        .linear_memory_keep_resident(KEEP_RESIDENT)
        .table_keep_resident(KEEP_RESIDENT)
        .async_stack_keep_resident(0)
        .pagemap_scan(Enabled::Auto);
    let mut config = code();
    config
        .parallel_compilation(false)
        .allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
    config
}

/// Settings of the compile child: the same code, no room for guests, one thread (its limits are for one).
pub(crate) fn compile_config() -> Config {
    let mut config = code();
    config
        .parallel_compilation(false)
        .allocation_strategy(InstanceAllocationStrategy::OnDemand);
    config
}

/// Makes an engine.
pub(crate) fn engine(config: &Config) -> Result<Engine, SandboxError> {
    Engine::new(config).map_err(|e| SandboxError::Engine {
        reason: text::one_line(&format!("{e:#}")),
    })
}

/// A ceiling as the engine takes it: whole pages, at most what 32 bits address.
fn memory_limit(ceiling: u64) -> u64 {
    (ceiling.min(RESERVATION) / PAGE * PAGE).max(PAGE)
}

/// How many slots this machine's memory maps allow of those asked for, and a sentence when that is fewer.
pub(crate) fn slots(asked: u32) -> (u32, Option<String>) {
    let maps = std::fs::read_to_string(MAX_MAP_COUNT)
        .ok()
        .and_then(|text| text.trim().parse().ok());
    capped(asked.max(1), maps)
}

fn capped(asked: u32, maps: Option<u64>) -> (u32, Option<String>) {
    let Some(maps) = maps else {
        return (asked, None);
    };
    let most = u32::try_from(maps / MAPS_PER_SLOT)
        .unwrap_or(u32::MAX)
        .max(1);
    if asked <= most {
        return (asked, None);
    }
    let notice = format!(
        "{asked} plugin instances at once were asked for, {most} are possible: vm.max_map_count is {maps} and each \
         instance takes up to {MAPS_PER_SLOT} memory maps; raise it with `sysctl vm.max_map_count`"
    );
    (most, Some(notice))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host() -> Engine {
        engine(&config(Size {
            slots: 8,
            memory_ceiling: 256 << 20,
        }))
        .unwrap()
    }

    #[test]
    fn every_setting_is_as_reviewed() {
        let engine = host();
        assert_eq!(engine.get_strategy(), Some(Strategy::Cranelift));
        assert_eq!(engine.get_cranelift_opt_level(), Some(OptLevel::Speed));
        assert_eq!(
            engine.get_cranelift_regalloc_algorithm(),
            Some(RegallocAlgorithm::Backtracking)
        );
        assert_ne!(engine.get_cranelift_nan_canonicalization(), Some(true));
        assert!(engine.get_epoch_interruption());
        assert!(!engine.get_consume_fuel());
        assert!(!engine.get_shared_memory());
        assert!(!engine.get_concurrency_support());
        assert!(!engine.get_debug_info());
        assert!(!engine.get_guest_debug());
        assert!(engine.get_signals_based_traps());
        assert!(!engine.get_parallel_compilation());
        assert_eq!(engine.get_max_wasm_stack(), 512 * 1024);
        assert_eq!(engine.get_async_stack_size(), 1024 * 1024);
        assert!(!engine.get_async_stack_zeroing());
        assert_eq!(engine.get_memory_reservation(), 4 << 30);
        assert_eq!(engine.get_memory_guard_size(), 32 << 20);
        assert_eq!(engine.get_memory_reservation_for_growth(), 0);
        assert!(!engine.get_memory_may_move());
        assert!(engine.get_guard_before_linear_memory());
        assert!(engine.get_memory_init_cow());
        assert!(engine.get_table_lazy_init());
        assert_eq!(engine.get_wasm_backtrace_max_frames(), 0);
        assert_eq!(engine.get_cranelift_flags_enabled().count(), 0);
    }

    #[test]
    fn the_pool_is_as_reviewed() {
        let engine = host();
        let pool = engine.get_pooling_config().unwrap();
        assert_eq!(pool.get_total_component_instances(), 8);
        assert_eq!(pool.get_total_core_instances(), 8 * 16);
        assert_eq!(pool.get_total_memories(), 8 * 4);
        assert_eq!(pool.get_total_tables(), 8 * 8);
        assert_eq!(pool.get_total_stacks(), 8);
        assert_eq!(pool.get_max_core_instances_per_component(), 16);
        assert_eq!(pool.get_max_memories_per_component(), 4);
        assert_eq!(pool.get_max_tables_per_component(), 8);
        assert_eq!(pool.get_max_memories_per_module(), 1);
        assert_eq!(pool.get_max_tables_per_module(), 8);
        assert_eq!(pool.get_max_core_instance_size(), 1 << 20);
        assert_eq!(pool.get_max_component_instance_size(), 1 << 20);
        assert_eq!(pool.get_table_elements(), 20_000);
        assert_eq!(pool.get_max_memory_size(), 256 << 20);
        assert_eq!(pool.get_max_unused_warm_slots(), 8);
        assert_eq!(pool.get_decommit_batch_size(), 1);
        assert_eq!(pool.get_memory_keep_resident(), 1 << 20);
        assert_eq!(pool.get_table_keep_resident(), 1 << 20);
        assert_eq!(pool.get_async_stack_keep_resident(), 0);
        assert_eq!(pool.get_pagemap_scan(), Enabled::Auto);
        assert_eq!(pool.get_memory_protection_keys(), Enabled::No);
    }

    #[test]
    fn exactly_these_features_are_on() {
        let expected = [
            "BULK_MEMORY",
            "COMPONENT_MODEL",
            "EXTENDED_CONST",
            "FLOATS",
            "MULTI_VALUE",
            "MUTABLE_GLOBAL",
            "REFERENCE_TYPES",
            "SATURATING_FLOAT_TO_INT",
            "SIGN_EXTENSION",
            "SIMD",
        ];
        let mut on: Vec<_> = host()
            .get_wasm_features()
            .iter_names()
            .map(|(name, _)| name)
            .collect();
        on.sort_unstable();
        assert_eq!(on, expected);
        assert_eq!(features(), host().get_wasm_features());
    }

    #[test]
    fn the_compile_child_makes_code_for_the_host() {
        let hash = |engine: &Engine| {
            let mut hasher = std::hash::DefaultHasher::new();
            std::hash::Hash::hash(&engine.precompile_compatibility_hash(), &mut hasher);
            std::hash::Hasher::finish(&hasher)
        };
        assert_eq!(hash(&host()), hash(&engine(&compile_config()).unwrap()));
    }

    #[test]
    fn slots_are_capped_by_the_machines_memory_maps() {
        assert_eq!(capped(64, Some(65_530)), (64, None));
        assert_eq!(capped(64, None), (64, None));
        let (slots, notice) = capped(10_000, Some(65_530));
        assert_eq!(slots, 3_640);
        assert!(
            notice
                .unwrap()
                .starts_with("10000 plugin instances at once were asked for, 3640 are possible")
        );
    }

    #[test]
    fn a_memory_ceiling_is_whole_pages_within_the_reservation() {
        assert_eq!(memory_limit(100_000), 65_536);
        assert_eq!(memory_limit(1), 65_536);
        assert_eq!(memory_limit(u64::MAX), 4 << 30);
    }
}
