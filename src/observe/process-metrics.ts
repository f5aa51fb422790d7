/**
 * Figures of the whole process that nobody counts: they are read when somebody asks. Names are
 * those of the Prometheus client libraries, so that common dashboards show them.
 */

import { readdirSync } from 'node:fs';
import type { MetricFamily, MetricSample } from './directory.ts';
import type { PlainKind } from './metric.ts';

/** What the supervisor knows of one worker. */
export interface WorkerSample {
  readonly worker: string;
  /** Mean delay of its event loop since the last beat, ms. */
  readonly eventLoopDelayMs: number;
}

export interface ProcessSample {
  /** Wall clock, ms since the epoch. */
  readonly startWallMs: number;
  readonly version: string;
  readonly workers: readonly WorkerSample[];
}

export function processFamilies(sample: ProcessSample): MetricFamily[] {
  const cpu = process.cpuUsage();
  const families = [
    family('process_cpu_seconds_total', 'counter', 'User and system CPU time.', [
      single((cpu.user + cpu.system) / 1e6),
    ]),
    family('process_resident_memory_bytes', 'gauge', 'Resident memory.', [
      single(process.memoryUsage.rss()),
    ]),
    family('process_start_time_seconds', 'gauge', 'Start of the process since the Unix epoch.', [
      single(sample.startWallMs / 1000),
    ]),
    family('tulle_build_info', 'gauge', 'Always 1; the labels tell the versions.', [
      { labels: { version: sample.version, node: process.version }, value: 1, histogram: null },
    ]),
    family(
      'tulle_worker_event_loop_delay_seconds',
      'gauge',
      'Mean delay of the event loop of a worker since its last beat.',
      sample.workers.map(({ worker, eventLoopDelayMs }) => ({
        labels: { worker },
        value: eventLoopDelayMs / 1000,
        histogram: null,
      })),
    ),
  ];
  const descriptors = openDescriptors();
  if (descriptors !== null) {
    families.push(family('process_open_fds', 'gauge', 'Open files.', [single(descriptors)]));
  }
  return families;
}

function family(
  name: string,
  kind: PlainKind,
  help: string,
  samples: readonly MetricSample[],
): MetricFamily {
  return { name, kind, help, samples };
}

function single(value: number): MetricSample {
  return { labels: {}, value, histogram: null };
}

/** Null where the system does not tell. */
function openDescriptors(): number | null {
  try {
    return readdirSync('/proc/self/fd').length;
  } catch {
    return null;
  }
}
