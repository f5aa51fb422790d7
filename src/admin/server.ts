/**
 * HTTP for people, the CLI, Prometheus and probes. It runs on the main thread, apart from the data
 * plane: a slow page cannot slow a request. Answers are JSON with a remedy where something is
 * wrong, Prometheus text at /metrics and plain text at /.
 */

import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { didYouMean } from '../base/did-you-mean.ts';
import type { Log } from '../base/log.ts';
import { refusal } from './guard.ts';
import { type Answer, jsonAnswer, PAGES, TAP_PATH } from './pages.ts';
import type { AdminSource } from './source.ts';
import { TapStreams } from './tap-stream.ts';

// An import of this module reads all it exports, and one of them is a WebSocket client: 16 MB.
const { createServer } = process.getBuiltinModule('node:http');

export interface AdminOptions {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  readonly log: Log;
  /** Names, besides IP addresses and `localhost`, that requests may give as Host. */
  readonly allowedHosts?: readonly string[];
}

export interface AdminServer {
  readonly host: string;
  readonly port: number;
  /** Open taps end; idle connections are closed. */
  close(): Promise<void>;
}

const REQUEST_MS = 10_000;
const CONNECTIONS_MAX = 256;
const CLOSE_MS = 500;

/** Rejects with one clear line when the address cannot be had. */
export async function createAdminServer(
  source: AdminSource,
  options: AdminOptions,
): Promise<AdminServer> {
  const taps = new TapStreams(source);
  const server = createServer(
    { requestTimeout: REQUEST_MS, headersTimeout: REQUEST_MS, maxHeaderSize: 16 * 1024 },
    (request, response) => {
      request.resume();
      serve(source, taps, options, { request, response }).catch((error: unknown) => {
        options.log.write('error', `admin page ${request.url} failed`, { error: String(error) });
        send(response, problem(500, 'the page failed', 'Look at the process log.'), request);
      });
    },
  );
  server.maxConnections = CONNECTIONS_MAX;
  await listen(server, options);
  const { port } = server.address() as AddressInfo;
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      taps.close();
      // A reader that takes nothing would keep its connection, and the process, for ever.
      setTimeout(() => server.closeAllConnections(), CLOSE_MS).unref();
    });
  return { host: options.host, port, close };
}

function listen(server: Server, { host, port, log }: AdminOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      reject(new Error(listenFailure(host, port, error.code), { cause: error }));
    });
    server.listen({ host, port }, () => {
      server.removeAllListeners('error');
      server.on('error', (error) => log.write('error', 'admin server', { error: error.message }));
      resolve();
    });
  });
}

const LISTEN_REMEDIES: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another process has the port; choose one with --admin HOST:PORT, or --admin off',
  EACCES: 'permission denied; choose a port above 1023 with --admin HOST:PORT',
  EADDRNOTAVAIL: 'the address is none of this machine; choose one with --admin HOST:PORT',
  ENOTFOUND: 'the host name is unknown; write an IP address',
};

function listenFailure(host: string, port: number, code = 'unknown error'): string {
  return `cannot listen for admin on ${host}:${port}: ${LISTEN_REMEDIES[code] ?? code}`;
}

interface Call {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

async function serve(
  source: AdminSource,
  taps: TapStreams,
  options: AdminOptions,
  { request, response }: Call,
): Promise<void> {
  const refused = refusal(request.headers, options.allowedHosts ?? []);
  if (refused !== null) {
    const remedy = 'Ask by IP address or localhost, from a program or from the address bar.';
    send(response, problem(403, refused, remedy), request);
    return;
  }
  const path = (request.url ?? '/').split('?', 1)[0] as string;
  const method = request.method === 'HEAD' ? 'GET' : request.method;
  if (path === TAP_PATH && request.method === 'GET') {
    if (!taps.add(response)) {
      send(response, problem(503, 'too many taps are open', 'End one of them.'), request);
    }
    return;
  }
  const page = path === TAP_PATH ? { method: 'GET' } : PAGES.get(path);
  if (page === undefined) send(response, notFound(path), request);
  else if (page.method !== method || !('answer' in page)) {
    response.setHeader('allow', page.method);
    const remedy = `Use ${page.method} ${path}.`;
    send(response, problem(405, `${path} does not take ${request.method}`, remedy), request);
  } else send(response, await page.answer(source), request);
}

function notFound(path: string): Answer {
  const near = didYouMean(path, [...PAGES.keys(), TAP_PATH]);
  const remedy = near === undefined ? 'GET / lists the pages.' : `Did you mean ${near}?`;
  return problem(404, `there is no page ${path}`, remedy);
}

function problem(status: number, error: string, remedy: string): Answer {
  return jsonAnswer(status, { error, remedy });
}

function send(response: ServerResponse, answer: Answer, request: IncomingMessage): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const bytes = Buffer.from(answer.body);
  response.writeHead(answer.status, {
    'content-type': answer.contentType,
    'content-length': bytes.length,
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  });
  response.end(request.method === 'HEAD' ? undefined : bytes);
}
