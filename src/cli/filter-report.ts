/** Results of filter tests as TAP 14 and as JUnit's XML. */

import type { TestResult } from '../app/workbench/run-tests.ts';
import type { Location } from '../control/resource.ts';
import { visible } from '../control/schema/schema.ts';

/** One test point, with its differences in a YAML block when it failed. */
export function tapResult(result: TestResult, number: number): string {
  const ok = result.failures.length === 0;
  const title = `${result.file}: ${result.name}`.replaceAll('\\', '\\\\').replaceAll('#', '\\#');
  const line = `${ok ? 'ok' : 'not ok'} ${number} - ${visible(title)}\n`;
  if (ok) return line;
  const blocks = result.failures.map(({ location, path, message }) => {
    const text = message.split('\n').map((row) => `          ${printable(row)}\n`);
    return `    - at: ${JSON.stringify(placeText(location))}\n      path: ${JSON.stringify(path)}\n      message: |\n${text.join('')}`;
  });
  return `${line}  ---\n  failures:\n${blocks.join('')}  ...\n`;
}

export function junitReport(results: readonly TestResult[]): string {
  const files = [...new Set(results.map(({ file }) => file))];
  const suites = files.map((file) => {
    const own = results.filter((result) => result.file === file);
    const failed = own.filter(({ failures }) => failures.length > 0).length;
    const cases = own.map(junitCase).join('');
    return `  <testsuite name="${xml(file)}" tests="${own.length}" failures="${failed}" errors="0" skipped="0" time="${seconds(own)}">\n${cases}  </testsuite>\n`;
  });
  const failed = results.filter(({ failures }) => failures.length > 0).length;
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites tests="${results.length}" failures="${failed}" errors="0" time="${seconds(results)}">\n${suites.join('')}</testsuites>\n`;
}

function junitCase(result: TestResult): string {
  const { file, name, location, failures } = result;
  const start = `    <testcase name="${xml(name)}" classname="${xml(file)}" file="${xml(file)}" line="${location.line}" time="${seconds([result])}"`;
  if (failures.length === 0) return `${start}/>\n`;
  const text = failures
    .map((one) => `${placeText(one.location)}: ${one.path}\n     ${one.message}`)
    .join('\n');
  const [first] = failures;
  return `${start}>\n      <failure message="${xml(first?.path ?? '')}">${xml(text)}</failure>\n    </testcase>\n`;
}

function seconds(results: readonly TestResult[]): string {
  return (results.reduce((sum, { ms }) => sum + ms, 0) / 1_000).toFixed(3);
}

function placeText({ file, line, column }: Location): string {
  return `${file}:${line}:${column}`;
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
};

/** Characters XML 1.0 cannot hold become visible escapes. */
function xml(text: string): string {
  return text
    .split('\n')
    .map(printable)
    .join('\n')
    .replaceAll(/[&<>"]/g, (character) => ENTITIES[character] ?? character)
    .replaceAll('\n', '&#10;');
}

/** A lone surrogate or one of the two non-characters, too, is nothing a reader takes. */
function printable(text: string): string {
  return visible(text.toWellFormed()).replaceAll(/[\uFFFE\uFFFF]/g, '\uFFFD');
}
