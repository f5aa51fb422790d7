/** Short ways to write requests as bytes. */

/** Lines, each with its CRLF, and the empty line. */
export function head(...lines: string[]): string {
  return `${lines.join('\r\n')}\r\n\r\n`;
}

/** A GET with a Host and these field lines. */
export function get(...fields: string[]): string {
  return head('GET / HTTP/1.1', 'Host: a', ...fields);
}

/** A POST with a Host and these field lines. */
export function post(...fields: string[]): string {
  return head('POST / HTTP/1.1', 'Host: a', ...fields);
}

/** What an attacker would like a backend to take for a request of its own. */
export const SMUGGLED = 'GET /smuggled HTTP/1.1\r\nHost: evil\r\n\r\n';
