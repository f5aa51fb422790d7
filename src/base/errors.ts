/**
 * One table of everything that can go wrong with a request. A code says who is at fault, what the
 * client is told, how the access log flags it and what to do about it. Nothing else in the tree
 * picks a status for a failure: `data/exchange/local-reply.ts` turns a code into an answer.
 *
 * Response flags use Envoy's letters where one fits, so that dashboards keep working.
 */

/** Who has to act. */
export type Fault = 'downstream' | 'upstream' | 'config' | 'guest' | 'tulle';

/** One row of the table. `status` 0: nothing can be answered, the connection is cut. */
export interface ErrorEntry {
  readonly fault: Fault;
  readonly status: number;
  readonly flag: string;
  readonly message: string;
  readonly remedy: string;
}

const entry = (
  fault: Fault,
  status: number,
  flag: string,
  message: string,
  remedy: string,
): ErrorEntry => ({ fault, status, flag, message, remedy });

export const ERRORS = {
  // The client's bytes.
  request_malformed: entry(
    'downstream',
    400,
    'DPE',
    'the request is not valid HTTP',
    'Send a request that follows RFC 9112; the log names the rule it breaks.',
  ),
  request_framing: entry(
    'downstream',
    400,
    'DPE',
    'the request has ambiguous framing',
    'Send exactly one of Content-Length and Transfer-Encoding: chunked.',
  ),
  request_line_too_long: entry(
    'downstream',
    414,
    'DPE',
    'the request target is too long',
    'Shorten the URL, or raise limits.targetBytes in a ClientPolicy.',
  ),
  request_head_too_large: entry(
    'downstream',
    431,
    'DPE',
    'the request head is too large',
    'Send fewer or shorter fields, or raise limits.headBytes in a ClientPolicy.',
  ),
  request_head_timeout: entry(
    'downstream',
    408,
    'DT',
    'the request head took too long',
    'Send the whole head within timeouts.requestHead of the ClientPolicy.',
  ),
  request_body_timeout: entry(
    'downstream',
    408,
    'DT',
    'the request body stopped coming',
    'Keep sending within timeouts.stream of the ClientPolicy.',
  ),
  request_body_too_large: entry(
    'downstream',
    413,
    'DPE',
    'the request body is too large to hold',
    'Send a smaller body, or do not attach a filter that holds the whole of it.',
  ),
  request_version: entry(
    'downstream',
    505,
    'DPE',
    'the HTTP version is not supported',
    'Use HTTP/1.1 or HTTP/1.0.',
  ),
  request_expectation: entry(
    'downstream',
    417,
    'DPE',
    'the expectation is not supported',
    'Only Expect: 100-continue is understood.',
  ),
  request_coding: entry(
    'downstream',
    501,
    'DPE',
    'the transfer coding is not supported',
    'Use chunked as the only transfer coding.',
  ),
  connect_refused: entry(
    'downstream',
    501,
    'DPE',
    'CONNECT is not enabled',
    'Send an ordinary request; tunnels are not offered on this listener.',
  ),
  upgrade_refused: entry(
    'downstream',
    501,
    'DPE',
    'protocol upgrade is not enabled',
    'Send the request without Upgrade.',
  ),
  client_gone: entry(
    'downstream',
    0,
    'DC',
    'the client closed the connection',
    'Nothing to do here; look at the client.',
  ),
  // Routing and configuration.
  no_route: entry(
    'config',
    404,
    'NR',
    'no route matches the request',
    'Add an HTTPRoute whose hostname and matches cover the request.',
  ),
  route_invalid: entry(
    'config',
    500,
    'NC',
    'the matched route is not valid',
    'Run `tulle check`; it names the broken reference or filter.',
  ),
  backend_invalid: entry(
    'config',
    500,
    'NC',
    'the chosen backendRef is not valid',
    'Run `tulle check`; it names the backend that cannot be used.',
  ),
  no_backend: entry(
    'config',
    500,
    'NC',
    'the matched rule has no backend',
    'Give the rule a backendRef with a weight above 0.',
  ),
  // The backend.
  no_endpoint: entry(
    'upstream',
    503,
    'UH',
    'the backend has no endpoint',
    'Start an endpoint, or mend the Service selector or the Backend list.',
  ),
  upstream_connect: entry(
    'upstream',
    502,
    'UF',
    'the backend refused the connection',
    'Check that the backend listens on the address in the log.',
  ),
  upstream_connect_timeout: entry(
    'upstream',
    504,
    'UF',
    'connecting to the backend took too long',
    'Check the network, or raise timeouts.connect in a BackendPolicy.',
  ),
  upstream_reset: entry(
    'upstream',
    502,
    'UC',
    'the backend closed the connection before its answer was complete',
    'Look at the backend log for a crash or an early close.',
  ),
  upstream_malformed: entry(
    'upstream',
    502,
    'UPE',
    'the backend sent an answer that is not valid HTTP',
    'Mend the backend; the log names the rule it breaks.',
  ),
  upstream_timeout: entry(
    'upstream',
    504,
    'UT',
    'the backend did not answer in time',
    'Raise timeouts.backendRequest of the rule, or make the backend faster.',
  ),
  request_timeout: entry(
    'upstream',
    504,
    'UT',
    'the request was not answered in time',
    'Raise timeouts.request of the rule, or make the backend faster.',
  ),
  upstream_idle: entry(
    'upstream',
    504,
    'SI',
    'the backend stopped sending',
    'Keep sending within timeouts.stream of a BackendPolicy.',
  ),
  upstream_pending_timeout: entry(
    'upstream',
    503,
    'UO',
    'no connection to the backend became free in time',
    'Raise limits.connections in a BackendPolicy, or add endpoints.',
  ),
  upstream_overflow: entry(
    'upstream',
    503,
    'UO',
    'the backend is at its limit',
    'Raise limits in a BackendPolicy, or add endpoints.',
  ),
  response_body_too_large: entry(
    'upstream',
    500,
    'UPE',
    'the answer is too large to hold',
    'Do not attach a filter that holds the whole of it, or raise its buffer.',
  ),
  // Guests.
  filter_failed: entry(
    'guest',
    503,
    'WF',
    'a Wasm filter failed',
    'See the guest stack in the log; failStrategy FAIL_OPEN lets requests pass.',
  ),
  filter_closed: entry(
    'guest',
    0,
    'WF',
    'a Wasm filter closed the stream',
    'The filter asked for it (proxy_close_stream); send_local_response tells the client why.',
  ),
  filter_body_length: entry(
    'guest',
    500,
    'WF',
    'a filter changed a body but not its content-length',
    'Remove content-length in the filter when it edits the body.',
  ),
  filter_unavailable: entry(
    'guest',
    503,
    'WF',
    'a Wasm filter is not loaded',
    'Run `tulle get filters`; it shows why the module cannot be used.',
  ),
  service_trap: entry(
    'guest',
    500,
    'WS',
    'the Wasm service trapped',
    'See the guest stack in the log.',
  ),
  service_answer: entry(
    'guest',
    502,
    'WS',
    'the Wasm service gave no valid answer',
    'Write CGI fields, an empty line, then the body to standard output.',
  ),
  service_timeout: entry(
    'guest',
    504,
    'WT',
    'the Wasm service did not answer in time',
    'Raise limits.wallTime of the WasmService.',
  ),
  service_limit: entry(
    'guest',
    503,
    'WO',
    'the Wasm service is at its limit',
    'Raise limits.concurrency or limits.queue of the WasmService.',
  ),
  service_output: entry(
    'guest',
    502,
    'WS',
    'the Wasm service wrote more than it may',
    'Raise limits of the WasmService, or answer with less.',
  ),
  service_unavailable: entry(
    'guest',
    503,
    'WS',
    'the Wasm service is not loaded',
    'Run `tulle get services`; it shows why the module cannot be used.',
  ),
  // Us.
  overload: entry(
    'tulle',
    503,
    'OM',
    'the proxy is at its limit',
    'Raise the limit that tripped, or add workers.',
  ),
  drained: entry(
    'tulle',
    503,
    'DR',
    'the proxy is shutting down',
    'Retry; another process takes over.',
  ),
  internal: entry('tulle', 500, 'IE', 'an internal error', 'Report it with the log line.'),
} as const satisfies Record<string, ErrorEntry>;

/** A row's name in {@link ERRORS}. */
export type ErrorCode = keyof typeof ERRORS;
