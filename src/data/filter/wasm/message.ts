/** How much of one direction's message stands at a Wasm filter, for its guest to read and edit. */

import type { BodyBuffer } from '../contract.ts';

export class Message {
  /** The head is here, not sent on. */
  headHere = false;
  /** Body bytes that are here; null when none are. */
  body: BodyBuffer | null = null;
  /** The body's end came with `body`, and no trailers will. */
  ended = false;
  trailersHere = false;

  /** Something of it waits here. */
  get waits(): boolean {
    return this.headHere || this.body !== null || this.trailersHere;
  }

  /** Trailers can be made or changed. */
  get trailersOpen(): boolean {
    return this.trailersHere || (this.body !== null && this.ended);
  }

  letGo(): void {
    this.headHere = false;
    this.body = null;
    this.ended = false;
    this.trailersHere = false;
  }
}
