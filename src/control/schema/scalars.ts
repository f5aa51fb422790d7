/** Schemas of single values; see `schema.ts`. Formats of text are in `formats.ts`. */

import { type Inspection, isRecord, type Schema, shorten, wrongType } from './schema.ts';
import { didYouMean } from './suggest.ts';
import { parseDurationMs, parseQuantityBytes } from './units.ts';

/** What a text must look like, and how to say so. */
export interface Format {
  /** `a hostname`; goes into "is not ...". */
  readonly what: string;
  readonly remedy: string;
  readonly lengthMax: number;
  matches(text: string): boolean;
}

/** Text of a format; without one any text. */
export function text(format?: Format): Schema {
  return (value, inspection) => {
    if (typeof value !== 'string') {
      notText(value, inspection);
    } else if (format !== undefined) {
      checkFormat(value, format, inspection);
    }
  };
}

function notText(value: unknown, inspection: Inspection): void {
  const quotable = typeof value === 'number' || typeof value === 'boolean';
  const remedy = quotable ? `Put it in quotes: "${String(value)}".` : 'Write one text here.';
  wrongType(value, 'text', remedy, inspection);
}

function checkFormat(value: string, format: Format, inspection: Inspection): void {
  if (value.length > format.lengthMax) {
    inspection.error(
      'too-long',
      `is ${value.length} characters long, at most ${format.lengthMax} are allowed`,
      'Shorten it.',
    );
  } else if (!format.matches(value)) {
    inspection.error('bad-format', `"${shorten(value)}" is not ${format.what}`, format.remedy);
  }
}

/** Text bounded in length only. */
export function textUpTo(lengthMax: number, lengthMin: number = 0): Schema {
  return text({
    what: 'long enough: it is empty',
    remedy: 'Write something, or remove the field.',
    lengthMax,
    matches: (value) => value.length >= lengthMin,
  });
}

/** One of a few words. */
export function oneOf(...words: readonly string[]): Schema {
  const known = new Set(words);
  return (value, inspection) => {
    if (typeof value !== 'string') {
      notText(value, inspection);
    } else if (!known.has(value)) {
      inspection.error(
        'bad-value',
        `"${shorten(value)}" is not known here${didYouMean(value, words)}`,
        `Use one of ${words.join(', ')}.`,
      );
    }
  };
}

/** A whole number within bounds (both allowed). */
export function int(min: number, max: number = 2_147_483_647): Schema {
  return (value, inspection) => {
    if (typeof value !== 'number') {
      const remedy =
        typeof value === 'string' ? 'Write it without quotes.' : 'Write one number here.';
      wrongType(value, 'a number', remedy, inspection);
    } else if (!Number.isInteger(value)) {
      inspection.error('out-of-range', `${value} is not whole`, 'Write a whole number.');
    } else if (value < min || value > max) {
      inspection.error(
        'out-of-range',
        `${value} is out of range`,
        `Use a number from ${min} to ${max}.`,
      );
    }
  };
}

/** One of a few numbers. */
export function oneOfNumbers(...numbers: readonly number[]): Schema {
  return (value, inspection) => {
    if (typeof value === 'number' && numbers.includes(value)) return;
    if (typeof value === 'number') {
      const message = `${value} is not known here`;
      inspection.error('bad-value', message, `Use one of ${numbers.join(', ')}.`);
    } else {
      wrongType(value, 'a number', `Use one of ${numbers.join(', ')}.`, inspection);
    }
  };
}

export const bool: Schema = (value, inspection) => {
  if (typeof value !== 'boolean') {
    wrongType(value, 'true or false', 'Write true or false, without quotes.', inspection);
  }
};

/** Gateway API duration (GEP-2257). */
export const duration: Schema = (value, inspection) => {
  if (typeof value !== 'string') {
    wrongType(value, 'a duration', 'Write a number with its unit: 250ms, 10s, 1m.', inspection);
  } else if (parseDurationMs(value) === null) {
    inspection.error(
      'bad-duration',
      `"${shorten(value)}" is not a duration`,
      'Use whole numbers with h, m, s or ms, each of up to 5 digits: 250ms, 10s, 1h30m.',
    );
  }
};

/** Kubernetes quantity of bytes, `minBytes` at least. */
export function quantity(minBytes: number): Schema {
  return (value, inspection) => {
    if (typeof value !== 'string' && typeof value !== 'number') {
      wrongType(value, 'a size', 'Write a number with its unit: 64Ki, 16Mi, 1Gi.', inspection);
      return;
    }
    const bytes = parseQuantityBytes(value);
    if (bytes === null) {
      inspection.error(
        'bad-quantity',
        `"${shorten(String(value))}" is not a size`,
        'Use a number, with Ki, Mi, Gi, k, M or G after it where it is large: 64Mi.',
      );
    } else if (bytes < minBytes) {
      inspection.error('out-of-range', `${value} is too small`, `Use at least ${minBytes} bytes.`);
    }
  };
}

/** Labels and the like. An empty value is the empty text, as in Kubernetes. */
export const textMap: Schema = (value, inspection) => {
  if (!isRecord(value)) {
    wrongType(value, 'an object', 'Write "key: value" pairs below it, indented.', inspection);
    return;
  }
  for (const name in value) {
    const entry = value[name];
    if (entry === null) value[name] = '';
    else if (typeof entry !== 'string') inspection.enter(name, notText, entry);
  }
};

/** As `textMap`, each value base64. What stands there is never shown: it may be a secret. */
export const base64Map: Schema = (value, inspection) => {
  const errorsBefore = inspection.errorCount;
  textMap(value, inspection);
  if (inspection.errorCount !== errorsBefore || !isRecord(value)) return;
  for (const name in value) {
    const encoded = String(value[name]).replaceAll(/\s/g, '');
    if (encoded.length % 4 === 0 && BASE64.test(encoded)) continue;
    const remedy = 'Encode it, or use stringData for plain text.';
    inspection.errorAt([name], 'bad-format', 'is not base64', remedy);
  }
};

const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;
