/**
 * Configuration is text, heads are bytes with one char each (see `codec/head.ts`). What is compared
 * with a head, or put into one, is turned into the head's form once, when tables are built.
 */

/** `text` as its UTF-8 bytes, one char a byte. ASCII comes back unchanged. */
export function toWire(text: string): string {
  return isAscii(text) ? text : Buffer.from(text, 'utf8').toString('latin1');
}

/** The text behind bytes of a head; bytes that are not UTF-8 become U+FFFD. */
export function fromWire(wire: string): string {
  return isAscii(wire) ? wire : Buffer.from(wire, 'latin1').toString('utf8');
}

function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    if (text.charCodeAt(i) > 0x7f) return false;
  }
  return true;
}
