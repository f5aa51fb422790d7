/**
 * Which fields a guest may put into a message. What passes is written as it is, so that whatever a
 * guest does the message stays one message.
 */

/** Framing, connections and routing of the message itself are the proxy's, not a field's. */
const OF_THE_HOP: ReadonlySet<string> = new Set([
  'connection',
  'expect',
  'host',
  'keep-alive',
  'proxy-connection',
  'te',
  'transfer-encoding',
  'upgrade',
]);

/** Visible characters, blanks and obs-text: no control characters (RFC 9110 5.5). */
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;
const LENGTH = /^\d{1,15}$/;

export function isFieldText(value: string): boolean {
  return VALUE.test(value);
}

/** Why the line cannot be put into a message; null where it can. `name` is a token in lower case. */
export function refusedField(name: string, value: string): string | null {
  if (OF_THE_HOP.has(name)) return 'it belongs to the connection';
  if (!VALUE.test(value)) return 'not a value it can have';
  if (name === 'content-length' && !LENGTH.test(value)) return 'not a value it can have';
  return null;
}
