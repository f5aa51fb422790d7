/**
 * Writes the process log: one JSON object a line for machines, one readable line for a terminal.
 * Messages may hold text of guests and clients, so control characters never get out.
 */

import type { Clock } from '../base/clock.ts';
import { type Log, type LogFields, type LogLevel, passes } from '../base/log.ts';

/** What is needed of a stream; `process.stderr` is one. */
export interface TextSink {
  write(text: string): unknown;
}

export interface ProcessLogOptions {
  readonly json: boolean;
  /** Colours for a terminal; default false. */
  readonly color?: boolean;
  readonly clock: Clock;
}

type Level = Exclude<LogLevel, 'off'>;

export function createProcessLog(
  level: LogLevel,
  stream: TextSink,
  options: ProcessLogOptions,
): Log {
  const { json, clock } = options;
  const color = options.color ?? false;
  return {
    level,
    write(lineLevel, message, fields) {
      if (!passes(level, lineLevel)) return;
      const time = new Date(clock.wall()).toISOString();
      const line = json
        ? jsonLine(time, lineLevel, message, fields)
        : readableLine({ time, level: lineLevel, message, color }, fields);
      stream.write(`${line}\n`);
    },
  };
}

function jsonLine(time: string, level: Level, message: string, fields?: LogFields): string {
  return JSON.stringify({ time, level, message, ...fields });
}

interface Readable {
  readonly time: string;
  readonly level: Level;
  readonly message: string;
  readonly color: boolean;
}

const COLORS: Readonly<Record<Level, number>> = {
  trace: 90,
  debug: 90,
  info: 32,
  warn: 33,
  error: 31,
};

function readableLine(line: Readable, fields: LogFields = {}): string {
  const clockText = line.time.slice(11, 23);
  const name = line.level.padEnd(5);
  const levelText = line.color ? `\u001B[${COLORS[line.level]}m${name}\u001B[0m` : name;
  let text = `${clockText} ${levelText} ${printable(line.message)}`;
  for (const [key, value] of Object.entries(fields)) {
    if (value !== undefined) text += ` ${key}=${fieldText(value)}`;
  }
  return text;
}

function fieldText(value: string | number | boolean): string {
  if (typeof value !== 'string') return String(value);
  return /^[^\s"=\p{Cc}]+$/u.test(value) ? value : printable(JSON.stringify(value));
}

/** Line breaks are kept (a stack is easier to read) and indented, other controls are shown as codes. */
function printable(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, (char) => {
    if (char === '\n') return '\n    ';
    return char === '\t' ? char : `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`;
  });
}
