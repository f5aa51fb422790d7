/** What slots and lanes ask of the chain they belong to. */

import type { ErrorCode } from '../../base/errors.ts';
import type { Fields, ResponseHead } from '../codec/head.ts';
import type { LocalReply } from './contract.ts';
import type { Stage } from './lane.ts';
import type { ChainOutlet } from './outlet.ts';

/** A filter gave up: a code of ours instead of an answer. */
export interface Failure {
  readonly code: ErrorCode;
  readonly detail: string;
}

export interface LaneHost {
  readonly outlet: ChainOutlet;
  /** The answer's head as the filters see it; null before. */
  readonly response: ResponseHead | null;
  readonly requestFields: Fields | null;
  readonly responseFields: Fields | null;
  /** A hook is running: what its filter asks for waits until it has returned. */
  inHook: boolean;
  /** The stage of filter `index`, which is opened when the head first gets there. */
  open(index: number): Stage;
  /** The answer's head leaves the chain. */
  headOut(): void;
  resume(index: number, response: boolean): void;
  /** Only the first answer or failure of an exchange counts. */
  answer(index: number, answer: LocalReply | Failure): void;
  /** To be called after each hook: carries out an answer asked for in it. */
  settle(): void;
}
