/** Reads what `tulle filter run` is given: a request file, a response file, both HTTP or YAML. */

import { readFileSync } from 'node:fs';
import type { Problem } from '../../control/resource.ts';
import { formatProblem } from '../../control/schema/report.ts';
import type { Schema } from '../../control/schema/schema.ts';
import {
  looksLikeHttp,
  parseRequestText,
  parseResponseText,
  type TextProblem,
} from './http-text.ts';
import { readYaml } from './read-yaml.ts';
import {
  DEFAULT_REQUEST,
  DEFAULT_RESPONSE,
  type ExchangeScript,
  type RequestScript,
  type ResponseScript,
} from './script.ts';
import {
  calloutOf,
  type RequestFile,
  type ResponseText,
  requestFileSchema,
  requestOf,
  responseOf,
  responseSchema,
} from './script-schema.ts';

/** One line that says what is wrong with a file. */
export class ScriptError extends Error {}

export interface ScriptFiles {
  /** A path or `-` for standard input; absent: a GET of `/`. */
  readonly request?: string;
  readonly response?: string;
}

/** Throws a {@link ScriptError}. */
export function readScript(files: ScriptFiles): ExchangeScript {
  const script = files.request === undefined ? defaultScript() : readRequestFile(files.request);
  if (files.response === undefined) return script;
  return { ...script, response: readResponseFile(files.response) };
}

/** Bytes of a file, or of standard input for `-`. Throws a {@link ScriptError}. */
export function readBytes(path: string): Buffer {
  try {
    return readFileSync(path === '-' ? 0 : path);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const why = code === 'ENOENT' ? 'does not exist' : `cannot be read: ${message}`;
    throw new ScriptError(`${nameOf(path)} ${why}`);
  }
}

function defaultScript(): ExchangeScript {
  return {
    request: DEFAULT_REQUEST,
    response: DEFAULT_RESPONSE,
    callouts: [],
    properties: new Map(),
  };
}

function readRequestFile(path: string): ExchangeScript {
  const content = readBytes(path);
  const text = content.toString();
  if (looksLikeHttp(text)) {
    const request = sound<RequestScript>(path, parseRequestText(content));
    return { ...defaultScript(), request };
  }
  const source = onlyDocument<RequestFile>(path, text, requestFileSchema);
  return {
    request: requestOf(source),
    response: responseOf(source.response),
    callouts: (source.callouts ?? []).map(calloutOf),
    properties: new Map(Object.entries(source.properties ?? {})),
  };
}

function readResponseFile(path: string): ResponseScript {
  const content = readBytes(path);
  const text = content.toString();
  if (looksLikeHttp(text)) return sound<ResponseScript>(path, parseResponseText(content));
  return responseOf(onlyDocument<ResponseText>(path, text, responseSchema));
}

function sound<T extends object>(path: string, parsed: T | TextProblem): T {
  if (!('problem' in parsed)) return parsed;
  throw new ScriptError(`${nameOf(path)}:${parsed.line}: ${parsed.problem}`);
}

function onlyDocument<T>(path: string, text: string, schema: Schema): T {
  const { documents, problems } = readYaml<T>(nameOf(path), text, schema);
  if (problems.length > 0) throw new ScriptError(problemsText(problems));
  const [document] = documents;
  if (document === undefined || documents.length > 1) {
    throw new ScriptError(`${nameOf(path)} has ${documents.length} documents, it must have one`);
  }
  return document.value;
}

function problemsText(problems: readonly Problem[]): string {
  return problems.map(formatProblem).join('\n');
}

function nameOf(path: string): string {
  return path === '-' ? 'standard input' : path;
}
