/**
 * `tulle up`: one process, assembled. A config change goes files -> control -> guests -> workers;
 * the admin server looks at all of it from the side. Ends with an exit code: 0 after a drain, 1
 * when there is nothing to serve or an address cannot be had.
 */

import { once } from 'node:events';
import { type AdminServer, createAdminServer } from '../admin/server.ts';
import { systemClock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import { FileControl } from '../control/control-plane.ts';
import type { Problem } from '../control/resource.ts';
import { formatProblem } from '../control/schema/report.ts';
import { watchFiles } from '../control/source/file/watch.ts';
import type { BindFailure } from '../data/apply/data-plane.ts';
import { headFilterProblem } from '../data/filter/builtin.ts';
import { checkRegex } from '../data/route/regex.ts';
import { createProcessLog } from '../observe/process-log.ts';
import { ProcessSource } from './admin-source.ts';
import { ConfigFlow } from './config-flow.ts';
import type { UpOptions } from './options.ts';
import { SERVING_COLUMNS, servingRows } from './serving-table.ts';
import { Supervisor } from './supervisor.ts';
import { tryLines } from './try-lines.ts';

const clock = systemClock;

export async function runProxy(options: UpOptions): Promise<number> {
  const { logJson, color } = options.terminal;
  const log = createProcessLog(options.logLevel, process.stderr, { json: logJson, color, clock });
  const env = (name: string): string | undefined => process.env[name];
  const control = new FileControl({
    paths: options.files,
    checkRegex,
    checkFilter: headFilterProblem,
    env,
  });
  const supervisor = new Supervisor(options, {
    clock,
    log,
    onTap: (batch) => source.tapped(batch),
  });
  const flow = new ConfigFlow(control, supervisor);
  const source = new ProcessSource({ control, flow, supervisor, clock });

  const reload = (): void => {
    const changed = control.reload();
    showProblems(control.problems, log);
    if (changed) void takeIntoForce(control, flow, log);
  };
  // Before the first read, so that no change falls between the two.
  const watch = watchFiles(options.files, { log }, reload);
  const admin = await start(options, { control, supervisor, flow, source, log });
  if (admin === null) {
    watch.close();
    await supervisor.stop();
    return 1;
  }
  const hangup = (): void => {
    log.write('info', 'SIGHUP: reading the files again, opening the logs anew');
    supervisor.reopenLogs();
    reload();
  };
  process.on('SIGHUP', hangup);
  await untilToldToStop(source);
  watch.close();
  await drain(supervisor, options, log);
  await admin.close();
  await supervisor.stop();
  process.off('SIGHUP', hangup);
  return 0;
}

interface Parts {
  readonly control: FileControl;
  readonly supervisor: Supervisor;
  readonly flow: ConfigFlow;
  readonly source: ProcessSource;
  readonly log: Log;
}

/** Null, after saying why, when the process cannot serve. */
async function start(options: UpOptions, parts: Parts): Promise<Pick<AdminServer, 'close'> | null> {
  const { control, supervisor, flow, source, log } = parts;
  const { terminal } = options;
  const snapshot = control.load();
  showProblems(control.problems, log);
  if (snapshot.binds.length === 0) {
    terminal.print('tulle: nothing to serve: the files hold no valid Gateway listener');
    return null;
  }
  supervisor.start();
  const failures = await flow.apply(snapshot, clock.wall());
  showProblems(flow.guestProblems, log);
  for (const line of failureLines(failures)) terminal.print(`tulle: ${line}`);
  if (failures.length > 0) return null;
  const admin = await startAdmin(options, source, log);
  if (admin === null) return null;
  terminal.printTable(SERVING_COLUMNS, servingRows(snapshot));
  if ('port' in admin) terminal.print(`admin: http://${admin.host}:${admin.port}`);
  for (const line of tryLines(control.resources)) terminal.print(line);
  log.write('info', 'serving', { workers: options.workers, version: snapshot.version });
  return admin;
}

async function startAdmin(
  options: UpOptions,
  source: ProcessSource,
  log: Log,
): Promise<AdminServer | { close(): Promise<void> } | null> {
  if (options.admin === null) return { close: async () => {} };
  try {
    return await createAdminServer(source, { ...options.admin, log });
  } catch (error) {
    options.terminal.print(`tulle: ${error instanceof Error ? error.message : String(error)}`);
    return null;
  }
}

async function takeIntoForce(control: FileControl, flow: ConfigFlow, log: Log): Promise<void> {
  const { snapshot } = control;
  const startMs = clock.now();
  const failures = await flow.apply(snapshot, clock.wall());
  showProblems(flow.guestProblems, log);
  for (const line of failureLines(failures)) log.write('error', line);
  const tookMs = Math.round(clock.now() - startMs);
  log.write('info', 'configuration in force', { version: snapshot.version, tookMs });
}

/** Waits for requests in flight; a second signal cuts it short. */
async function drain(supervisor: Supervisor, options: UpOptions, log: Log): Promise<void> {
  log.write('info', 'draining', { deadlineMs: options.drainMs });
  const waiting = new AbortController();
  const drained = await Promise.race([supervisor.drain(), signalled(waiting.signal)]);
  waiting.abort();
  if (drained) log.write('info', 'drained: every request was answered');
  else log.write('warn', 'stopped before every request was answered');
}

/** SIGTERM, SIGINT, or `POST /drain`. */
async function untilToldToStop(source: ProcessSource): Promise<void> {
  const waiting = new AbortController();
  await Promise.race([signalled(waiting.signal), source.drainRequested]);
  waiting.abort();
}

/** False, so that it reads as "not drained" where that is what is raced. */
async function signalled(signal: AbortSignal): Promise<boolean> {
  const aborted = (): boolean => false;
  await Promise.race([
    once(process, 'SIGTERM', { signal }),
    once(process, 'SIGINT', { signal }),
  ]).catch(aborted);
  return false;
}

function showProblems(problems: readonly Problem[], log: Log): void {
  for (const problem of problems) {
    log.write(problem.severity === 'error' ? 'error' : 'warn', formatProblem(problem));
  }
}

const REMEDIES: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another process listens there; stop it or choose another port',
  EACCES: 'this user may not listen there; choose a port above 1023',
  EADDRNOTAVAIL: 'the address is not one of this machine',
};

/** One line an address, whatever the number of workers that failed on it. */
export function failureLines(failures: readonly BindFailure[]): string[] {
  const lines = failures.map(({ address, port, code }) => {
    const remedy = REMEDIES[code] ?? 'the system refused it';
    return `cannot listen on ${address} port ${port} (${code}): ${remedy}`;
  });
  return [...new Set(lines)];
}
