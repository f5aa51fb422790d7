/** Values of flags that several verbs take: each parser returns the value or ends with one clear line. */

import { availableParallelism } from 'node:os';
import { InvalidArgumentError, Option } from 'commander';
import type { HostPort } from '../app/options.ts';
import { suggestion } from '../base/did-you-mean.ts';
import { LIMITS } from '../base/limits.ts';
import { LOG_LEVELS, type LogLevel } from '../base/log.ts';
import { parseDurationMs } from '../control/schema/units.ts';

const DEFAULT_ADMIN = '127.0.0.1:15000';
const WORKERS_MAX = 256;

/** `HOST:PORT`, `[::1]:PORT`, or a port alone, which is one of 127.0.0.1. */
function parseHostPort(text: string): HostPort {
  const match = /^(?:(?:\[([0-9a-fA-F:.]+)\]|([^:[\]/\s]*)):)?([0-9]{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  if (match === null || port > 65_535) {
    throw new InvalidArgumentError('Write HOST:PORT, such as 127.0.0.1:15000 or [::1]:15000.');
  }
  return { host: match[1] ?? (match[2] || '127.0.0.1'), port };
}

/** `--admin` of the verbs that ask a running process. */
export function adminOption(): Option {
  return new Option('--admin <host:port>', 'its admin address')
    .argParser(parseHostPort)
    .default(parseHostPort(DEFAULT_ADMIN), DEFAULT_ADMIN);
}

/** `--admin` of the verb that serves it. */
export function adminListenOption(): Option {
  return new Option('--admin <host:port>', 'admin address, or off')
    .argParser(parseAdmin)
    .default(parseHostPort(DEFAULT_ADMIN), DEFAULT_ADMIN);
}

/** As {@link parseHostPort}, or `off` (commander takes null for a missing value). */
function parseAdmin(text: string): HostPort | 'off' {
  return text === 'off' ? 'off' : parseHostPort(text);
}

export function parseWorkers(text: string): number {
  const workers = Number(text);
  if (!/^[0-9]+$/.test(text) || workers < 1 || workers > WORKERS_MAX) {
    throw new InvalidArgumentError(`Write a number from 1 to ${WORKERS_MAX}.`);
  }
  return workers;
}

export function defaultWorkers(): number {
  return Math.min(availableParallelism(), WORKERS_MAX);
}

export function parseLogLevel(text: string): LogLevel {
  return oneOf(text, LOG_LEVELS);
}

export function drainOption(): Option {
  return new Option('--drain-timeout <duration>', 'how long requests in flight may take at the end')
    .argParser(parseDrain)
    .default(LIMITS.drainMs, `${LIMITS.drainMs / 1000}s`);
}

function parseDrain(text: string): number {
  const ms = parseDurationMs(text);
  if (ms === null) throw new InvalidArgumentError('Write a duration such as 500ms, 30s or 1m.');
  return ms;
}

export const OUTPUTS = ['table', 'json'] as const;
export type Output = (typeof OUTPUTS)[number];

export function parseOutput(text: string): Output {
  return oneOf(text, OUTPUTS);
}

/** One of a few words, or an error that names them. */
export function oneOf<T extends string>(text: string, words: readonly T[]): T {
  const found = words.find((word) => word === text);
  if (found !== undefined) return found;
  const near = suggestion(text, words).replace(/^, d/, 'D');
  throw new InvalidArgumentError(near || `Write one of ${words.join(', ')}.`);
}

/** For flags that may be given several times. */
export function collect(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}
