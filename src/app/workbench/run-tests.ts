/** Runs files of tests, one case after the other, each with a guest of its own. */

import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../../base/clock.ts';
import { type Location, type Problem, pathText } from '../../control/resource.ts';
import { differences } from './expectations.ts';
import { ScriptError } from './read-script.ts';
import { runFilter } from './run-filter.ts';
import type { ExchangeScript } from './script.ts';
import { calloutOf, requestOf, responseOf } from './script-schema.ts';
import { readTestFile, type TestCase } from './test-file.ts';
import { loadFilter } from './workbench-filter.ts';

export interface TestFailure {
  readonly location: Location;
  /** `expect.request.headers.x-user`. */
  readonly path: string;
  readonly message: string;
}

export interface TestResult {
  readonly file: string;
  readonly name: string;
  readonly location: Location;
  readonly failures: readonly TestFailure[];
  readonly ms: number;
}

const NAME = /\.test\.ya?ml$/;

/** The files named, and all `*.test.yaml` below the directories named. Throws a {@link ScriptError}. */
export function testFiles(paths: readonly string[]): string[] {
  return paths.flatMap((path) => {
    const info = statSync(path, { throwIfNoEntry: false });
    if (info === undefined) throw new ScriptError(`there is no file or directory ${path}`);
    if (!info.isDirectory()) return [path];
    const found = readdirSync(path, { recursive: true, encoding: 'utf8' })
      .filter((name) => NAME.test(name))
      .sort()
      .map((name) => join(path, name));
    if (found.length === 0) throw new ScriptError(`${path} holds no file *.test.yaml`);
    return found;
  });
}

/** `onResult` is told of each case when it has run. */
export async function runTests(
  files: readonly string[],
  clock: Clock,
  onResult: (result: TestResult) => void = () => {},
): Promise<TestResult[]> {
  const modules = new Map<string, WebAssembly.Module | string>();
  const results: TestResult[] = [];
  const note = (result: TestResult): void => {
    results.push(result);
    onResult(result);
  };
  for (const file of files) {
    const read = readTestFile(file);
    if (read.problems.length > 0) note(mistakes(file, read.problems));
    for (const one of read.cases) {
      const module = modules.get(one.filter) ?? (await loadFilter(one.filter));
      modules.set(one.filter, module);
      note(runCase(one, module, clock));
    }
  }
  return results;
}

/** A file that is not as it should be is a failed case of its own; its sound documents run all the same. */
function mistakes(file: string, problems: readonly Problem[]): TestResult {
  const failures = problems.map(({ location, path, message, remedy }) => ({
    location,
    path,
    message: `${message}\n${remedy}`,
  }));
  const location = { file, line: 1, column: 1 };
  return { file, name: 'is without a mistake', location, failures, ms: 0 };
}

function runCase(one: TestCase, module: WebAssembly.Module | string, clock: Clock): TestResult {
  const startMs = clock.now();
  const failures: TestFailure[] = [];
  if (typeof module === 'string') {
    failures.push({ location: one.at(['name']), path: 'filter', message: module });
  } else {
    const run = runFilter(module, sourceOf(one), scriptOf(one), { clock, logLevel: 'trace' });
    for (const { path, message } of differences(run, one.expect)) {
      failures.push({ location: one.at(path), path: pathText(path), message });
    }
  }
  const { file, name } = one;
  return { file, name, location: one.at(['name']), failures, ms: clock.now() - startMs };
}

function sourceOf(one: TestCase) {
  return {
    path: one.filter,
    configuration: one.configuration,
    pluginName: one.pluginName ?? '',
    env: Object.entries(one.env ?? {}).map(([name, value]) => [name, String(value)] as const),
    headersStopIteration: one.headersStopIteration === true,
  };
}

function scriptOf(one: TestCase): ExchangeScript {
  return {
    request: requestOf(one.request),
    response: responseOf(one.response),
    callouts: (one.callouts ?? []).map(calloutOf),
    properties: new Map(Object.entries(one.properties ?? {})),
  };
}
