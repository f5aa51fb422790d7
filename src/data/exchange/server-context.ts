/** What the connections of one bind in one worker share. */

import type { DeadlineWheel } from '../../base/deadline.ts';
import type { BindMetrics } from '../../observe/data-metrics.ts';
import type { ExchangeDeps } from './deps.ts';
import type { ServerConnection } from './server-connection.ts';
import type { BindTables } from './tables.ts';

export interface ServerContext {
  readonly deps: ExchangeDeps;
  readonly wheel: DeadlineWheel;
  readonly metrics: BindMetrics;
  /** The process is shutting down: every answer closes its connection. */
  readonly draining: boolean;
  /** The tables in force now. */
  tables(): BindTables;
  connectionClosed(connection: ServerConnection): void;
}
