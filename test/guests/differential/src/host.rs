//! Host calls with their status as it is. The crate's own wrappers end the guest on a status they
//! do not expect; here the status is what is to be seen. (Callouts are made by the crate, which
//! keeps a list of them.)

pub const OK: u32 = 0;

mod raw {
    #[link(wasm_import_module = "env")]
    unsafe extern "C" {
        pub fn proxy_get_header_map_pairs(map: u32, at: *mut *mut u8, size: *mut usize) -> u32;
        pub fn proxy_set_header_map_pairs(map: u32, at: *const u8, size: usize) -> u32;
        pub fn proxy_get_header_map_value(
            map: u32, key: *const u8, key_size: usize, at: *mut *mut u8, size: *mut usize,
        ) -> u32;
        pub fn proxy_add_header_map_value(
            map: u32, key: *const u8, key_size: usize, value: *const u8, size: usize,
        ) -> u32;
        pub fn proxy_replace_header_map_value(
            map: u32, key: *const u8, key_size: usize, value: *const u8, size: usize,
        ) -> u32;
        pub fn proxy_remove_header_map_value(map: u32, key: *const u8, key_size: usize) -> u32;
        pub fn proxy_get_header_map_size(map: u32, size: *mut usize) -> u32;
        pub fn proxy_get_buffer_bytes(
            buffer: u32, start: usize, max: usize, at: *mut *mut u8, size: *mut usize,
        ) -> u32;
        pub fn proxy_get_buffer_status(buffer: u32, size: *mut usize, flags: *mut u32) -> u32;
        pub fn proxy_set_buffer_bytes(
            buffer: u32, start: usize, old: usize, at: *const u8, size: usize,
        ) -> u32;
        pub fn proxy_get_property(
            path: *const u8, path_size: usize, at: *mut *mut u8, size: *mut usize,
        ) -> u32;
        pub fn proxy_set_property(
            path: *const u8, path_size: usize, at: *const u8, size: usize,
        ) -> u32;
        pub fn proxy_send_local_response(
            status: u32, details: *const u8, details_size: usize, body: *const u8, body_size: usize,
            fields: *const u8, fields_size: usize, grpc_status: i32,
        ) -> u32;
        pub fn proxy_continue_stream(stream: u32) -> u32;
        pub fn proxy_close_stream(stream: u32) -> u32;
        pub fn proxy_set_effective_context(context: u32) -> u32;
        pub fn proxy_call_foreign_function(
            name: *const u8, name_size: usize, at: *const u8, size: usize,
            out: *mut *mut u8, out_size: *mut usize,
        ) -> u32;
        pub fn proxy_log(level: u32, at: *const u8, size: usize) -> u32;
        pub fn proxy_done() -> u32;
    }
}

/// Bytes the host has allocated in this guest and given away.
fn given(at: *mut u8, size: usize) -> Vec<u8> {
    if at.is_null() { Vec::new() } else { unsafe { Vec::from_raw_parts(at, size, size) } }
}

/// Runs a call that gives bytes.
fn bytes(call: impl FnOnce(*mut *mut u8, *mut usize) -> u32) -> (u32, Vec<u8>) {
    let (mut at, mut size) = (std::ptr::null_mut(), 0);
    let status = call(&mut at, &mut size);
    (status, if status == OK { given(at, size) } else { Vec::new() })
}

pub fn log(line: &str) {
    unsafe { raw::proxy_log(2, line.as_ptr(), line.len()) };
}

pub fn pairs(map: u32) -> (u32, Vec<(Vec<u8>, Vec<u8>)>) {
    let (status, all) = bytes(|at, size| unsafe { raw::proxy_get_header_map_pairs(map, at, size) });
    (status, decode(&all))
}

fn decode(all: &[u8]) -> Vec<(Vec<u8>, Vec<u8>)> {
    let number = |at: usize| u32::from_le_bytes(all[at..at + 4].try_into().unwrap()) as usize;
    if all.is_empty() {
        return Vec::new();
    }
    let count = number(0);
    let mut at = 4 + count * 8;
    let mut text = |size: usize| {
        at += size + 1;
        all[at - size - 1..at - 1].to_vec()
    };
    (0..count).map(|i| (text(number(4 + i * 8)), text(number(8 + i * 8)))).collect()
}

