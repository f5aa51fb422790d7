/**
 * One direction through the filters: a row of stages, one a filter, each of which lets things pass
 * or holds them. Whatever is held stands at the stage that holds it, so what is further on never
 * overtakes it and resuming is local: the stage lets go of head, bytes and trailers in that order,
 * and each runs on through the stages behind it.
 *
 * Calls out of the lane may come back in (the exchange answers from inside `outHead`); therefore
 * every step reads the stage's state afresh after such a call and gives up once `stopped`.
 */

import { LIMITS } from '../../base/limits.ts';
import type { Fields } from '../codec/head.ts';
import type { DataVerdict, HeadVerdict, HttpFilter, TrailersVerdict } from './contract.ts';
import {
  DATA_CONTINUE,
  DATA_STOP_BUFFER,
  DATA_STOP_NO_BUFFER,
  DATA_STOP_WATERMARK,
  HEAD_CONTINUE,
  HEAD_STOP,
  TRAILERS_CONTINUE,
} from './contract.ts';
import { StageBody } from './stage-body.ts';

const HEAD_AWAITED = 0;
const HEAD_PASSED = 1;
const HEAD_HELD = 2;
const HEAD_HELD_ALL = 3;

const NOTHING = new Uint8Array(0);

/** What stands at one filter in one direction. */
export class Stage {
  filter: HttpFilter | null = null;
  head = HEAD_AWAITED;
  headEnd = false;
  /** The last data verdict: DATA_CONTINUE while bytes flow. */
  holding: DataVerdict = DATA_CONTINUE;
  body: StageBody | null = null;
  /** The end of the body has come here and waits. */
  ended = false;
  /** Trailers that wait here. */
  trailers: Fields | null = null;
  trailersSeen = false;
  /** Trailers the filter made itself at the end of the body. */
  made: Fields | null = null;
  /** The filter asked to go on from inside a hook. */
  resume = false;
  paused = false;
}

export abstract class Lane {
  readonly stages: readonly Stage[];
  /** Nothing passes any more. */
  stopped = false;
  readonly #step: 1 | -1;
  readonly #stop: number;
  #pausedStages = 0;

  constructor(stages: readonly Stage[], step: 1 | -1) {
    this.stages = stages;
    this.#step = step;
    this.#stop = step === 1 ? stages.length : -1;
  }

  /** The stage at `index`, its filter opened. */
  protected abstract open(index: number): Stage;
  protected abstract callHead(filter: HttpFilter, end: boolean): HeadVerdict;
  protected abstract callData(filter: HttpFilter, body: StageBody, end: boolean): DataVerdict;
  protected abstract callTrailers(filter: HttpFilter, fields: Fields): TrailersVerdict;
  protected abstract hasData(filter: HttpFilter): boolean;
  protected abstract hasTrailers(filter: HttpFilter): boolean;
  protected abstract outHead(end: boolean): void;
  protected abstract outData(chunk: Uint8Array, end: boolean): void;
  protected abstract outTrailers(fields: Fields): void;
  protected abstract pause(): void;
  protected abstract unpause(): void;
  protected abstract overflow(index: number): void;
  /** After a hook: carries out a reply or failure it asked for; true if this lane stopped. */
  protected abstract settle(): boolean;

  /** A head reaches stage `at`. */
  head(at: number, end: boolean): void {
    for (let i = at; i !== this.#stop; i += this.#step) {
      const stage = this.open(i);
      stage.headEnd = end;
      const verdict = stage.filter === null ? HEAD_CONTINUE : this.callHead(stage.filter, end);
      if (this.settle()) return;
      const resume = stage.resume;
      stage.resume = false;
      if (verdict !== HEAD_CONTINUE && !resume) {
        stage.head = verdict === HEAD_STOP ? HEAD_HELD : HEAD_HELD_ALL;
        return;
      }
      stage.head = HEAD_PASSED;
    }
    this.outHead(end);
  }

