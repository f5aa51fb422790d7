/**
 * What a compilation is written as in `testdata/NAME.out.yaml`, less what is empty or default. After a wanted change write them anew
 * with `npm run build:goldens` and read the difference.
 */

import { readdirSync, readFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { stringify } from 'yaml';
import { formatProblem } from '../../schema/report.ts';
import type { Condition, ResourceStatus } from '../../status/status.ts';
import { clientSettings } from '../client-settings.ts';
import { clusterSettings } from '../cluster-settings.ts';
import { codes, mesh } from './mesh.ts';

export const TESTDATA: URL = new URL('../testdata/', import.meta.url);

export function goldenNames(): readonly string[] {
  const inputs = readdirSync(TESTDATA).filter((file) => file.endsWith('.in.yaml'));
  return inputs.map((file) => file.slice(0, -'.in.yaml'.length)).sort();
}

export function goldenText(name: string): string {
  const found = mesh(readFileSync(new URL(`${name}.in.yaml`, TESTDATA), 'utf8'));
  const { version, ...snapshot } = found.snapshot;
  const output = {
    schema: codes(found.schemaProblems),
    problems: found.problems.map(formatProblem),
    status: Object.fromEntries(found.status.map((entry) => [titleOf(entry), statusText(entry)])),
    snapshot: compact({ version, ...snapshot }),
  };
  return stringify(output, { aliasDuplicateObjects: false, lineWidth: 0 });
}

/** Without what is empty, so that a golden file shows what was said. */
function compact(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(compact);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([, inner]) => !isEmpty(inner));
  return Object.fromEntries(entries.map(([name, inner]) => [name, compact(inner)]));
}

function isEmpty(value: unknown): boolean {
  if (value === null || value === '') return true;
  if (typeof value !== 'object') return false;
  return Array.isArray(value) ? value.length === 0 : isDefault(value);
}

const DEFAULTS: readonly object[] = [
  clientSettings(undefined),
  clusterSettings(undefined).limits,
  { requestMs: 0, backendRequestMs: 0 },
];

function isDefault(value: object): boolean {
  return DEFAULTS.some((defaults) => isDeepStrictEqual(defaults, value));
}

function titleOf({ kind, namespace, name }: ResourceStatus): string {
  return `${kind} ${namespace}/${name}`;
}

function statusText({ conditions, listeners, parents }: ResourceStatus): object {
  return {
    ...(conditions.length > 0 && { conditions: conditions.map(text) }),
    ...(listeners.length > 0 && {
      listeners: Object.fromEntries(
        listeners.map((listener) => [
          listener.name,
          { attachedRoutes: listener.attachedRoutes, conditions: listener.conditions.map(text) },
        ]),
      ),
    }),
    ...(parents.length > 0 && {
      parents: parents.map(({ ref, conditions: own }) => ({
        ref: [ref.kind, `${ref.namespace}/${ref.name}`, ref.sectionName].join(' ').trim(),
        conditions: own.map(text),
      })),
    }),
  };
}

function text({ type, status, reason, message }: Condition): string {
  return `${type}=${status} ${reason}${message === '' ? '' : `: ${message}`}`;
}
