/** Where connections are accepted and which routes answer them. */

import type { Route } from './route.ts';

/** One socket address. Several Gateway listeners may share it, told apart by hostname. */
export interface Bind {
  /** IP address; `::` accepts IPv4 too. */
  readonly address: string;
  /** 0 in tests only: any free port. */
  readonly port: number;
  readonly listeners: readonly Listener[];
  readonly client: ClientSettings;
}

/** A Gateway listener. A request belongs to the one whose hostname is most specific, and to no other. */
export interface Listener {
  /** `namespace/gateway/section`, the metric label. */
  readonly name: string;
  /** Exact host, `*.suffix`, or '' for any. Lower case. */
  readonly hostname: string;
  readonly routes: readonly Route[];
  /** Ids of {@link WasmFilter}s attached to the Gateway, in chain order. */
  readonly filters: readonly string[];
}

/** What a ClientPolicy sets; defaults are in `base/limits.ts`. */
export interface ClientSettings {
  /** Addresses and CIDR blocks whose x-forwarded-* and x-request-id are kept. */
  readonly trustedProxies: readonly string[];
  readonly requestHeadMs: number;
  readonly idleMs: number;
  readonly streamIdleMs: number;
  readonly connectionsMax: number;
  readonly headBytesMax: number;
  readonly targetBytesMax: number;
  readonly headerCountMax: number;
}
