/**
 * What one worker knows of one endpoint: where it is, how much of the load it should get and how
 * much it has. The object lives as long as the endpoint is listed, through any number of config
 * changes and DNS answers, so whatever hangs on it (its connection pool) survives them too.
 */

/** `ip:port`, or `[ip]:port` for IPv6. */
export function endpointKey(address: string, port: number): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

/** `P`: what the owner of the connections keeps per endpoint. */
export class EndpointState<P> {
  /** `ip:port`, `[v6]:port`. */
  readonly key: string;
  readonly address: string;
  readonly port: number;
  /** Share of the load against the other endpoints, 1 or more; the cluster sets it. */
  weight: number;
  /** Requests of this worker in flight; who sends them counts them. */
  activeRequests = 0;
  /** No longer listed: never chosen again, its pool drains. */
  removed = false;
  attachment: P | null = null;
  #healthy = true;
  readonly #onHealthChanged: () => void;

  constructor(address: string, port: number, weight: number, onHealthChanged: () => void) {
    this.key = endpointKey(address, port);
    this.address = address;
    this.port = port;
    this.weight = weight;
    this.#onHealthChanged = onHealthChanged;
  }

  /** An unhealthy endpoint is chosen only when every endpoint of the cluster is unhealthy. */
  get healthy(): boolean {
    return this.#healthy;
  }

  set healthy(healthy: boolean) {
    if (healthy === this.#healthy) return;
    this.#healthy = healthy;
    this.#onHealthChanged();
  }
}
