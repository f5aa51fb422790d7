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

function redactField(name: string, value: unknown): unknown {
  if (typeof value === 'string') return redactText(name, value);
  if (Array.isArray(value)) {
    if (name === 'env') return value.map((pair: unknown) => redactPair(pair, true));
    return isPair(value) ? redactPair(value, false) : value.map((item) => redactField(name, item));
  }
  if (typeof value !== 'object' || value === null) return value;
  const copy: Record<string, unknown> = {};
  for (const [key, field] of Object.entries(value)) {
    const secret = SECRET_NAME.test(key) && typeof field !== 'object';
    copy[key] = secret ? REDACTED : redactField(key, field);
  }
  return copy;
}

function redactText(name: string, text: string): string {
  if (name === 'args') return text.replace(/^(--?[^=]+)=.*$/s, redactArgument);
  return name === 'configuration' ? redactConfiguration(text) : text;
}

function redactArgument(argument: string, flag: string): string {
  return SECRET_NAME.test(flag) ? `${flag}=${REDACTED}` : argument;
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

function isPair(value: readonly unknown[]): boolean {
  return value.length === 2 && typeof value[0] === 'string' && typeof value[1] === 'string';
}

/** [name, value], as header modifiers and environments hold them. */
function redactPair(pair: unknown, always: boolean): unknown {
  if (!Array.isArray(pair) || !isPair(pair)) return redactField('', pair);
  const [name, value] = pair as [string, string];
  return [name, always || SECRET_NAME.test(name) ? REDACTED : value];
}
