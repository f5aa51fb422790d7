/**
 * What a process and its children cost, from /proc. One line of /proc/PID/stat covers every thread of a
 * process; a proxy may also be a family (nginx and HAProxy fork workers), so the sums go over the tree.
 *
 * Time of children that have ended and were waited for sits in the parent's cutime and cstime, so the
 * four fields summed over the living tree never count anything twice and never lose a replaced worker.
 */

import { readdirSync, readFileSync } from 'node:fs';

/** USER_HZ is 100 on every Linux port Node runs on. One tick is 10 ms. */
const TICKS_PER_SECOND = 100;
const US_PER_TICK = 1_000_000 / TICKS_PER_SECOND;

export interface ProcStat {
  readonly pid: number;
  readonly command: string;
  readonly state: string;
  readonly parent: number;
  /** utime + stime + cutime + cstime, microseconds. */
  readonly cpuUs: number;
}

/** One line of /proc/PID/stat; null when it is not one. The command may hold spaces and brackets. */
export function parseProcStat(line: string): ProcStat | null {
  const open = line.indexOf('(');
  const close = line.lastIndexOf(')');
  if (open < 1 || close < open) return null;
  const pid = Number(line.slice(0, open));
  const fields = line
    .slice(close + 1)
    .trim()
    .split(/\s+/);
  const state = fields[0] ?? '';
  const parent = Number(fields[1]);
  // proc(5): field 14 is utime, and fields[0] here is field 3.
  const ticks = fields.slice(11, 15).map(Number);
  if (ticks.length < 4 || ticks.some((value) => !Number.isFinite(value))) return null;
  if (!Number.isInteger(pid) || !Number.isInteger(parent)) return null;
  const cpuUs = ticks.reduce((sum, value) => sum + value, 0) * US_PER_TICK;
  return { pid, command: line.slice(open + 1, close), state, parent, cpuUs };
}

/** VmRSS of /proc/PID/status in bytes; 0 when absent (a zombie, a kernel thread). */
export function parseRssBytes(status: string): number {
  const found = /^VmRSS:\s+(\d+) kB$/m.exec(status);
  return found === null ? 0 : Number(found[1]) * 1024;
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return ''; // the process ended between two reads
  }
}

function allProcesses(): ProcStat[] {
  const found: ProcStat[] = [];
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const stat = parseProcStat(readText(`/proc/${name}/stat`));
    if (stat !== null) found.push(stat);
  }
  return found;
}

/** The process and all that descend from it, in no order. Empty when it has gone. */
export function familyOf(pid: number, all: readonly ProcStat[] = allProcesses()): ProcStat[] {
  const family = all.filter((stat) => stat.pid === pid);
  for (let index = 0; index < family.length; index++) {
    const parent = family[index]?.pid;
    family.push(...all.filter((stat) => stat.parent === parent && stat.pid !== pid));
  }
  return family;
}

/** CPU the tree has used since it began, microseconds, in steps of 10,000. */
export function treeCpuUs(pid: number): number {
  return familyOf(pid).reduce((sum, stat) => sum + stat.cpuUs, 0);
}

/** Resident memory of the tree, bytes. Pages that a parent and its child share count twice. */
export function treeRssBytes(pid: number): number {
  return familyOf(pid).reduce(
    (sum, stat) => sum + parseRssBytes(readText(`/proc/${stat.pid}/status`)),
    0,
  );
}
