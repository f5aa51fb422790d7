/**
 * What host calls of a guest see of a request, by the filter host the chain offers. Heads and
 * trailers that have been sent on can still be read, and edited no more.
 */

import { FilterState } from '../../../observe/filter-state.ts';
import {
  BUFFER_RESPONSE_BODY,
  MAP_REQUEST_HEADERS,
  MAP_REQUEST_TRAILERS,
  MAP_RESPONSE_HEADERS,
  MAP_RESPONSE_TRAILERS,
  STREAM_RESPONSE,
} from '../../../runtime/proxy-wasm/status.ts';
import type { GuestBody, GuestReply, PropertyValue } from '../../../runtime/proxy-wasm/stream.ts';
import { GuestStream } from '../../../runtime/proxy-wasm/stream.ts';
import type { Vm } from '../../../runtime/proxy-wasm/vm.ts';
import type { FilterHost } from '../contract.ts';
import { localReplyOf } from './local-reply.ts';
import { Message } from './message.ts';
import { requestProperty } from './properties.ts';
import * as pseudo from './pseudo-fields.ts';

const NO_FIELDS: readonly string[] = [];

export abstract class StreamPort extends GuestStream {
  protected readonly host: FilterHost;
  protected readonly requestMessage: Message = new Message();
  protected readonly responseMessage: Message = new Message();
  #routeCleared = false;

  constructor(vm: Vm, host: FilterHost) {
    super(vm);
    this.host = host;
  }

  fields(map: number): string[] | null {
    switch (map) {
      case MAP_REQUEST_HEADERS:
        return this.host.request.fields;
      case MAP_REQUEST_TRAILERS:
        return this.host.requestTrailers;
      case MAP_RESPONSE_HEADERS:
        return this.host.response?.fields ?? null;
      case MAP_RESPONSE_TRAILERS:
        return this.host.responseTrailers;
      default:
        return null;
    }
  }

  editable(map: number): boolean {
    switch (map) {
      case MAP_REQUEST_HEADERS:
        return this.requestMessage.headHere;
      case MAP_REQUEST_TRAILERS:
        return this.requestMessage.trailersOpen;
      case MAP_RESPONSE_HEADERS:
        return this.responseMessage.headHere;
      case MAP_RESPONSE_TRAILERS:
        return this.responseMessage.trailersOpen;
      default:
        return false;
    }
  }

  makeTrailers(map: number): string[] | null {
    if (!this.editable(map)) return null;
    return map === MAP_REQUEST_TRAILERS
      ? this.host.makeRequestTrailers()
      : this.host.makeResponseTrailers();
  }

  pseudoFields(map: number): readonly string[] {
    if (map === MAP_REQUEST_HEADERS) return pseudo.requestPseudoFields(this.host.request);
    const { response } = this.host;
    return map === MAP_RESPONSE_HEADERS && response !== null
      ? pseudo.responsePseudoFields(response)
      : NO_FIELDS;
  }

  pseudoField(map: number, name: string): string | undefined {
    if (map === MAP_REQUEST_HEADERS) return pseudo.requestPseudoField(this.host.request, name);
    const { response } = this.host;
    return map === MAP_RESPONSE_HEADERS && response !== null
      ? pseudo.responsePseudoField(response, name)
      : undefined;
  }

  setPseudoField(map: number, name: string, value: string): boolean {
    if (map === MAP_REQUEST_HEADERS) {
      return pseudo.setRequestPseudoField(this.host.request, name, value);
    }
    const { response } = this.host;
    return map === MAP_RESPONSE_HEADERS && response !== null
      ? pseudo.setResponsePseudoField(response, name, value)
      : false;
  }

  /** Modules of this ABI version expect the route to follow what they change. */
  edited(map: number): void {
    if (map === MAP_REQUEST_HEADERS && !this.#routeCleared) this.clearRouteCache();
  }

  clearRouteCache(): void {
    this.#routeCleared = true;
    this.host.clearRouteCache();
  }

  body(buffer: number): GuestBody | null {
    if (buffer > BUFFER_RESPONSE_BODY) return null;
    return this.#message(buffer === BUFFER_RESPONSE_BODY).body;
  }

  property(path: readonly string[]): PropertyValue | undefined {
    return requestProperty(this.host, path);
  }

  ownProperty(path: string): Uint8Array | undefined {
    return this.host.info.filterState?.get(path);
  }

  setOwnProperty(path: string, value: Uint8Array): void {
    this.host.info.filterState ??= new FilterState();
    if (!this.host.info.filterState.set(path, value)) {
      this.vm.warn('a property was not set: the request has too many');
    }
  }

  reply(reply: GuestReply): void {
    this.host.reply(localReplyOf(reply, this.host.request));
  }

  continueStream(type: number): void {
    if (type > STREAM_RESPONSE) return;
    const response = type === STREAM_RESPONSE;
    this.#message(response).letGo();
    if (response) this.host.continueResponse();
    else this.host.continueRequest();
  }

  /** The client's connection is cut (HTTP/1.1) or its stream reset. */
  closeStream(type: number): void {
    if (type > STREAM_RESPONSE) return;
    this.host.fail('filter_closed', 'wasm_close_stream');
  }

  #message(response: boolean): Message {
    return response ? this.responseMessage : this.requestMessage;
  }
}
