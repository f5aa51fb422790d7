/**
 * HAProxy, master-worker as a service manager runs it, one thread. It cannot write a log file itself:
 * lines go to its standard output, which the harness points at the file. Many routes are a map looked up
 * by path prefix, as its manual advises, not a list of rules. A change is a reload (SIGUSR2).
 */

import { writeFileSync } from 'node:fs';
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
  '[%tr] \\"%HM %HP %HV\\" %ST %U %B %Ta %ci \\"%[capture.req.hdr(0)]\\" \\"%[capture.req.hdr(1)]\\" \\"%[var(txn.id)]\\" \\"%si:%sp\\" %ts';

function frontend(scenario: Scenario): string[] {
  const lines = ['frontend http', `  bind 127.0.0.1:${scenario.port}`, '  option forwardfor'];
  lines.push(
    '  http-request set-var(txn.id) uuid()',
    '  http-request set-header x-request-id %[var(txn.id)]',
  );
  lines.push('  http-request set-header x-forwarded-proto http');
  if (scenario.accessLog !== null) {
    lines.push(
      '  log stdout format raw local0',
      '  http-request capture req.hdr(user-agent) len 64',
    );
    lines.push(
      '  http-request capture req.hdr(host) len 64',
      `  log-format "${LOG_FORMAT.replaceAll('\\"', '\\"')}"`,
    );
  }
  if (scenario.revision !== null) {
    const first = scenario.routes === 0 ? '/' : '/r0/';
    lines.push(`  http-request set-var(txn.first) bool(true) if { path_beg ${first} }`);
    lines.push(
      `  http-response set-header ${REVISION_HEADER} ${scenario.revision} if { var(txn.first) -m found }`,
    );
  }
  if (scenario.routes === 0) return [...lines, '  default_backend backend'];
  return [...lines, `  use_backend %[path,map_beg(${join(scenario.dir, 'routes.map')})]`];
}

function config(scenario: Scenario): string {
  return [
    'global',
    '  nbthread 1',
    '  maxconn 12000',
    '  no strict-limits',
    'defaults',
    '  mode http',
    '  timeout connect 5s',
    '  timeout client 300s',
    '  timeout server 300s',
    '  timeout http-keep-alive 300s',
    '  http-reuse always',
    ...frontend(scenario),
    'backend backend',
    `  server one 127.0.0.1:${scenario.upstreamPort} maxconn 0`,
    '',
  ].join('\n');
}

function writeMap(scenario: Scenario): void {
  const lines = routeNames(scenario.routes).map((name) => `/${name}/ backend\n`);
  writeFileSync(join(scenario.dir, 'routes.map'), lines.join(''));
}

function find(): Found {
  const line = versionLine('haproxy', ['-v']);
  if (line === null) return { ok: false, remedy: 'apt-get install haproxy' };
  return { ok: true, version: /\d+\.\d+\.\d+/.exec(line)?.[0] ?? line };
}

function prepare(scenario: Scenario): Launch {
  const path = join(scenario.dir, 'haproxy.cfg');
  writeMap(scenario);
  writeFileSync(path, config(scenario));
  return {
    command: ['haproxy', '-W', '-db', '-f', path],
    ...(scenario.accessLog === null ? {} : { stdoutPath: scenario.accessLog }),
  };
}

function change(scenario: Scenario, pid: number): void {
  writeMap(scenario);
  replaceFile(join(scenario.dir, 'haproxy.cfg'), config(scenario));
  process.kill(pid, 'SIGUSR2');
}

export const haproxy: Peer = { name: 'haproxy', runsFilters: false, find, prepare, change };
