/**
 * The list of admin pages. Each is asked anew for every request; nothing is cached, nothing is
 * kept. `docs/admin.md` describes them.
 */

import { PROMETHEUS_CONTENT_TYPE, renderPrometheus } from '../observe/prometheus.ts';
import { redact } from './redact.ts';
import { routeRows } from './route-view.ts';
import type { AdminSource } from './source.ts';
import { statRows } from './stats-view.ts';

export interface Answer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

export interface Page {
  readonly method: 'GET' | 'POST';
  readonly about: string;
  answer(source: AdminSource): Promise<Answer>;
}

const JSON_TYPE = 'application/json';
const TEXT_TYPE = 'text/plain; charset=utf-8';

export function jsonAnswer(status: number, value: unknown): Answer {
  return { status, contentType: JSON_TYPE, body: `${JSON.stringify(value, null, 2)}\n` };
}

const jsonPage = (about: string, read: (source: AdminSource) => Promise<unknown>): Page => ({
  method: 'GET',
  about,
  answer: async (source) => jsonAnswer(200, await read(source)),
});

/** Streams; served by `tap-stream.ts`. */
export const TAP_PATH = '/tap';

export const PAGES: ReadonlyMap<string, Page> = new Map<string, Page>([
  ['/', { method: 'GET', about: 'this list', answer: async (source) => index(source) }],
  [
    '/ready',
    {
      method: 'GET',
      about: '200 when requests are served, else 503 with the reason',
      answer: async (source) => {
        const readiness = await source.readiness();
        return jsonAnswer(readiness.ready ? 200 : 503, readiness);
      },
    },
  ],
  [
    '/live',
    {
      method: 'GET',
      about: '200 while the process runs',
      answer: async () => jsonAnswer(200, { live: true }),
    },
  ],
  [
    '/metrics',
    {
      method: 'GET',
      about: 'metrics for Prometheus',
      answer: async (source) => ({
        status: 200,
        contentType: PROMETHEUS_CONTENT_TYPE,
        body: renderPrometheus(await source.metrics()),
      }),
    },
  ],
  ['/stats', jsonPage('metrics as rows', async (source) => statRows(await source.metrics()))],
  [
    '/config',
    jsonPage('what is in force, problems and status; secrets are left out', configReport),
  ],
  [
    '/routes',
    jsonPage('rules in force', async (source) => {
      const { snapshot } = await source.config();
      return snapshot === null ? [] : routeRows(snapshot);
    }),
  ],
  ['/clusters', jsonPage('clusters and their endpoints', (source) => source.clusters())],
  ['/filters', jsonPage('Wasm filters', (source) => source.filters())],
  ['/services', jsonPage('Wasm services', (source) => source.services())],
  ['/workers', jsonPage('worker threads', (source) => source.workers())],
  [
    '/drain',
    {
      method: 'POST',
      about: 'stop accepting, finish what is in flight, exit',
      answer: async (source) => {
        await source.drain();
        return jsonAnswer(202, { draining: true });
      },
    },
  ],
]);

async function configReport(source: AdminSource): Promise<unknown> {
  const { snapshot, acceptedWallMs, problems, status } = await source.config();
  return {
    version: snapshot?.version ?? 0,
    acceptedAt: acceptedWallMs === 0 ? null : new Date(acceptedWallMs).toISOString(),
    problems,
    status,
    snapshot: redact(snapshot),
  };
}

function index(source: AdminSource): Answer {
  let body = `Tulle ${source.version}\n\n`;
  for (const [path, page] of PAGES) body += pageLine(page.method, path, page.about);
  body += pageLine('GET', TAP_PATH, 'access log lines as they happen');
  return { status: 200, contentType: TEXT_TYPE, body };
}

function pageLine(method: string, path: string, about: string): string {
  return `${method.padEnd(4)} ${path.padEnd(10)} ${about}\n`;
}
