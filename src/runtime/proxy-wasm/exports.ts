/** The functions a guest may offer, with the signatures they must have, and how they are looked up. */

export type GuestFunction = (...args: number[]) => number | undefined;

/** Names and signatures of the callbacks of an ABI version. */
export type ExportTable = Readonly<Record<string, string>>;

/** Callbacks the host calls; null where the guest has none. */
export interface GuestExports {
  readonly contextCreate: GuestFunction | null;
  readonly vmStart: GuestFunction | null;
  readonly configure: GuestFunction | null;
  readonly tick: GuestFunction | null;
  readonly queueReady: GuestFunction | null;
  readonly requestHeaders: GuestFunction | null;
  readonly requestBody: GuestFunction | null;
  readonly requestTrailers: GuestFunction | null;
  readonly responseHeaders: GuestFunction | null;
  readonly responseBody: GuestFunction | null;
  readonly responseTrailers: GuestFunction | null;
  readonly newConnection: GuestFunction | null;
  readonly downstreamData: GuestFunction | null;
  readonly upstreamData: GuestFunction | null;
  readonly downstreamClose: GuestFunction | null;
  readonly upstreamClose: GuestFunction | null;
  readonly httpCallResponse: GuestFunction | null;
  readonly grpcInitialMetadata: GuestFunction | null;
  readonly grpcReceive: GuestFunction | null;
  readonly grpcTrailingMetadata: GuestFunction | null;
  readonly grpcClose: GuestFunction | null;
  readonly foreignFunction: GuestFunction | null;
  readonly done: GuestFunction | null;
  readonly log: GuestFunction | null;
  readonly delete: GuestFunction | null;
  readonly allocate: GuestFunction;
}

/** `malloc` goes before `proxy_on_memory_allocate`: modules that have both mean it so. */
export const ALLOCATORS = ['malloc', 'proxy_on_memory_allocate'] as const;

/** The callbacks of an instance, or null where it cannot allocate. */
export function readExports(exports: WebAssembly.Exports): GuestExports | null {
  const find = (name: string): GuestFunction | null => {
    const value = exports[name];
    return typeof value === 'function' ? (value as unknown as GuestFunction) : null;
  };
  const allocate = find(ALLOCATORS[0]) ?? find(ALLOCATORS[1]);
  if (allocate === null) return null;
  return {
    contextCreate: find('proxy_on_context_create'),
    vmStart: find('proxy_on_vm_start'),
    configure: find('proxy_on_configure'),
    tick: find('proxy_on_tick'),
    queueReady: find('proxy_on_queue_ready'),
    requestHeaders: find('proxy_on_request_headers'),
    requestBody: find('proxy_on_request_body'),
    requestTrailers: find('proxy_on_request_trailers'),
    responseHeaders: find('proxy_on_response_headers'),
    responseBody: find('proxy_on_response_body'),
    responseTrailers: find('proxy_on_response_trailers'),
    newConnection: find('proxy_on_new_connection'),
    downstreamData: find('proxy_on_downstream_data'),
    upstreamData: find('proxy_on_upstream_data'),
    downstreamClose: find('proxy_on_downstream_connection_close'),
    upstreamClose: find('proxy_on_upstream_connection_close'),
    httpCallResponse: find('proxy_on_http_call_response'),
    grpcInitialMetadata: find('proxy_on_grpc_receive_initial_metadata'),
    grpcReceive: find('proxy_on_grpc_receive'),
    grpcTrailingMetadata: find('proxy_on_grpc_receive_trailing_metadata'),
    grpcClose: find('proxy_on_grpc_close'),
    foreignFunction: find('proxy_on_foreign_function'),
    done: find('proxy_on_done'),
    log: find('proxy_on_log'),
    delete: find('proxy_on_delete'),
    allocate,
  };
}
