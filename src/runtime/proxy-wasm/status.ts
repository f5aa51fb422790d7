/** Numbers of the ABI that guests and host exchange (proxy-wasm specification, "Types"). */

export const OK = 0;
export const NOT_FOUND = 1;
export const BAD_ARGUMENT = 2;
export const SERIALIZATION_FAILURE = 3;
export const PARSE_FAILURE = 4;
export const INVALID_MEMORY_ACCESS = 6;
export const EMPTY = 7;
export const CAS_MISMATCH = 8;
export const INTERNAL_FAILURE = 10;
export const UNIMPLEMENTED = 12;

/** What the header callbacks give back. */
export const ACTION_CONTINUE = 0;
export const ACTION_STOP = 1;
export const ACTION_CONTINUE_AND_END = 2;

export const STREAM_REQUEST = 0;
export const STREAM_RESPONSE = 1;
export const STREAM_DOWNSTREAM = 2;
export const STREAM_UPSTREAM = 3;

export const MAP_REQUEST_HEADERS = 0;
export const MAP_REQUEST_TRAILERS = 1;
export const MAP_RESPONSE_HEADERS = 2;
export const MAP_RESPONSE_TRAILERS = 3;
export const MAP_GRPC_INITIAL = 4;
export const MAP_GRPC_TRAILING = 5;
export const MAP_CALL_HEADERS = 6;
export const MAP_CALL_TRAILERS = 7;
export const MAP_LAST = 7;

export const BUFFER_REQUEST_BODY = 0;
export const BUFFER_RESPONSE_BODY = 1;
export const BUFFER_DOWNSTREAM_DATA = 2;
export const BUFFER_UPSTREAM_DATA = 3;
export const BUFFER_CALL_BODY = 4;
export const BUFFER_GRPC_MESSAGE = 5;
export const BUFFER_VM_CONFIGURATION = 6;
export const BUFFER_PLUGIN_CONFIGURATION = 7;
export const BUFFER_CALL_DATA = 8;
export const BUFFER_LAST = 8;

/** Who closed a connection, where the host knows. */
export const PEER_UNKNOWN = 0;
export const PEER_LOCAL = 1;
export const PEER_REMOTE = 2;

/** The root context is the first context of its guest. */
export const ROOT_ID = 1;

export const NO_BYTES: Uint8Array = new Uint8Array(0);
