/** Runs the probe guest, whose host calls a request's `x-probe` field dictates, through a chain. */

import assert from 'node:assert/strict';
import type { WasmFilter } from '../../../../config/wasm.ts';
import type { StreamInfo } from '../../../../observe/stream-info.ts';
import { parseModule } from '../../../../runtime/module/binary.ts';
import { isProblem } from '../../../../runtime/module/shape.ts';
import { guestBytes } from '../../../../runtime/module/testing/guests.ts';
import { type TestDeps, testDeps } from '../../../../runtime/proxy-wasm/testing/deps.ts';
import { prepareFilter } from '../../../../runtime/proxy-wasm/verify.ts';
import type { Fields } from '../../../codec/head.ts';
import {
  bytes,
  RecordingOutlet,
  requestHead,
  responseHead,
  streamInfo,
} from '../../testing/outlet.ts';
import { createWasmFilterFactory, type WasmFilterFactory } from '../factory.ts';

const modules = new Map<string, WebAssembly.Module>();

/** A guest as it is served: with its CPU counter and its memory bounded. */
export function guestModule(guest: string): WebAssembly.Module {
  let module = modules.get(guest);
  if (module === undefined) {
    const file = guestBytes(guest);
    const shape = parseModule(file);
    if (isProblem(shape)) assert.fail(shape.message);
    const prepared = prepareFilter(file, shape);
    if ('reason' in prepared) assert.fail(prepared.reason);
    module = new WebAssembly.Module(prepared);
    modules.set(guest, module);
  }
  return module;
}

export function wasmFilter(changes: Partial<WasmFilter> = {}): WasmFilter {
  return {
    id: 'default/probe',
    module: { url: 'file:///probe.wasm', path: '/probe.wasm', sha256: '' },
    pluginName: 'root',
    configuration: '',
    failOpen: false,
    headersStopIteration: false,
    env: [],
    ...changes,
  };
}

export class ProbeFilter {
  readonly deps: TestDeps;
  readonly factory: WasmFilterFactory;

  constructor(changes: Partial<WasmFilter> = {}, deps: TestDeps = testDeps(), guest = 'abi-probe') {
    this.deps = deps;
    this.factory = createWasmFilterFactory(wasmFilter(changes), guestModule(guest), deps);
  }

  /** Log lines since the last call, those at debug (which phases ran) left out. */
  lines(): string[] {
    return this.deps.log.take().filter((line) => !line.startsWith('debug'));
  }

  /** Which callbacks with sizes ran since the last call. */
  phases(): string[] {
    return this.deps.log
      .take()
      .filter((line) => line.startsWith('debug '))
      .map((line) => line.slice('debug '.length));
  }

  open(script: string, fields: Fields = [], info: StreamInfo = streamInfo()): RecordingOutlet {
    const head = requestHead('/shop?item=1', ['x-probe', script, ...fields]);
    return new RecordingOutlet([this.factory], head, info);
  }

  /** A whole exchange without bodies; what the guest logged. */
  exchange(script: string, fields: Fields = []): { lines: string[]; outlet: RecordingOutlet } {
    const outlet = this.open(script, fields);
    outlet.chain.requestHead(true);
    if (outlet.answer === null && !outlet.cut)
      outlet.chain.responseHead(responseHead(200, ['server', 'test']), true);
    outlet.chain.complete();
    return { lines: this.results(), outlet };
  }

  /** Lines of the guest's own making, without level, log and done. */
  results(): string[] {
    return this.lines()
      .filter((line) => line !== 'info log' && line !== 'info done')
      .map((line) => line.replace(/^info /, ''));
  }
}

/** A started probe whose start has been logged away. */
export function probe(changes: Partial<WasmFilter> = {}, deps: TestDeps = testDeps()): ProbeFilter {
  const filter = new ProbeFilter(changes, deps);
  assert.equal(filter.factory.problem, null);
  filter.lines();
  return filter;
}

/** Feeds a request body in chunks; the last one ends it. */
export function sendBody(outlet: RecordingOutlet, chunks: readonly string[]): void {
  chunks.forEach((chunk, i) => outlet.chain.requestData(bytes(chunk), i === chunks.length - 1));
}

export function answerBody(outlet: RecordingOutlet, chunks: readonly string[]): void {
  chunks.forEach((chunk, i) => outlet.chain.responseData(bytes(chunk), i === chunks.length - 1));
}
