/** What a plugin is and what the process hands to it. */

import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import type { Scheduler } from '../../base/scheduler.ts';
import type { MetricsRegistry } from '../../observe/metrics.ts';
import type { InstanceBudget } from '../instance/budget.ts';
import type { Callouts } from './callouts.ts';
import type { SharedState } from './shared-state.ts';
import type { GuestWatch } from './watch.ts';

/** One configured filter: a module with its configuration. */
export interface PluginSpec {
  /** For logs and metrics: `namespace/name`. */
  readonly id: string;
  /** The guest's `root_id`. */
  readonly rootId: string;
  /** Namespace of shared data and queues. */
  readonly vmId: string;
  readonly vmConfiguration: Uint8Array;
  readonly configuration: Uint8Array;
  /** StopIteration for a head holds only the head. */
  readonly headersStopIteration: boolean;
  /** Of one callback; absent: `LIMITS.filterCpuMs`. */
  readonly cpuMs?: number;
  readonly env: readonly (readonly [name: string, value: string])[];
}

/** This proxy, as filters see it (`xds.node`). */
export interface NodeInfo {
  readonly id: string;
  readonly cluster: string;
}

/** One object a worker serves all its plugins. */
export interface PluginDeps {
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  readonly log: Log;
  readonly metrics: MetricsRegistry;
  readonly budget: InstanceBudget;
  readonly shared: SharedState;
  readonly callouts: Callouts;
  readonly node: NodeInfo;
  /** In [0, 1), for the jitter of restarts. */
  readonly random: () => number;
  /** Called again and again while a guest starts: the thread is at work, not stuck. */
  readonly working?: () => void;
  /** Called for each guest that is started; absent: nobody watches. */
  readonly watch?: (spec: PluginSpec) => GuestWatch;
}
