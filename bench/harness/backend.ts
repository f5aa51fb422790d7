/**
 * The server behind every proxy: one nginx worker with three ports, each with one fixed answer. `post`
 * reads the whole request body before it answers (nginx by itself would answer first), which needs
 * its echo module. An nginx answer costs some 5 us, so the backend is never what limits a proxy.
 */

import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../../src/base/clock.ts';
import { findNginx, nginxHead, nginxHttpHead } from '../peers/nginx.ts';
import { freePort } from './ports.ts';
import { pollUntil } from './probe.ts';
import type { Processes } from './processes.ts';

export const SMALL_BYTES = 100;
export const LARGE_BYTES = 10 * 1024;

export interface Backend {
  readonly smallPort: number;
  readonly largePort: number;
  /** Null where nginx has no echo module. */
  readonly postPort: number | null;
}

const ECHO_MODULES = [
  '/usr/lib/nginx/modules/ngx_http_echo_module.so',
  '/usr/lib64/nginx/modules/ngx_http_echo_module.so',
  '/usr/share/nginx/modules/ngx_http_echo_module.so',
];

export const ECHO_REMEDY = 'apt-get install libnginx-mod-http-echo';

function server(port: number, lines: readonly string[]): string {
  return `  server { listen 127.0.0.1:${port}; default_type text/plain; ${lines.join(' ')} }`;
}

function servers(ports: { small: number; large: number; post: number | null }): string[] {
  const small = `return 200 "${'x'.repeat(SMALL_BYTES)}";`;
  // A directive's word is limited to 4 KiB, so the large answer is one kibibyte repeated by variable.
  const large = [
    `set $k "${'x'.repeat(1024)}";`,
    `return 200 "${'$k'.repeat(LARGE_BYTES / 1024)}";`,
  ];
  const list = [server(ports.small, [small]), server(ports.large, large)];
  if (ports.post !== null) {
    const read = 'location / { echo_read_request_body; echo_exec @answer; }';
    list.push(server(ports.post, [read, `location @answer { ${small} }`]));
  }
  return list;
}

/** Throws an Error with the remedy when nginx is missing or does not serve. */
export async function startBackend(
  processes: Processes,
  options: { dir: string; core: number | null; clock: Clock },
): Promise<Backend> {
  const found = findNginx();
  if (!found.ok) throw new Error(`the backend is nginx, which is not installed: ${found.remedy}`);
  const dir = join(options.dir, 'backend');
  mkdirSync(dir, { recursive: true });
  const module = ECHO_MODULES.find((path) => existsSync(path)) ?? null;
  const ports = {
    small: await freePort(),
    large: await freePort(),
    post: module === null ? null : await freePort(),
  };
  const config = join(dir, 'nginx.conf');
  const lines = [
    ...(module === null ? [] : [`load_module ${module};`]),
    ...nginxHead(dir),
    'http {',
    ...nginxHttpHead(dir),
    '  access_log off;',
    '  client_header_buffer_size 16k;',
    '  client_body_buffer_size 64k;',
    ...servers(ports),
    '}',
  ];
  writeFileSync(config, `${lines.join('\n')}\n`);
  const running = processes.launch({
    name: 'backend',
    command: ['nginx', '-e', join(dir, 'error.log'), '-p', dir, '-c', config],
    core: options.core,
  });
  const ready = await pollUntil(
    { port: ports.small, path: '/' },
    (answer) => answer.status === 200,
    {
      clock: options.clock,
      timeoutMs: 5_000,
      abandoned: () => running.exit !== null,
    },
  );
  if (ready === null) throw new Error(`the backend did not start: ${running.lastWords()}`);
  return { smallPort: ports.small, largePort: ports.large, postPort: ports.post };
}
