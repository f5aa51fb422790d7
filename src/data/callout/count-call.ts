/** Counts a filter's call beside the requests of its cluster. */

import type { ClusterMetrics } from '../../observe/data-metrics.ts';
import type { Counter } from '../../observe/metric.ts';

export interface CallFigures {
  /** Of the answer as HTTP has it; 0: none. */
  readonly status: number;
  readonly durationMs: number;
  readonly sentBytes: number;
  readonly receivedBytes: number;
}

export function countCall(metrics: ClusterMetrics, figures: CallFigures): void {
  const { status } = figures;
  const codeClass = status >= 100 && status < 600 ? Math.floor(status / 100) : 0;
  metrics.requestsActive.add(-1);
  (metrics.requests[codeClass] as Counter).add(1);
  metrics.duration.observe(figures.durationMs);
  metrics.sentBytes.add(figures.sentBytes);
  metrics.receivedBytes.add(figures.receivedBytes);
}
