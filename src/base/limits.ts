/**
 * Every bound of the data plane and its default, unit last in the name. A policy kind may lower or
 * raise those that say so; nothing else in the tree holds a number that stops a user's request.
 */

const KIB = 1024;
const MIB = 1024 * KIB;

export const LIMITS = {
  /** Whole request or answer head, start line to empty line (ClientPolicy limits.headBytes). */
  headBytesMax: 64 * KIB,
  /** Request target alone; above it 414 (ClientPolicy limits.targetBytes). */
  targetBytesMax: 16 * KIB,
  /** Field lines of one head or trailer section (ClientPolicy limits.headerCount). */
  headerCountMax: 100,
  /** Trailer section, bytes. */
  trailerBytesMax: 16 * KIB,
  /** One chunk-size line with its extensions; extensions are dropped, never forwarded. */
  chunkLineBytesMax: 256,
  /** Bytes a message may spend on chunk framing beyond its data before it is refused. */
  chunkOverheadBytesMax: 64 * KIB,
  /** Bytes of pipelined requests kept while one is answered; then reading stops. */
  pipelineBytesMax: 64 * KIB,
  /** Unsent bytes at which the other side stops being read. */
  highWatermarkBytes: 256 * KIB,
  /** Body bytes a filter may hold (413 on a request, 500 on an answer). */
  filterBufferBytesMax: 1 * MIB,
  /** Request body kept for a retry or a mirror; larger bodies are sent once. */
  replayBytesMax: 64 * KIB,
  /** Body bytes of a request refused early that are still read so that the client sees the answer. */
  lingerBytesMax: 256 * KIB,
  /** How long such a connection lingers. */
  lingerMs: 1_000,
  /** Client connections of one worker (ClientPolicy limits.connections). */
  connectionsMax: 20_000,
  /** Requests one connection may carry; then it is closed after an answer. */
  requestsPerConnectionMax: 1_000_000,
  /** Whole head after its first byte (ClientPolicy timeouts.requestHead). */
  requestHeadMs: 10_000,
  /** Idle keep-alive connection of a client (ClientPolicy timeouts.idle). */
  downstreamIdleMs: 60_000,
  /** A request or answer body with no progress (ClientPolicy timeouts.stream). */
  streamIdleMs: 60_000,
  /** Connect to an endpoint (BackendPolicy timeouts.connect). */
  upstreamConnectMs: 5_000,
  /** Idle pooled connection to an endpoint (BackendPolicy timeouts.idle). */
  upstreamIdleMs: 50_000,
  /** Connections of one worker to one cluster (BackendPolicy limits.connections). */
  upstreamConnectionsMax: 1_024,
  /** Requests of one worker waiting for a connection to one cluster (limits.pending). */
  upstreamPendingMax: 1_024,
  /** Requests of one worker in flight to one cluster (limits.requests). */
  upstreamRequestsMax: 8_192,
  /** 1xx answers of one request before the final one. */
  informationalMax: 16,
  /** Retries of one request, whatever a rule asks. */
  retriesMax: 10,
  /** Mirrors of one worker in flight; above it a copy is dropped and counted. */
  mirrorsMax: 1_024,
  /** Grace for requests in flight at SIGTERM. */
  drainMs: 30_000,
  /** Idle keep-alive connections at a drain, before they are closed. */
  drainIdleMs: 1_000,
  /** A worker silent for longer is replaced. */
  workerBeatMs: 2_000,
  /** Time between two look-ups of a hostname. */
  resolveMs: 5_000,
  /** Label sets one metric may have; further ones are counted under "other". */
  labelSetsMax: 20_000,
  /** Linear memory of a guest (WasmService limits.memory). */
  guestMemoryBytesMax: 64 * MIB,
  /** Linear memory of a filter's guest. */
  filterMemoryBytesMax: 256 * MIB,
  /** One callback of a filter; above it the request fails, and the guest is replaced. */
  filterCpuMs: 50,
  /** What a plugin may ask for instead; less than `workerBeatMs`. */
  filterCpuMsMax: 1_000,
  /** Each of a filter's start functions and its configuration; its worker serves nothing meanwhile. */
  filterStartMs: 5_000,
  /** A CGI guest's whole run (WasmService limits.wallTime). */
  guestWallMs: 10_000,
  /** Bytes of one CGI answer head. */
  guestHeadBytesMax: 64 * KIB,
  /** Bytes of request body given to a CGI guest. */
  guestBodyBytesMax: 8 * MIB,
  /** Bytes of one CGI answer. */
  guestOutputBytesMax: 32 * MIB,
  /** Descriptors a guest may hold open. */
  guestDescriptorsMax: 256,
  /** Standard error of one run that reaches the log. */
  guestLogBytesMax: 64 * KIB,
  /** Request bodies and answers one service holds in one worker; above it requests are refused. */
  guestHeldBytesMax: 256 * MIB,
  /** Guests of one service running at once in one worker (WasmService limits.concurrency). */
  guestConcurrencyMax: 64,
  /** Requests of one service waiting in one worker (WasmService limits.queue). */
  guestQueueMax: 1_024,
  /** Live Wasm instances of one process: V8 reserves 8 GiB of addresses for each memory. */
  instancesMax: 14_000,
  /** The answer of one call of a filter, or one gRPC message; a larger one ends the call. */
  calloutAnswerBytesMax: 1 * MIB,
  /** Messages of one gRPC stream of a filter that the other side has not taken; above it the stream ends. */
  calloutUnsentBytesMax: 1 * MIB,
  /** Values that filters share, with their keys, of the whole process. */
  sharedDataBytesMax: 32 * MIB,
  /** Items in the shared queues of the whole process. */
  sharedQueueBytesMax: 32 * MIB,
  /** Items in one shared queue. */
  sharedQueueItemsMax: 65_536,
  /** Shared queues of the whole process. */
  sharedQueuesMax: 1_024,
  /** Size of a .wasm file. */
  moduleBytesMax: 128 * MIB,
  /** What a fetched layer or archive may unpack to on the way to the module in it. */
  moduleArchiveBytesMax: 512 * MIB,
  /** One attempt to fetch a module, with everything it takes. */
  moduleFetchMs: 120_000,
  /** A registry or server that sends nothing for longer ends the attempt. */
  moduleFetchIdleMs: 15_000,
  /** How long a start or a reload waits for modules being fetched; they come into force later. */
  moduleFetchWaitMs: 2_000,
  /** Longest pause before the next attempt after failed ones; the first is 1 s. */
  moduleFetchRetryMs: 60_000,
  /** Modules fetched at the same time. */
  moduleFetchesMax: 4,
  /** Fetched modules kept on disk; the oldest go first. */
  moduleCacheBytesMax: 1024 * MIB,
} as const;
