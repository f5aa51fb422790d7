/** A stream that writes down what is done to it. */

import type { Fields } from '../../codec/head.ts';
import type { ClientStream } from '../../codec/stream.ts';

export class RecordedStream implements ClientStream {
  readonly calls: string[] = [];
  writable = true;

  writeData(chunk: Uint8Array, end: boolean): boolean {
    this.calls.push(`${end ? 'end' : 'data'} ${Buffer.from(chunk).toString('latin1')}`);
    return this.writable;
  }

  writeTrailers(fields: Fields): void {
    this.calls.push(`trailers ${fields.join()}`);
  }

  pauseResponse(): void {
    this.calls.push('pause');
  }

  resumeResponse(): void {
    this.calls.push('resume');
  }

  cancel(): void {
    this.calls.push('cancel');
  }
}