pub fn encode(pairs: &[(&[u8], &[u8])]) -> Vec<u8> {
    let mut all = (pairs.len() as u32).to_le_bytes().to_vec();
    for (name, value) in pairs {
        all.extend((name.len() as u32).to_le_bytes());
        all.extend((value.len() as u32).to_le_bytes());
    }
    for (name, value) in pairs {
        all.extend_from_slice(name);
        all.push(0);
        all.extend_from_slice(value);
        all.push(0);
    }
    all
}

pub fn set_pairs(map: u32, encoded: &[u8]) -> u32 {
    unsafe { raw::proxy_set_header_map_pairs(map, encoded.as_ptr(), encoded.len()) }
}

pub fn value(map: u32, key: &str) -> (u32, Vec<u8>) {
    bytes(|at, size| unsafe {
        raw::proxy_get_header_map_value(map, key.as_ptr(), key.len(), at, size)
    })
}

pub fn add(map: u32, key: &str, value: &str) -> u32 {
    unsafe {
        raw::proxy_add_header_map_value(map, key.as_ptr(), key.len(), value.as_ptr(), value.len())
    }
}

pub fn replace(map: u32, key: &str, value: &str) -> u32 {
    unsafe {
        raw::proxy_replace_header_map_value(map, key.as_ptr(), key.len(), value.as_ptr(), value.len())
    }
}

pub fn remove(map: u32, key: &str) -> u32 {
    unsafe { raw::proxy_remove_header_map_value(map, key.as_ptr(), key.len()) }
}

pub fn map_size(map: u32) -> (u32, usize) {
    let mut size = 0;
    (unsafe { raw::proxy_get_header_map_size(map, &mut size) }, size)
}

pub fn buffer(buffer: u32, start: usize, max: usize) -> (u32, Vec<u8>) {
    bytes(|at, size| unsafe { raw::proxy_get_buffer_bytes(buffer, start, max, at, size) })
}

pub fn buffer_size(buffer: u32) -> (u32, usize) {
    let (mut size, mut flags) = (0, 0);
    (unsafe { raw::proxy_get_buffer_status(buffer, &mut size, &mut flags) }, size)
}

pub fn set_buffer(buffer: u32, start: usize, old: usize, new: &[u8]) -> u32 {
    unsafe { raw::proxy_set_buffer_bytes(buffer, start, old, new.as_ptr(), new.len()) }
}

pub fn property(path: &str) -> (u32, Vec<u8>) {
    let path = path.replace('.', "\0");
    bytes(|at, size| unsafe { raw::proxy_get_property(path.as_ptr(), path.len(), at, size) })
}

pub fn set_property(path: &str, value: &str) -> u32 {
    let path = path.replace('.', "\0");
    unsafe { raw::proxy_set_property(path.as_ptr(), path.len(), value.as_ptr(), value.len()) }
}

pub fn reply(status: u32, fields: &[(&[u8], &[u8])], body: &str, grpc_status: i32) -> u32 {
    let fields = encode(fields);
    unsafe {
        raw::proxy_send_local_response(
            status, b"asked".as_ptr(), 5, body.as_ptr(), body.len(),
            fields.as_ptr(), fields.len(), grpc_status,
        )
    }
}

pub fn continue_stream(stream: u32) -> u32 {
    unsafe { raw::proxy_continue_stream(stream) }
}

pub fn close_stream(stream: u32) -> u32 {
    unsafe { raw::proxy_close_stream(stream) }
}

pub fn set_effective(context: u32) -> u32 {
    unsafe { raw::proxy_set_effective_context(context) }
}

pub fn done() -> u32 {
    unsafe { raw::proxy_done() }
}

pub fn foreign(name: &str, argument: &str) -> (u32, Vec<u8>) {
    bytes(|at, size| unsafe {
        raw::proxy_call_foreign_function(
            name.as_ptr(), name.len(), argument.as_ptr(), argument.len(), at, size,
        )
    })
}
