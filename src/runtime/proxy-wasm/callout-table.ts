/**
 * The callouts of one guest in flight, by the id the guest knows them by. The two low bits of an id
 * tell its kind: 0 HTTP call, 1 gRPC call, 2 gRPC stream. SDKs trap on an id they do not know, so
 * an answer reaches the guest once, after the call that made it has returned, and on the root
 * context.
 */

import type {
  CalloutHandle,
  CalloutRefusal,
  CalloutRequest,
  CalloutResponse,
  GrpcEvents,
  GrpcHandle,
  GrpcRequest,
} from './callouts.ts';
import { NO_BYTES, ROOT_ID } from './status.ts';
import type { Vm } from './vm.ts';

const KIND_HTTP = 0;
const KIND_GRPC_CALL = 1;
const KIND_GRPC_STREAM = 2;

/** In flight at once, of one guest. */
const CALLOUTS_MAX = 4_096;
/** What `proxy_get_status` tells of an HTTP call without an answer. */
const STATUS_RESET = 11;
const NOTHING: string[] = [];

export class CalloutTable {
  readonly #vm: Vm;
  readonly #open = new Map<number, CalloutHandle | GrpcHandle>();
  #last = 0;

  constructor(vm: Vm) {
    this.#vm = vm;
  }

  get size(): number {
    return this.#open.size;
  }

  /** The call's id, or why there is none. */
  http(request: CalloutRequest): number | CalloutRefusal {
    if (this.#open.size >= CALLOUTS_MAX) return 'refused';
    const id = this.#newId(KIND_HTTP);
    const handle = this.#vm.deps.callouts.http(request, (response) => {
      this.#vm.later(() => this.#answer(id, response));
    });
    if (typeof handle === 'string') return handle;
    this.#open.set(id, handle);
    return id;
  }

  grpc(request: GrpcRequest): number | CalloutRefusal {
    if (this.#open.size >= CALLOUTS_MAX) return 'refused';
    const id = this.#newId(request.message === null ? KIND_GRPC_STREAM : KIND_GRPC_CALL);
    const handle = this.#vm.deps.callouts.grpc(request, this.#grpcEvents(id));
    if (typeof handle === 'string') return handle;
    this.#open.set(id, handle);
    return id;
  }

  /** False: no stream of that id is open. */
  sendGrpc(id: number, message: Uint8Array, end: boolean): boolean {
    const handle = this.#open.get(id);
    if (handle === undefined || (id & 3) !== KIND_GRPC_STREAM) return false;
    (handle as GrpcHandle).send(message, end);
    return true;
  }

  /** No callback follows; false for an unknown id. */
  cancelGrpc(id: number): boolean {
    const handle = this.#open.get(id);
    if (handle === undefined || (id & 3) === KIND_HTTP) return false;
    this.#open.delete(id);
    handle.cancel();
    return true;
  }

  /** Ends a call; of a stream only this side. */
  closeGrpc(id: number): boolean {
    if ((id & 3) !== KIND_GRPC_STREAM) return this.cancelGrpc(id);
    const handle = this.#open.get(id);
    if (handle === undefined) return false;
    (handle as GrpcHandle).end();
    return true;
  }

  cancelAll(): void {
    const handles = [...this.#open.values()];
    this.#open.clear();
    for (const handle of handles) handle.cancel();
  }

  #newId(kind: number): number {
    let id: number;
    do {
      this.#last = this.#last >= 0x3fff_fffe ? 1 : this.#last + 1;
      id = ((this.#last << 2) | kind) >>> 0;
    } while (this.#open.has(id));
    return id;
  }

  #answer(id: number, response: CalloutResponse | null): void {
    const vm = this.#vm;
    if (!this.#open.delete(id) || vm.dead) return;
    const fn = vm.exports.httpCallResponse;
    if (fn === null) return;
    const fields = response?.fields ?? NOTHING;
    const body = response?.body ?? NO_BYTES;
    const trailers = response?.trailers ?? NOTHING;
    vm.callFields = fields;
    vm.callTrailers = trailers;
    vm.callBody = body;
    vm.status = response === null ? STATUS_RESET : 0;
    vm.statusMessage = response === null ? 'reset' : '';
    const pairs = fields.length / 2;
    vm.run(null, () => fn(ROOT_ID, id, pairs, body.length, trailers.length / 2), 0);
    vm.callFields = null;
    vm.callTrailers = null;
    vm.callBody = null;
  }

  #grpcEvents(id: number): GrpcEvents {
    const vm = this.#vm;
    const open = (): boolean => this.#open.has(id) && !vm.dead;
    return {
      initialMetadata: (fields) =>
        vm.later(() => {
          if (!open()) return;
          vm.grpcInitial = fields;
          vm.run(null, vm.exports.grpcInitialMetadata, ROOT_ID, id, fields.length / 2);
          vm.grpcInitial = null;
        }),
      message: (bytes) =>
        vm.later(() => {
          if (!open()) return;
          // A call ends with its message: no close follows to tell the guest so.
          if ((id & 3) === KIND_GRPC_CALL) this.#open.delete(id);
          vm.grpcMessage = bytes;
          vm.run(null, vm.exports.grpcReceive, ROOT_ID, id, bytes.length);
          vm.grpcMessage = null;
        }),
      trailingMetadata: (fields) =>
        vm.later(() => {
          if (!open()) return;
          vm.grpcTrailing = fields;
          vm.run(null, vm.exports.grpcTrailingMetadata, ROOT_ID, id, fields.length / 2);
          vm.grpcTrailing = null;
        }),
      close: (status, message) =>
        vm.later(() => {
          if (!open()) return;
          this.#open.delete(id);
          vm.status = status;
          vm.statusMessage = message;
          vm.run(null, vm.exports.grpcClose, ROOT_ID, id, status);
        }),
    };
  }
}
