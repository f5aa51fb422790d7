/**
 * Text templates of the access log: literal text and `%NAME(ARGUMENT):LENGTH%` operators, compiled
 * once into a list that a line is joined from.
 */

import type { FormatError } from './format-error.ts';
import type { LineFormat } from './line-format.ts';
import { makeOperator, type Operator } from './operators.ts';

const NOT_OF_A_LINE = /[^\t -~]/;

/** Compiles a template; the error names what is wrong and what there is instead. */
export function compileTemplate(template: string): LineFormat | FormatError {
  const line = template.replace(/[\r\n]+$/, '');
  if (NOT_OF_A_LINE.test(line)) {
    return { error: 'an access log format is one line of printable ASCII and tabs' };
  }
  const parts: (string | Operator)[] = [];
  let at = 0;
  while (at < line.length) {
    const percent = line.indexOf('%', at);
    const end = percent === -1 ? line.length : percent;
    if (end > at) parts.push(line.slice(at, end));
    if (percent === -1) break;
    const command = readCommand(line, percent);
    if ('error' in command) return command;
    const part = command.name === '' ? '%' : makeOperator(command.name, command.argument);
    if (typeof part === 'object') return part;
    const limited = typeof part === 'function' && command.lengthMax >= 0;
    parts.push(limited ? shortened(part, command.lengthMax) : part);
    at = command.end;
  }
  return joinParts(parts);
}

function shortened(operator: Operator, lengthMax: number): Operator {
  return (info) => operator(info).slice(0, lengthMax);
}

function joinParts(parts: readonly (string | Operator)[]): LineFormat {
  return (info) => {
    let line = '';
    for (let i = 0; i < parts.length; i++) {
      const part = parts[i] as string | Operator;
      line += typeof part === 'string' ? part : part(info);
    }
    return line;
  };
}

interface Command {
  /** '' stands for `%%`. */
  readonly name: string;
  /** Undefined without brackets. */
  readonly argument: string | undefined;
  /** Longest text, chars; -1: all of it. */
  readonly lengthMax: number;
  /** Index after the closing `%`. */
  readonly end: number;
}

function readCommand(line: string, start: number): Command | FormatError {
  const pattern = /%(?:([A-Z0-9_]+)(?:\((.*?)\))?(?::([0-9]{1,6}))?)?%/y;
  pattern.lastIndex = start;
  const match = pattern.exec(line);
  if (match === null) {
    const shown = line.slice(start, start + 24);
    return {
      error: `"${shown}" is not an operator; write %NAME%, %NAME(ARGUMENT)% or %NAME(ARGUMENT):LENGTH%, and %% for a percent sign`,
    };
  }
  return {
    name: match[1] ?? '',
    argument: match[2],
    lengthMax: match[3] === undefined ? -1 : Number(match[3]),
    end: pattern.lastIndex,
  };
}
