/**
 * A process from its first configuration to its end. A change goes files -> control -> flow ->
 * workers; the admin server looks at all of it from the side.
 */

import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import { FileControl } from '../control/control-plane.ts';
import { watchFiles } from '../control/source/file/watch.ts';
import { headFilterProblem } from '../data/filter/builtin.ts';
import { checkRegex } from '../data/route/regex.ts';
import { type HeldAddress, holdAddress } from './admin-address.ts';
import { failureLine } from './bind-problems.ts';
import { ConfigFlow } from './config-flow.ts';
import type { UpOptions } from './options.ts';
import { ProblemLog } from './problem-log.ts';
import { SERVING_COLUMNS, servingRows } from './serving-table.ts';
import type { StopSignals } from './stop-signals.ts';
import type { Supervisor } from './supervisor.ts';
import { tryLines } from './try-lines.ts';

export interface ServeDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly supervisor: Supervisor;
  readonly signals: StopSignals;
}

interface Parts extends ServeDeps {
  readonly control: FileControl;
  readonly flow: ConfigFlow;
  readonly problemLog: ProblemLog;
}

/** The admin server, or its absence. */
interface Admin {
  readonly url: string;
  /** Resolves when `POST /drain` asks for the end. */
  readonly drainRequested: Promise<void>;
  close(): Promise<void>;
}

const NO_ADMIN: Admin = {
  url: '',
  drainRequested: Promise.withResolvers<void>().promise,
  close: async () => {},
};

/** Resolves with the exit code; the workers are still there. */
export async function serve(options: UpOptions, deps: ServeDeps): Promise<number> {
  const { log, supervisor } = deps;
  const env = (name: string): string | undefined => process.env[name];
  const checks = { checkRegex, checkFilter: headFilterProblem };
  const control = new FileControl({ paths: options.files, ...checks, env });
  const problemLog = new ProblemLog(log);
  const onArrival = (): void => void takeUp();
  const flow = new ConfigFlow({ ...deps, control, fetch: options.fetch ?? {}, onArrival });
  const parts = { ...deps, control, flow, problemLog };
  const takeUp = async (): Promise<void> => {
    await flow.apply();
    problemLog.show([...control.problems, ...flow.problems]);
  };
  // Before the first read, so that no change falls between the two.
  const watch = watchFiles(options.files, { log }, () => {
    control.reload();
    void takeUp();
  });
  const hangup = (): void => {
    log.write('info', 'SIGHUP: reading files and modules again, opening the logs anew');
    supervisor.reopenLogs();
    control.reload();
    flow.refetch();
    void takeUp();
  };
  process.on('SIGHUP', hangup);
  try {
    return await serveUntilEnd(options, parts, () => watch.close());
  } finally {
    watch.close();
    flow.close();
    process.off('SIGHUP', hangup);
  }
}

async function serveUntilEnd(
  options: UpOptions,
  parts: Parts,
  endChanges: () => void,
): Promise<number> {
  const { signals, supervisor, flow } = parts;
  const admin = await start(options, parts);
  if (typeof admin === 'string') {
    options.terminal.fail(admin);
    // Some addresses may be served already.
    if (flow.snapshot !== null) await supervisor.drain(signals.first);
    return 1;
  }
  announce(options, parts, admin);
  await Promise.race([signals.first, admin.drainRequested]);
  endChanges();
  flow.close();
  const drained = await drain(options, parts);
  await Promise.all([admin.close(), supervisor.stop()]);
  return drained ? 0 : 1;
}

/** A line that says why the process cannot serve, or the admin server of one that does. */
async function start(options: UpOptions, parts: Parts): Promise<Admin | string> {
  const { control, flow, problemLog } = parts;
  const snapshot = control.load();
  problemLog.show(control.problems);
  if (snapshot.binds.length === 0) {
    return 'nothing to serve: the files hold no valid Gateway listener';
  }
  // Before the workers listen: a process that cannot stay must not take connections.
  const held = options.admin === null ? null : await holdAddress(options.admin);
  const early = held === null ? await startAdmin(options, parts, null) : null;
  if (typeof early === 'string') return early;
  await flow.apply();
  const failures = flow.refusal === '' ? flow.bindFailures.map(failureLine) : [flow.refusal];
  if (failures.length > 0) {
    await Promise.all([early?.close(), held?.release()]);
    return [...new Set(failures)].join('; ');
  }
  problemLog.show([...control.problems, ...flow.problems]);
  return early ?? startAdmin(options, parts, held);
}

/** One line where the address cannot be had. */
async function startAdmin(
  options: UpOptions,
  parts: Parts,
  held: HeldAddress | null,
): Promise<Admin | string> {
  if (options.admin === null) return NO_ADMIN;
  const { createAdminServer } = await import('../admin/server.ts');
  const { ProcessSource } = await import('./admin-source.ts');
  const source = new ProcessSource(parts);
  await held?.release();
  try {
    const { host, port, close } = await createAdminServer(source, {
      ...options.admin,
      log: parts.log,
    });
    const name = host.includes(':') ? `[${host}]` : host;
    return { url: `http://${name}:${port}`, drainRequested: source.drainRequested, close };
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function announce({ terminal, workers }: UpOptions, parts: Parts, admin: Admin): void {
  const { snapshot, resources } = parts.control;
  terminal.printTable(SERVING_COLUMNS, servingRows(snapshot));
  for (const line of tryLines(resources)) terminal.print(line);
  if (admin.url !== '') terminal.print(`admin: ${admin.url}`);
  parts.log.write('info', 'serving', { workers, version: snapshot.version });
}

/** Waits for requests in flight. A signal cuts that short if one has begun it. */
async function drain(options: UpOptions, { supervisor, signals, log }: Parts): Promise<boolean> {
  log.write('info', 'draining', { deadlineMs: options.drainMs });
  const drained = await supervisor.drain(signals.second);
  if (drained) log.write('info', 'drained: every request was answered');
  else log.write('warn', 'stopped before every request was answered');
  return drained;
}
