/**
 * What a trace is made of: plain data in the order in which it happened. `docs/workbench.md` lists
 * the fields, which stay as they are: people read them with scripts.
 */

/** Texts as they are; bytes that are no text are `base64:...`; a map is a list of [name, value]. */
export type TraceValue = string | number | boolean | readonly (readonly [string, string])[];
export type TraceValues = Readonly<Record<string, TraceValue>>;

/** The host enters the guest. */
export interface CallbackEvent {
  readonly event: 'callback';
  readonly name: string;
  /** 1: the root. 0: before there is one. */
  readonly context: number;
  readonly args: TraceValues;
}

/** The guest calls the host. */
export interface CallEvent {
  readonly event: 'call';
  readonly name: string;
  readonly context: number;
  readonly args: TraceValues;
  /** `OK`, `NOT_FOUND`...; a number for calls of WASI. */
  readonly status: string | number;
  readonly results: TraceValues;
  readonly us: number;
}

/** The guest gives back what a callback has to. */
export interface ReturnEvent {
  readonly event: 'return';
  readonly name: string;
  readonly context: number;
  /** Null for callbacks without a result. */
  readonly result: number | null;
  /** `CONTINUE`, `PAUSE`, `true`, `false`... */
  readonly action: string | null;
  readonly us: number;
}

/** The guest is no more. */
export interface TrapEvent {
  readonly event: 'trap';
  readonly name: string;
  readonly context: number;
  readonly message: string;
  /** Innermost frame first. */
  readonly stack: readonly string[];
  readonly us: number;
}

/** A line in the log: of the guest, or of the host about it. */
export interface LogEvent {
  readonly event: 'log';
  readonly level: string;
  readonly message: string;
}

/** Something passes between client, filter and backend. */
export interface StreamEvent {
  readonly event: 'stream';
  /** `request head in`, `response data out`, `local reply`, `reset`... */
  readonly what: string;
  readonly detail: string;
}

export type TraceEvent =
  | CallbackEvent
  | CallEvent
  | ReturnEvent
  | TrapEvent
  | LogEvent
  | StreamEvent;

/** Takes each event when it happens. */
export type TraceSink = (event: TraceEvent) => void;
