/** Asks a running process by its admin address. Every failure is one line that says what to do. */

import type { ClientRequest, IncomingMessage } from 'node:http';
import type { HostPort } from '../app/options.ts';
import { CliError, EXIT_PROBLEM } from './io.ts';

// An import of this module reads all it exports, and one of them is a WebSocket client: 35 ms.
const { request: httpRequest } = process.getBuiltinModule('node:http');

const ANSWER_MS = 10_000;
const ANSWER_BYTES_MAX = 256 * 1024 * 1024;

/** GETs or POSTs a page and returns its JSON; rejects with a {@link CliError}. */
export async function askJson(admin: HostPort, method: string, path: string): Promise<unknown> {
  const response = await open(admin, method, path);
  const body = await readAll(response, admin);
  const status = response.statusCode ?? 0;
  const value = parseJson(body, admin);
  if (status < 400) return value;
  const { error, remedy } = value as { error?: string; remedy?: string };
  throw new CliError([error ?? `status ${status}`, remedy].join('. '), EXIT_PROBLEM);
}

/** Gives each piece of an endless answer to `onText` until the process ends it or `onText` is false. */
export async function streamText(
  admin: HostPort,
  path: string,
  onText: (text: string) => boolean,
): Promise<void> {
  const response = await open(admin, 'GET', path);
  if (response.statusCode !== 200) {
    const { error } = parseJson(await readAll(response, admin), admin) as { error?: string };
    throw new CliError(error ?? `status ${response.statusCode}`, EXIT_PROBLEM);
  }
  response.socket.setTimeout(0);
  response.setEncoding('utf8');
  try {
    for await (const text of response) {
      if (!onText(String(text))) return;
    }
  } catch (error) {
    throw unreachable(admin, error as NodeJS.ErrnoException);
  }
}

function open(admin: HostPort, method: string, path: string): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const request: ClientRequest = httpRequest({ ...admin, method, path, agent: false });
    request.setTimeout(ANSWER_MS, () => {
      request.destroy(Object.assign(new Error('no answer'), { code: 'ETIMEDOUT' }));
    });
    request.on('error', (error: NodeJS.ErrnoException) => reject(unreachable(admin, error)));
    request.on('response', resolve);
    request.end();
  });
}

async function readAll(response: IncomingMessage, admin: HostPort): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      length += chunk.length;
      if (length > ANSWER_BYTES_MAX) break;
    }
  } catch (error) {
    throw unreachable(admin, error as NodeJS.ErrnoException);
  }
  if (length > ANSWER_BYTES_MAX) throw new CliError('the answer is too large', EXIT_PROBLEM);
  return Buffer.concat(chunks).toString();
}

function parseJson(body: string, admin: HostPort): unknown {
  try {
    const value: unknown = JSON.parse(body);
    if (typeof value === 'object' && value !== null) return value;
  } catch {
    // Told below, together with JSON that is no object.
  }
  throw new CliError(`what answers at ${addressText(admin)} is no tulle process`, EXIT_PROBLEM);
}

function unreachable(admin: HostPort, error: NodeJS.ErrnoException): CliError {
  const what =
    error.code === 'ECONNREFUSED'
      ? 'nothing answers'
      : `no answer (${error.code ?? error.message})`;
  return new CliError(
    `${what} at ${addressText(admin)}; start \`tulle up\`, or name its admin address with --admin HOST:PORT`,
    EXIT_PROBLEM,
  );
}

export function addressText({ host, port }: HostPort): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
