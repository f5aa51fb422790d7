/**
 * What the arguments of host calls mean, so that a trace shows names and texts instead of pointers:
 * one word `NAME:KIND` for each argument (a text, a path, bytes or pairs take two: address and
 * size), those behind `>` are where the host writes its results.
 */

export type ArgumentKind =
  | 'u32'
  | 'i64'
  | 'u64'
  | 'text'
  | 'bytes'
  | 'path'
  | 'pairs'
  | 'map'
  | 'buffer'
  | 'level'
  | 'stream'
  | 'metric';

export interface Argument {
  readonly name: string;
  readonly kind: ArgumentKind;
}

export interface CallShape {
  readonly inputs: readonly Argument[];
  readonly outputs: readonly Argument[];
}

const SHAPES: Readonly<Record<string, string>> = {
  proxy_log: 'level:level message:text',
  proxy_get_log_level: '> level:level',
  proxy_get_status: '> code:u32 message:text',
  proxy_get_configuration: '> configuration:bytes',
  proxy_get_property: 'path:path > value:bytes',
  proxy_set_property: 'path:path value:bytes',
  proxy_send_local_response: 'status:u32 details:text body:bytes headers:pairs grpcStatus:u32',
  proxy_get_shared_data: 'key:text > value:bytes cas:u32',
  proxy_set_shared_data: 'key:text value:bytes cas:u32',
  proxy_register_shared_queue: 'name:text > token:u32',
  proxy_resolve_shared_queue: 'vmId:text name:text > token:u32',
  proxy_dequeue_shared_queue: 'token:u32 > value:bytes',
  proxy_enqueue_shared_queue: 'token:u32 value:bytes',
  proxy_get_header_map_pairs: 'map:map > headers:pairs',
  proxy_set_header_map_pairs: 'map:map headers:pairs',
  proxy_get_header_map_value: 'map:map name:text > value:text',
  proxy_add_header_map_value: 'map:map name:text value:text',
  proxy_replace_header_map_value: 'map:map name:text value:text',
  proxy_remove_header_map_value: 'map:map name:text',
  proxy_get_header_map_size: 'map:map > size:u32',
  proxy_get_buffer_bytes: 'buffer:buffer start:u32 max:u32 > bytes:bytes',
  proxy_get_buffer_status: 'buffer:buffer > size:u32 flags:u32',
  proxy_set_buffer_bytes: 'buffer:buffer start:u32 size:u32 bytes:bytes',
  proxy_continue_stream: 'stream:stream',
  proxy_close_stream: 'stream:stream',
  proxy_continue_request: '',
  proxy_continue_response: '',
  proxy_clear_route_cache: '',
  proxy_http_call: 'target:text headers:pairs body:bytes trailers:pairs timeoutMs:u32 > callId:u32',
  proxy_grpc_call:
    'target:text service:text method:text metadata:pairs message:bytes timeoutMs:u32 > callId:u32',
  proxy_grpc_stream: 'target:text service:text method:text metadata:pairs > callId:u32',
  proxy_grpc_send: 'callId:u32 message:bytes end:u32',
  proxy_grpc_cancel: 'callId:u32',
  proxy_grpc_close: 'callId:u32',
  proxy_set_tick_period_milliseconds: 'periodMs:u32',
  proxy_get_current_time_nanoseconds: '> time:u64',
  proxy_define_metric: 'type:metric name:text > metricId:u32',
  proxy_increment_metric: 'metricId:u32 offset:i64',
  proxy_record_metric: 'metricId:u32 value:i64',
  proxy_get_metric: 'metricId:u32 > value:u64',
  proxy_set_effective_context: 'context:u32',
  proxy_done: '',
  proxy_call_foreign_function: 'name:text argument:bytes > result:bytes',
};

const CALLBACK_ARGUMENTS: Readonly<Record<string, readonly string[]>> = {
  proxy_on_context_create: ['context', 'parent'],
  proxy_on_vm_start: ['context', 'size'],
  proxy_on_configure: ['context', 'size'],
  proxy_on_tick: ['context'],
  proxy_on_queue_ready: ['context', 'token'],
  proxy_on_request_headers: ['context', 'headers', 'end'],
  proxy_on_request_body: ['context', 'size', 'end'],
  proxy_on_request_trailers: ['context', 'trailers'],
  proxy_on_response_headers: ['context', 'headers', 'end'],
  proxy_on_response_body: ['context', 'size', 'end'],
  proxy_on_response_trailers: ['context', 'trailers'],
  proxy_on_http_call_response: ['context', 'callId', 'headers', 'size', 'trailers'],
  proxy_on_grpc_receive_initial_metadata: ['context', 'callId', 'headers'],
  proxy_on_grpc_receive: ['context', 'callId', 'size'],
  proxy_on_grpc_receive_trailing_metadata: ['context', 'callId', 'trailers'],
  proxy_on_grpc_close: ['context', 'callId', 'status'],
  proxy_on_foreign_function: ['context', 'function', 'size'],
  proxy_on_done: ['context'],
  proxy_on_log: ['context'],
  proxy_on_delete: ['context'],
};

const cache = new Map<string, CallShape>();

/** Undefined for calls without a shape (WASI): their arguments are shown as numbers. */
export function callShape(name: string): CallShape | undefined {
  const known = cache.get(name);
  const text = SHAPES[name];
  if (known !== undefined || text === undefined) return known;
  const [inputs = '', outputs = ''] = text.split('>');
  const shape = { inputs: wordsOf(inputs), outputs: wordsOf(outputs) };
  cache.set(name, shape);
  return shape;
}

function wordsOf(text: string): Argument[] {
  return text
    .split(' ')
    .filter((word) => word !== '')
    .map((word) => {
      const [name = '', kind = ''] = word.split(':');
      return { name, kind: kind as ArgumentKind };
    });
}

/** Names of a callback's arguments; the context comes first in all of them. */
export function callbackArguments(name: string): readonly string[] {
  return CALLBACK_ARGUMENTS[name] ?? ['context'];
}
