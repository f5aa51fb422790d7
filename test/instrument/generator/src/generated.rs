//! Random modules that need nothing but a few functions of the host.

use crate::json;
use arbitrary::Unstructured;
use wasm_smith::{Config, Module};

/// The host's functions, as `test/instrument/host.ts` offers them.
const HOST: &str = r#"(module
  (import "host" "a" (func (param i32) (result i32)))
  (import "host" "b" (func (param i64 f64) (result i64)))
  (import "host" "c" (func)))"#;

/// Smaller ones have hardly any code.
const BYTES_MIN: usize = 600;

pub fn write(count: u64, seed: u64, size: usize) {
    let host = wat::parse_str(HOST).expect("the host's functions");
    let mut random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    let mut written = 0;
    while written < count {
        let bytes: Vec<u8> = (0..size).map(|_| random.next() as u8).collect();
        let mut entropy = Unstructured::new(&bytes);
        let Ok(module) = Module::new(config(&host, random.next()), &mut entropy) else { continue };
        let bytes = module.to_bytes();
        if bytes.len() >= BYTES_MIN {
            println!("{{\"module\":{}}}", json::hex(&bytes));
            written += 1;
        }
    }
}

fn config(host: &[u8], choice: u64) -> Config {
    Config {
        available_imports: if choice & 1 == 0 { Some(host.to_vec()) } else { None },
        max_imports: if choice & 1 == 0 { 4 } else { 0 },
        allow_start_export: choice & 0x1c0 == 0,
        export_everything: true,
        min_funcs: 2,
        max_funcs: 8,
        max_types: 8,
        max_instructions: 120,
        max_values: 4,
        max_memories: 1 + (choice >> 2 & 1) as usize,
        max_tables: 2,
        max_tags: 2,
        max_globals: 4,
        max_data_segments: 4,
        max_element_segments: 4,
        max_elements: 8,
        max_table_elements: 64,
        max_memory32_bytes: 4 * 65_536,
        generate_custom_sections: choice & 8 == 0,
        canonicalize_nans: true,
        exceptions_enabled: choice & 16 == 0,
        tail_call_enabled: choice & 32 == 0,
        gc_enabled: false,
        memory64_enabled: false,
        threads_enabled: false,
        relaxed_simd_enabled: false,
        wide_arithmetic_enabled: false,
        compact_imports_enabled: false,
        custom_page_sizes_enabled: false,
        ..Config::default()
    }
}

/// xorshift64: the same seed must give the same modules.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 >> 11
    }
}
