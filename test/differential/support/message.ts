/** Messages as tests write them and as they were read off the wire. */

import { fieldOf, type Wire, type WireHead } from '../../integration/support/wire.ts';

/** A body as it is to be sent, piece by piece. */
export interface BodyPlan {
  readonly framing: 'length' | 'chunked';
  readonly pieces: readonly string[];
  /** name, value... */
  readonly trailers: readonly string[];
  /** All at once; else a piece waits until the guest has seen the one before it. */
  readonly atOnce: boolean;
}

export const sized = (...pieces: readonly string[]): BodyPlan => ({
  framing: 'length',
  pieces,
  trailers: [],
  atOnce: false,
});

export const chunked = (...pieces: readonly string[]): BodyPlan => ({
  framing: 'chunked',
  pieces,
  trailers: [],
  atOnce: false,
});

export const withTrailers = (body: BodyPlan, ...trailers: readonly string[]): BodyPlan => ({
  ...body,
  trailers,
});

export const atOnce = (body: BodyPlan): BodyPlan => ({ ...body, atOnce: true });

export interface ReadMessage {
  readonly start: string;
  readonly fields: readonly string[];
  readonly body: string;
  readonly trailers: readonly string[];
  /** The connection ended in the middle of it. */
  readonly cut: boolean;
}

/** The framing field of a body. */
export function framingLine(body: BodyPlan | null): string {
  if (body === null) return '';
  if (body.framing === 'chunked') return 'transfer-encoding: chunked\r\n';
  return `content-length: ${body.pieces.join('').length}\r\n`;
}

/** Sends a body; `shown(n)` resolves once the guest has seen `n` pieces of it. */
export async function sendBody(
  wire: Wire,
  body: BodyPlan,
  shown: (pieces: number) => Promise<unknown>,
): Promise<void> {
  const { framing, pieces, trailers } = body;
  for (const [i, piece] of pieces.entries()) {
    if (i > 0 && !body.atOnce) await shown(i);
    wire.send(framing === 'chunked' ? `${piece.length.toString(16)}\r\n${piece}\r\n` : piece);
  }
  if (framing === 'length') return;
  if (trailers.length > 0 && !body.atOnce) await shown(pieces.length);
  let end = '0\r\n';
  for (let i = 0; i < trailers.length; i += 2) end += `${trailers[i]}: ${trailers[i + 1]}\r\n`;
  wire.send(`${end}\r\n`);
}

/** Reads what follows a head; what comes before a cut is kept. */
export async function readRest(
  wire: Wire,
  head: WireHead,
  bodyless: boolean,
  untilClose: boolean,
): Promise<ReadMessage> {
  const chunks: Buffer[] = [];
  let trailers: readonly string[] = [];
  let cut = false;
  const length = fieldOf(head, 'content-length');
  try {
    if (bodyless) {
      // Nothing follows.
    } else if (fieldOf(head, 'transfer-encoding') !== undefined) {
      for (let chunk = await wire.chunk(); chunk !== null; chunk = await wire.chunk()) {
        chunks.push(chunk);
      }
      trailers = await wire.trailers();
    } else if (length !== undefined) {
      for (let left = Number(length); left > 0; ) {
        const piece = await wire.take(Math.min(left, Math.max(1, wire.unread)));
        chunks.push(piece);
        left -= piece.length;
      }
    } else if (untilClose) chunks.push(await wire.toEnd());
  } catch (error) {
    if (!wire.socket.readableEnded && !wire.socket.destroyed) throw error;
    cut = true;
  }
  const { start, fields } = head;
  return { start, fields, body: Buffer.concat(chunks).toString('latin1'), trailers, cut };
}
