/**
 * Whether and when a request is tried again, and how long a try may take. Exists only for requests
 * that can need it: a rule with `retry` or `timeouts`, or an idempotent request with a body.
 *
 * What is retried (GEP-1731): answers with a listed status, and failures of the connection before
 * an answer, as often as the rule says, not sooner than its backoff and never while the body kept
 * for it is incomplete. A request lost on a reused connection before any byte of an answer is sent
 * again on another without counting, if its method is idempotent (RFC 9110 9.2.2, RFC 9112 9.3.1).
 */

import { Deadline } from '../../base/deadline.ts';
import type { ErrorCode } from '../../base/errors.ts';
import { LIMITS } from '../../base/limits.ts';
import type { Rule } from '../../config/route.ts';
import type { Fields } from '../codec/head.ts';
import type { ClientStream } from '../codec/stream.ts';
import type { ExchangeDeps } from './deps.ts';
import { Replay } from './replay.ts';

const RETRIABLE: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'upstream_connect',
  'upstream_connect_timeout',
  'upstream_reset',
  'upstream_timeout',
]);

type AttemptsDeps = Pick<ExchangeDeps, 'clock' | 'wheel' | 'random'>;

export function isIdempotent(method: string): boolean {
  switch (method) {
    case 'GET':
    case 'HEAD':
    case 'PUT':
    case 'DELETE':
    case 'OPTIONS':
    case 'TRACE':
      return true;
    default:
      return false;
  }
}

export class Attempts {
  /** Endpoints that have failed this request. */
  readonly avoid: string[] = [];
  readonly #rule: Rule;
  readonly #idempotent: boolean;
  readonly #deps: AttemptsDeps;
  readonly #replay: Replay | null;
  #retries = 0;
  #reuseRetries = 0;
  #requestDeadline: Deadline | null = null;
  #attemptDeadline: Deadline | null = null;
  #backoff: Deadline | null = null;

  private constructor(rule: Rule, method: string, end: boolean, deps: AttemptsDeps) {
    this.#rule = rule;
    this.#idempotent = isIdempotent(method);
    this.#deps = deps;
    this.#replay = end || (rule.retry === null && !this.#idempotent) ? null : new Replay();
  }

  /** Null where nothing of it can be needed. */
  static of(rule: Rule, method: string, end: boolean, deps: AttemptsDeps): Attempts | null {
    const { requestMs, backendRequestMs } = rule.timeouts;
    const plain = rule.retry === null && requestMs === 0 && backendRequestMs === 0;
    if (plain && (end || !isIdempotent(method))) return null;
    return new Attempts(rule, method, end, deps);
  }

  data(chunk: Uint8Array, end: boolean): void {
    this.#replay?.data(chunk, end);
  }

  trailers(fields: Fields): void {
    this.#replay?.trailers(fields);
  }

  /** Sends the body so far to another attempt. */
  replayTo(stream: ClientStream): boolean {
    return this.#replay === null || this.#replay.writeTo(stream);
  }

  /** Whether an answer with this status is dropped for another try; counts it. */
  retriesStatus(status: number): boolean {
    return this.#rule.retry?.codes.includes(status) === true && this.#take();
  }

  /** Whether a failed attempt is followed by another; counts it. */
  retriesFailure(code: ErrorCode, reused: boolean): boolean {
    if (reused && this.#idempotent && this.#replay?.overflown !== true) {
      return ++this.#reuseRetries <= LIMITS.retriesMax;
    }
    return this.#rule.retry !== null && RETRIABLE.has(code) && this.#take();
  }

  /** Calls `retry` after the rule's backoff, doubled each time, with jitter. */
  schedule(retry: () => void): void {
    const baseMs = this.#rule.retry?.backoffMs ?? 0;
    const waitMs = baseMs * 2 ** (this.#retries - 1) * (1 + this.#deps.random() / 4);
    this.#backoff?.release();
    this.#backoff = new Deadline(this.#deps.wheel, retry);
    this.#backoff.set(this.#deps.clock.now() + waitMs);
  }

  /** Bounds the whole request as the rule says. */
  limitRequest(startMs: number, expired: () => void): void {
    const { requestMs } = this.#rule.timeouts;
    if (requestMs === 0) return;
    this.#requestDeadline = new Deadline(this.#deps.wheel, expired);
    this.#requestDeadline.set(startMs + requestMs);
  }

  /** Bounds one attempt as the rule says, from its start to the end of its answer. */
  limitAttempt(expired: () => void): void {
    const { backendRequestMs } = this.#rule.timeouts;
    if (backendRequestMs === 0) return;
    this.#attemptDeadline ??= new Deadline(this.#deps.wheel, expired);
    this.#attemptDeadline.set(this.#deps.clock.now() + backendRequestMs);
  }

  attemptEnded(): void {
    this.#attemptDeadline?.clear();
  }

  release(): void {
    this.#requestDeadline?.release();
    this.#attemptDeadline?.release();
    this.#backoff?.release();
  }

  #take(): boolean {
    const allowed = Math.min(this.#rule.retry?.attempts ?? 0, LIMITS.retriesMax);
    if (this.#replay?.overflown === true || this.#retries >= allowed) return false;
    this.#retries++;
    return true;
  }
}
