/** Files of recordings: one a line, each checked to be whole before anything looks at it. */

import { isRecord } from '../../../control/schema/schema.ts';
import { readBytes, ScriptError } from '../read-script.ts';
import { RECORDING_VERSION, type Recording } from './recording.ts';

/** Recordings with their lines. Throws a {@link ScriptError} with the line that is none. */
export function readRecordings(path: string): { line: number; recording: Recording }[] {
  const found: { line: number; recording: Recording }[] = [];
  for (const [index, text] of readBytes(path).toString().split('\n').entries()) {
    if (text.trim() === '') continue;
    found.push({ line: index + 1, recording: parse(text, `${path}:${index + 1}`) });
  }
  return found;
}

function parse(text: string, place: string): Recording {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new ScriptError(`${place}: is no JSON; write one recording a line, as --record does`);
  }
  if (!isRecord(value) || value['version'] !== RECORDING_VERSION) {
    throw new ScriptError(`${place}: is no recording of version ${RECORDING_VERSION}`);
  }
  const wrong = Object.entries(FIELDS).find(([name, check]) => !check(value[name]))?.[0];
  if (wrong !== undefined)
    throw new ScriptError(`${place}: "${wrong}" of the recording is damaged`);
  return value as unknown as Recording;
}

type Check = (value: unknown) => boolean;

const isText: Check = (value) => typeof value === 'string';
const isNumber: Check = (value) => typeof value === 'number';
const isStatus: Check = (value) =>
  Number.isInteger(value) && Number(value) >= 100 && Number(value) < 600;
const orNull =
  (check: Check): Check =>
  (value) =>
    value === null || check(value);
const listOf =
  (check: Check): Check =>
  (value) =>
    Array.isArray(value) && value.every(check);
const objectOf =
  (checks: Readonly<Record<string, Check>>): Check =>
  (value) =>
    isRecord(value) && Object.entries(checks).every(([name, check]) => check(value[name]));

const isPair: Check = (value) => listOf(isText)(value) && (value as unknown[]).length === 2;
const isBytes: Check = (value) => isText(value) || objectOf({ base64: isText })(value);
const body = {
  headers: listOf(isPair),
  chunks: listOf(isBytes),
  trailers: orNull(listOf(isPair)),
};
const isRequest = objectOf({
  method: isText,
  scheme: (value) => value === 'http' || value === 'https',
  authority: isText,
  path: isText,
  ...body,
});
const isResponse = objectOf({ status: isStatus, ...body });

const FIELDS: Readonly<Record<string, Check>> = {
  filter: isText,
  configSha256: isText,
  timeMs: isNumber,
  truncated: (value) => typeof value === 'boolean',
  request: orNull(isRequest),
  response: orNull(isResponse),
  callouts: listOf(
    objectOf({ target: isText, method: isText, path: isText, response: orNull(isResponse) }),
  ),
  properties: (value) => isRecord(value) && Object.values(value).every(isText),
  callbacks: listOf(objectOf({ name: isText, result: isText })),
  sent: orNull(isRequest),
  answered: orNull(isResponse),
  localReply: orNull(objectOf({ status: isStatus, details: isText })),
  failure: orNull(isText),
};
