/**
 * Takes secrets out of what an admin page shows: the environment of guests, values of fields and
 * settings whose name sounds like a secret, and `--password=...` arguments. It works on any plain
 * data, so that a new field of the model is covered by its name.
 */

export const REDACTED = '[redacted]';

const SECRET_NAME =
  /secret|passw|token|credential|private|authorization|cookie|api[-_]?key|access[-_]?key|signing[-_]?key/i;

/** A deep copy of plain data without its secrets. */
export function redact(value: unknown): unknown {
  return redactField('', value);
}

/** Whether a field, setting or header of this name is not for showing. */
export function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name);
}

function redactField(name: string, value: unknown): unknown {
  if (typeof value === 'string') return redactText(name, value);
  if (Array.isArray(value)) return redactList(name, value);
  if (typeof value !== 'object' || value === null) return value;
  const fields = value as Readonly<Record<string, unknown>>;
  const ofSecret = typeof fields['name'] === 'string' && isSecretName(fields['name']);
  const copy: Record<string, unknown> = {};
  for (const [key, field] of Object.entries(fields)) {
    const secret = isSecretName(key) || (ofSecret && key === 'value');
    copy[key] = secret && isScalar(field) ? REDACTED : redactField(key, field);
  }
  return copy;
}

function isScalar(value: unknown): boolean {
  return typeof value !== 'object' || value === null;
}

function redactList(name: string, list: readonly unknown[]): unknown[] {
  if (name === 'args') return list.map((item, i) => redactArgument(item, list[i - 1]));
  return list.map((item) => (isPair(item) ? redactPair(item, name) : redactField(name, item)));
}

function redactText(name: string, text: string): string {
  if (name === 'configuration') return redactConfiguration(text);
  return text.replace(/(^[a-z+]+:\/\/)[^/@\s]*@/i, `$1${REDACTED}@`);
}

/** `--password=x`, and `x` after `--password`. */
function redactArgument(argument: unknown, before: unknown): unknown {
  if (typeof argument !== 'string') return argument;
  const flag = /^--?[^=]+/.exec(argument)?.[0];
  if (flag !== undefined && flag !== argument && isSecretName(flag)) return `${flag}=${REDACTED}`;
  const afterFlag = typeof before === 'string' && /^--?[^=]+$/.test(before) && isSecretName(before);
  return afterFlag && flag === undefined ? REDACTED : argument;
}

/** A guest's configuration is JSON more often than not; other text cannot be judged and is shown. */
function redactConfiguration(text: string): string {
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === 'object' ? JSON.stringify(redact(parsed)) : text;
  } catch {
    return text;
  }
}

/** [name, value] in a list, as header modifiers and environments hold them. */
function isPair(value: unknown): value is readonly [string, string] {
  return Array.isArray(value) && value.length === 2 && value.every((x) => typeof x === 'string');
}

function redactPair([name, value]: readonly [string, string], list: string): [string, string] {
  return [name, list === 'env' || isSecretName(name) ? REDACTED : value];
}
