/**
 * Calls that guests make to other services. The host's part ends here: who carries them out
 * implements {@link Callouts} and is handed in. An answer may be given at any time after the call
 * has returned, never within it, and once; after `cancel` it is dropped.
 */

/** Flat name, value...; pseudo-fields as HTTP/2 has them (`:method`, `:path`, `:authority`). */
export type CalloutFields = string[];

export interface CalloutRequest {
  /** Id of the plugin that calls. */
  readonly caller: string;
  /** As the guest wrote it. */
  readonly target: string;
  readonly fields: CalloutFields;
  readonly body: Uint8Array;
  readonly trailers: CalloutFields;
  /** 0: none. */
  readonly timeoutMs: number;
}

export interface CalloutResponse {
  /** With `:status` first. */
  readonly fields: CalloutFields;
  readonly body: Uint8Array;
  readonly trailers: CalloutFields;
}

export interface GrpcRequest {
  /** Id of the plugin that calls. */
  readonly caller: string;
  readonly target: string;
  readonly service: string;
  readonly method: string;
  readonly initialMetadata: CalloutFields;
  /** One message for a call; null opens a stream. */
  readonly message: Uint8Array | null;
  /** 0: none. */
  readonly timeoutMs: number;
}

/** In this order; after `close` nothing follows. A call's message comes before its close. */
export interface GrpcEvents {
  initialMetadata(fields: CalloutFields): void;
  message(bytes: Uint8Array): void;
  trailingMetadata(fields: CalloutFields): void;
  close(status: number, message: string): void;
}

export interface CalloutHandle {
  /** No answer or event follows. */
  cancel(): void;
}

export interface GrpcHandle extends CalloutHandle {
  send(message: Uint8Array, end: boolean): void;
  /** Half-close: messages may still come. */
  end(): void;
}

/** `unknown`: no such target. `malformed`: no message can be made of it. `refused`: it takes nothing now. */
export type CalloutRefusal = 'unknown' | 'malformed' | 'refused';

export interface Callouts {
  /** `done(null)`: there is no answer, or one that broke off. */
  http(
    request: CalloutRequest,
    done: (response: CalloutResponse | null) => void,
  ): CalloutHandle | CalloutRefusal;
  grpc(request: GrpcRequest, events: GrpcEvents): GrpcHandle | CalloutRefusal;
}
