// Callbacks of the host.

import { proxy_get_buffer_bytes } from "./host";
import { Answer, Queue, setContext } from "./index";
import { allocate, atOut, OK, sizeOut, takeText } from "./memory";
import * as state from "./state";

const VM_CONFIGURATION: u32 = 6;
const PLUGIN_CONFIGURATION: u32 = 7;

export function proxy_abi_version_0_2_1(): void {}

export function proxy_on_memory_allocate(size: usize): usize {
  return allocate(size);
}

export function proxy_on_context_create(id: u32, parent: u32): void {
  if (parent == 0) state.createPlugin(id);
  else state.createFilter(id, parent);
}

export function proxy_on_vm_start(id: u32, size: u32): u32 {
  return state.plugin(id).start(configuration(VM_CONFIGURATION, size)) ? 1 : 0;
}

export function proxy_on_configure(id: u32, size: u32): u32 {
  return state.plugin(id).configure(configuration(PLUGIN_CONFIGURATION, size)) ? 1 : 0;
}

function configuration(buffer: u32, size: u32): string {
  if (size == 0) return "";
  return proxy_get_buffer_bytes(buffer, 0, size, atOut, sizeOut) == OK ? takeText() : "";
}

export function proxy_on_tick(id: u32): void {
  state.plugin(id).tick();
}

export function proxy_on_queue_ready(id: u32, token: u32): void {
  state.plugin(id).queueReady(new Queue(token));
}

export function proxy_on_request_headers(id: u32, count: u32, end: u32): u32 {
  return state.filter(id).requestHead(end != 0);
}

export function proxy_on_request_body(id: u32, size: u32, end: u32): u32 {
  return state.filter(id).requestBody(size, end != 0);
}

export function proxy_on_request_trailers(id: u32, count: u32): u32 {
  return state.filter(id).requestTrailers();
}

export function proxy_on_response_headers(id: u32, count: u32, end: u32): u32 {
  return state.filter(id).responseHead(end != 0);
}

export function proxy_on_response_body(id: u32, size: u32, end: u32): u32 {
  return state.filter(id).responseBody(size, end != 0);
}

export function proxy_on_response_trailers(id: u32, count: u32): u32 {
  return state.filter(id).responseTrailers();
}

/** It comes on the plugin's context; the request that has asked may be gone. */
export function proxy_on_http_call_response(id: u32, call: u32, headers: u32, body: u32, trailers: u32): void {
  const caller = state.takeCaller(call);
  if (caller != 0 && setContext(caller)) state.filter(caller).answered(call, new Answer(headers == 0));
}

export function proxy_on_log(id: u32): void {
  state.filter(id).log();
}

export function proxy_on_done(id: u32): u32 {
  return state.isPlugin(id) ? (state.plugin(id).done() ? 1 : 0) : 1;
}

export function proxy_on_delete(id: u32): void {
  state.filter(id).gone();
  state.forget(id);
}
