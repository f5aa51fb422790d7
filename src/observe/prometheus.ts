/** Prometheus text exposition, version 0.0.4. */

import type { MetricFamily, MetricSample } from './directory.ts';
import { HISTOGRAM_BOUNDS_SECONDS, type Labels } from './metric.ts';

export const PROMETHEUS_CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

export function renderPrometheus(families: readonly MetricFamily[]): string {
  const lines: string[] = [];
  for (const family of families) {
    if (family.samples.length === 0) continue;
    lines.push(`# HELP ${family.name} ${escapeHelp(family.help)}`);
    lines.push(`# TYPE ${family.name} ${family.kind}`);
    for (const sample of family.samples) addSample(lines, family.name, sample);
  }
  lines.push('');
  return lines.join('\n');
}

function addSample(lines: string[], name: string, sample: MetricSample): void {
  const labels = labelText(sample.labels);
  const { histogram, value } = sample;
  if (histogram === null) {
    lines.push(`${name}${braced(labels)} ${number(value)}`);
    return;
  }
  const prefix = labels === '' ? '' : `${labels},`;
  for (let i = 0; i < HISTOGRAM_BOUNDS_SECONDS.length; i++) {
    const bound = HISTOGRAM_BOUNDS_SECONDS[i];
    lines.push(`${name}_bucket{${prefix}le="${bound}"} ${histogram.cumulative[i]}`);
  }
  lines.push(`${name}_bucket{${prefix}le="+Inf"} ${value}`);
  lines.push(`${name}_sum${braced(labels)} ${number(histogram.sumSeconds)}`);
  lines.push(`${name}_count${braced(labels)} ${value}`);
}

function labelText(labels: Labels): string {
  return Object.entries(labels)
    .map(([name, value]) => `${name}="${escapeLabel(value)}"`)
    .join(',');
}

function braced(labels: string): string {
  return labels === '' ? '' : `{${labels}}`;
}

function number(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return '+Inf';
  return value === Number.NEGATIVE_INFINITY ? '-Inf' : String(value);
}

function escapeHelp(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
}

function escapeLabel(text: string): string {
  return escapeHelp(text).replaceAll('"', '\\"');
}
