/**
 * The process log: one JSON object a line, or one readable line on a terminal. Rooms never write
 * to a stream themselves; `app/` hands them a {@link Log}.
 */

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'off';

export const LOG_LEVELS: readonly LogLevel[] = ['trace', 'debug', 'info', 'warn', 'error', 'off'];

/** Values worth a field of their own; `undefined` fields are left out. */
export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;

export interface Log {
  readonly level: LogLevel;
  write(level: Exclude<LogLevel, 'off'>, message: string, fields?: LogFields): void;
}

export const silentLog: Log = { level: 'off', write: () => {} };

/** Whether `level` passes a log set to `threshold`. */
export function passes(threshold: LogLevel, level: LogLevel): boolean {
  return LOG_LEVELS.indexOf(level) >= LOG_LEVELS.indexOf(threshold);
}
