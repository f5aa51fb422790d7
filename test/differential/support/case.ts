/** A case: one request through a setup, what its filters do with it, and how it is answered. */

import type { BodyPlan } from './message.ts';
import { framingLine, sendBody } from './message.ts';
import type { Answerer } from './recorder.ts';

/** What differs from Envoy in one place, and why it does. */
export interface Difference {
  /** Paths of {@link Outcome} fields that are left out of the comparison. */
  readonly in: readonly ('upstream' | 'client' | 'callouts' | 'order' | 'notes')[];
  /** Notes that match are left out on both sides; without it all of them, where `in` has `notes`. */
  readonly notes?: RegExp;
  readonly reason: string;
  /** What Tulle does instead; checked. */
  readonly tulle: Expectation;
}

/** Parts of an outcome that must hold whatever the other host does. */
export interface Expectation {
  readonly status?: number;
  readonly body?: string | RegExp;
  readonly cut?: boolean;
  /** Body of the first request the upstream got; null: it got none. */
  readonly upstreamBody?: string | null;
  readonly notes?: RegExp;
}

export interface Case {
  /** Unique; letters, digits and dashes. */
  readonly id: string;
  readonly setup: string;
  /** Script of the differential guest; see its head comment. */
  readonly steps: string;
  readonly method?: string;
  readonly target?: string;
  /** Further field lines, each with its CRLF. */
  readonly fields?: string;
  readonly body?: BodyPlan;
  readonly answer?: AnswerPlan;
  /** Answers callouts; else 200 and "hello". */
  readonly calloutAnswer?: AnswerPlan;
  /** The filters' last callback is not waited for: one of them dies. */
  readonly traps?: boolean;
  /** The answer is the host's own: what it says beyond its status is not compared. */
  readonly ownAnswer?: boolean;
  /**
   * Tulle may give what Envoy refuses to: a header map that has been sent on, or NOT_FOUND where
   * Envoy says BAD_ARGUMENT. At least one call does.
   */
  readonly givesMore?: true;
  /** Held in both hosts, so that a case tests what its name says. */
  readonly expect: Expectation;
  readonly differs?: Difference;
  /** Not run in Envoy, and why: it crashes or never answers. */
  readonly tulleOnly?: string;
}

export interface AnswerPlan {
  readonly status: string;
  /** Field lines, each with its CRLF. */
  readonly fields: string;
  readonly body: BodyPlan | null;
  /** Sent before the request's body has been read. */
  readonly early: boolean;
  /** Waits until the guest has noted something that begins so. */
  readonly after?: string;
}

export const answer = (body: BodyPlan | null, over: Partial<AnswerPlan> = {}): AnswerPlan => ({
  status: '200 OK',
  fields: 'x-from: backend\r\n',
  body,
  early: false,
  ...over,
});

/** What an upstream can wait for. */
export interface Waits {
  /** The guest has seen so many pieces of the answer. */
  readonly shown: (pieces: number) => Promise<unknown>;
  /** The guest has noted something that begins so. */
  readonly noted: (text: string) => Promise<unknown>;
}

export function answerer(plan: AnswerPlan, { shown, noted }: Waits): Answerer {
  return async (connection, request) => {
    if (!plan.early) {
      const { cut } = await request;
      if (cut) return;
    }
    if (plan.after !== undefined) await noted(plan.after);
    connection.send(`HTTP/1.1 ${plan.status}\r\n${plan.fields}${framingLine(plan.body)}\r\n`);
    if (plan.body !== null) await sendBody(connection, plan.body, shown);
  };
}