  /** Bytes reach stage `at`. */
  data(at: number, chunk: Uint8Array, end: boolean): void {
    for (let i = at; i !== this.#stop; i += this.#step) {
      const stage = this.#stage(i);
      const filter = stage.filter;
      if (filter === null) continue;
      const shown = stage.head !== HEAD_HELD_ALL && this.hasData(filter);
      if (!shown && this.#flows(stage)) continue;
      const body = stage.body ?? new StageBody();
      stage.body = body;
      body.append(chunk);
      if (!shown) {
        this.#hold(i, DATA_STOP_WATERMARK, end);
        return;
      }
      if (!this.#show(i, filter, body, end)) return;
      this.#passOn(i, body.take(), end);
      return;
    }
    this.outData(chunk, end);
  }

  /** Trailers reach stage `at`; they end the body. */
  trailers(at: number, fields: Fields): void {
    for (let i = at; i !== this.#stop; i += this.#step) {
      const stage = this.#stage(i);
      const filter = stage.filter;
      if (filter === null) continue;
      if (stage.head === HEAD_HELD_ALL || !this.hasTrailers(filter)) {
        if (this.#flows(stage)) continue;
        this.#holdTrailers(stage, fields, stage.head !== HEAD_HELD_ALL);
        return;
      }
      const verdict = this.callTrailers(filter, fields);
      if (this.settle()) return;
      const resume = stage.resume;
      stage.resume = false;
      if (verdict !== TRAILERS_CONTINUE && !resume) {
        this.#holdTrailers(stage, fields, true);
        return;
      }
      this.#letGo(i);
      if (this.stopped) return;
    }
    this.outTrailers(fields);
  }

  /** Lets go of everything stage `index` holds. */
  resume(index: number): void {
    const stage = this.#stage(index);
    if (stage.head === HEAD_HELD_ALL) {
      stage.head = HEAD_PASSED;
      this.head(index + this.#step, stage.headEnd);
      if (!this.stopped && !stage.headEnd) this.#showHeld(index);
      return;
    }
    this.#letGo(index);
    if (this.stopped || stage.trailers === null) return;
    const fields = stage.trailers;
    stage.trailers = null;
    this.trailers(index + this.#step, fields);
  }

  /** Drops all that is held; later calls do nothing. */
  discard(): void {
    this.stopped = true;
    for (let i = 0; i < this.stages.length; i++) this.#stage(i).body?.clear();
    if (this.#pausedStages > 0) {
      this.#pausedStages = 0;
      this.unpause();
    }
  }

  #stage(index: number): Stage {
    return this.stages[index] as Stage;
  }

  #flows(stage: Stage): boolean {
    return (
      stage.head !== HEAD_HELD && stage.head !== HEAD_HELD_ALL && stage.holding === DATA_CONTINUE
    );
  }

  /** Runs the data hook; true when what stands here may go on (a held head has gone ahead). */
  #show(index: number, filter: HttpFilter, body: StageBody, end: boolean): boolean {
    const stage = this.#stage(index);
    const verdict = this.callData(filter, body, end);
    if (this.settle()) return false;
    const resume = stage.resume;
    stage.resume = false;
    if (verdict === DATA_STOP_NO_BUFFER) body.clear();
    if (verdict !== DATA_CONTINUE && !resume) {
      this.#hold(index, verdict, end);
      return false;
    }
    this.#letHeadGo(index);
    if (this.stopped) return false;
    stage.holding = DATA_CONTINUE;
    stage.ended = false;
    this.#unpause(stage);
    return true;
  }

  #hold(index: number, verdict: DataVerdict, end: boolean): void {
    const stage = this.#stage(index);
    stage.holding = verdict;
    stage.ended ||= end;
    const body = stage.body;
    body?.keep();
    const full = body !== null && body.length > LIMITS.filterBufferBytesMax;
    if (full && verdict === DATA_STOP_BUFFER) {
      this.overflow(index);
      return;
    }
    if (!full || end) this.#unpause(stage);
    else if (!stage.paused) {
      stage.paused = true;
      this.#pausedStages++;
      if (this.#pausedStages === 1) this.pause();
    }
  }

  #unpause(stage: Stage): void {
    if (!stage.paused) return;
    stage.paused = false;
    this.#pausedStages--;
    if (this.#pausedStages === 0) this.unpause();
  }

  #holdTrailers(stage: Stage, fields: Fields, seen: boolean): void {
    stage.trailers = fields;
    stage.trailersSeen = seen;
    this.#unpause(stage);
  }

  #letHeadGo(index: number): void {
    const stage = this.#stage(index);
    if (stage.head !== HEAD_HELD) return;
    stage.head = HEAD_PASSED;
    this.head(index + this.#step, stage.headEnd);
  }

  /** Head, then bytes (with the end, if it waits here). */
  #letGo(index: number): void {
    this.#letHeadGo(index);
    const stage = this.#stage(index);
    if (this.stopped || stage.holding === DATA_CONTINUE) return;
    const end = stage.ended;
    stage.holding = DATA_CONTINUE;
    stage.ended = false;
    this.#unpause(stage);
    this.#passOn(index, stage.body === null ? NOTHING : stage.body.take(), end);
  }

  #passOn(index: number, chunk: Uint8Array, end: boolean): void {
    const made = this.#stage(index).made;
    const next = index + this.#step;
    if (end && made !== null && made.length > 0) {
      if (chunk.length > 0) this.data(next, chunk, false);
      if (!this.stopped) this.trailers(next, made);
      return;
    }
    if (chunk.length > 0 || end) this.data(next, chunk, end);
  }

  /** After HEAD_STOP_ALL the filter sees what came meanwhile as if it came now. */
  #showHeld(index: number): void {
    const stage = this.#stage(index);
    const filter = stage.filter as HttpFilter;
    const body = stage.body;
    if (body !== null && stage.holding !== DATA_CONTINUE) {
      if (!this.hasData(filter)) this.#letGo(index);
      else {
        const end = stage.ended;
        if (this.#show(index, filter, body, end)) this.#passOn(index, body.take(), end);
      }
      if (this.stopped) return;
    }
    if (stage.trailers === null) return;
    const fields = stage.trailers;
    stage.trailers = null;
    this.trailers(stage.trailersSeen ? index + this.#step : index, fields);
  }
}
