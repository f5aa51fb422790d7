/**
 * nginx, a master and one worker. Its access log is buffered (64 KiB, at most a second), which the other
 * peers do by themselves. Many routes are prefix locations, which it keeps in a tree. A change is a
 * reload (SIGHUP).
 */

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { versionLine } from '../harness/machine.ts';
import { replaceFile } from './files.ts';
import {
  type Found,
  type Launch,
  type Peer,
  REVISION_HEADER,
  routeNames,
  type Scenario,
} from './peer.ts';

const LOG_FORMAT =
  '[$time_iso8601] "$request_method $request_uri $server_protocol" $status $request_length $body_bytes_sent ' +
  '$request_time $upstream_response_time "$proxy_add_x_forwarded_for" "$http_user_agent" "$request_id" "$http_host" "$upstream_addr"';

/** What any nginx of this harness needs to run in the foreground in a directory of its own. */
export function nginxHead(dir: string): string[] {
  mkdirSync(join(dir, 'tmp'), { recursive: true });
  const owner = process.getuid?.() === 0 ? ['user root;'] : [];
  return [
    ...owner,
    'daemon off;',
    'worker_processes 1;',
    `pid ${join(dir, 'nginx.pid')};`,
    `error_log ${join(dir, 'error.log')} error;`,
    'worker_rlimit_nofile 20000;',
    'events { worker_connections 20000; }',
  ];
}

/** The same for its `http` block: nothing outside the directory is touched, connections are kept. */
export function nginxHttpHead(dir: string): string[] {
  const parts = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  return [
    ...parts.map((part) => `  ${part}_temp_path ${join(dir, 'tmp', part)};`),
    '  keepalive_timeout 600s;',
    '  keepalive_requests 1000000000;',
    '  tcp_nodelay on;',
  ];
}

function locations(scenario: Scenario): string[] {
  const pass = 'proxy_pass http://backend;';
  const mark =
    scenario.revision === null ? '' : `add_header ${REVISION_HEADER} ${scenario.revision} always; `;
  if (scenario.routes === 0) return [`    location / { ${mark}${pass} }`];
  return routeNames(scenario.routes).map(
    (name, index) => `    location /${name}/ { ${index === 0 ? mark : ''}${pass} }`,
  );
}

function config(scenario: Scenario): string {
  const log =
    scenario.accessLog === null
      ? ['  access_log off;']
      : [
          `  log_format bench '${LOG_FORMAT}';`,
          `  access_log ${scenario.accessLog} bench buffer=64k flush=1s;`,
        ];
  return [
    ...nginxHead(scenario.dir),
    'http {',
    ...nginxHttpHead(scenario.dir),
    ...log,
    '  upstream backend {',
    `    server 127.0.0.1:${scenario.upstreamPort};`,
    '    keepalive 256;',
    '    keepalive_requests 1000000000;',
    '    keepalive_timeout 600s;',
    '  }',
    '  proxy_http_version 1.1;',
    '  proxy_set_header Connection "";',
    '  proxy_set_header Host $http_host;',
    '  proxy_set_header X-Request-ID $request_id;',
    '  proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;',
    '  proxy_set_header X-Forwarded-Proto $scheme;',
    '  server {',
    `    listen 127.0.0.1:${scenario.port};`,
    ...locations(scenario),
    '  }',
    '}',
    '',
  ].join('\n');
}

export function findNginx(): Found {
  const line = versionLine('nginx', ['-v']);
  if (line === null) return { ok: false, remedy: 'apt-get install nginx-light' };
  return { ok: true, version: /\d+\.\d+\.\d+/.exec(line)?.[0] ?? line };
}

function prepare(scenario: Scenario): Launch {
  const path = join(scenario.dir, 'nginx.conf');
  writeFileSync(path, config(scenario));
  return {
    command: ['nginx', '-e', join(scenario.dir, 'error.log'), '-p', scenario.dir, '-c', path],
  };
}

function change(scenario: Scenario, pid: number): void {
  replaceFile(join(scenario.dir, 'nginx.conf'), config(scenario));
  process.kill(pid, 'SIGHUP');
}

export const nginx: Peer = { name: 'nginx', runsFilters: false, find: findNginx, prepare, change };
