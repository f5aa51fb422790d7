/**
 * Files of tests: each YAML document is a filter with cases. What a case does not say is the
 * document's; what neither says has a default. Paths are relative to the file.
 */

import { dirname, resolve } from 'node:path';
import type { FieldPath, Location, Problem } from '../../control/resource.ts';
import { int, oneOf, text } from '../../control/schema/scalars.ts';
import {
  isRecord,
  list,
  mapOf,
  object,
  type RequiredField,
  required,
  type Schema,
} from '../../control/schema/schema.ts';
import { STATUS_NAMES } from './guest-values.ts';
import { type Matcher, matcher, optionalMatcher } from './matcher.ts';
import { readBytes } from './read-script.ts';
import { readYaml } from './read-yaml.ts';
import {
  type CalloutText,
  calloutsSchema,
  flag,
  type PropertiesText,
  propertiesSchema,
  type RequestText,
  type ResponseText,
  requestSchema,
  responseSchema,
  type Scalar,
  scalar,
} from './script-schema.ts';

/** A name alone, or more of it. */
export type ExpectedCall =
  | string
  | {
      readonly name: string;
      readonly args?: Readonly<Record<string, Matcher>>;
      /** A status of a host call, an action of a callback. */
      readonly result?: Scalar;
    };

export interface ExpectedMessage {
  readonly headers?: Readonly<Record<string, Matcher>>;
  readonly body?: Matcher;
  readonly trailers?: Readonly<Record<string, Matcher>>;
}

export interface ExpectedRequest extends ExpectedMessage {
  readonly method?: Matcher;
  readonly authority?: Matcher;
  readonly path?: Matcher;
}

export interface ExpectedResponse extends ExpectedMessage {
  readonly status?: number;
}

export interface ExpectedReply {
  readonly status?: number;
  readonly details?: Matcher;
}

export interface Expectations {
  /** Default: the filter lets the exchange pass, or answers it. */
  readonly verdict?: string;
  /** In this order, others between them. */
  readonly calls?: readonly ExpectedCall[];
  /** These and no others. */
  readonly exactCalls?: readonly ExpectedCall[];
  /** `none`: the backend must not get it. */
  readonly request?: ExpectedRequest | 'none';
  readonly response?: ExpectedResponse | 'none';
  readonly localReply?: ExpectedReply | 'none';
  /** In this order, others between them. */
  readonly log?: readonly Matcher[];
  readonly metrics?: Readonly<Record<string, number>>;
  /** Default: there must be none. */
  readonly trap?: Matcher | boolean;
}

interface Settings {
  readonly filter?: string;
  readonly config?: unknown;
  readonly pluginName?: string;
  readonly env?: Readonly<Record<string, Scalar>>;
  readonly headersStopIteration?: boolean;
  readonly callouts?: readonly CalloutText[];
  readonly properties?: PropertiesText;
  readonly response?: ResponseText;
}

interface CaseText extends Settings {
  readonly name: string;
  readonly request?: RequestText;
  readonly expect: Expectations;
}

interface SuiteText extends Settings {
  readonly cases: readonly CaseText[];
}

export interface TestCase extends Omit<CaseText, 'filter' | 'config'> {
  readonly file: string;
  /** Of the module. */
  readonly filter: string;
  /** Text as it is, anything else as JSON. */
  readonly configuration: string;
  /** Of a field of the case. */
  at(path: FieldPath): Location;
}

const anyConfig: Schema = () => {};

const settings = {
  filter: text(),
  config: anyConfig,
  pluginName: text(),
  env: mapOf(scalar),
  headersStopIteration: flag,
  callouts: calloutsSchema,
  properties: propertiesSchema,
  response: responseSchema,
};

const longCall = object<Exclude<ExpectedCall, string>>({
  name: required(text()),
  args: mapOf(optionalMatcher),
  result: (value, inspection) => {
    scalar(value, inspection);
    if (typeof value === 'string' && /^[A-Z]+_[A-Z_]+$/.test(value)) {
      oneOf(...STATUS_NAMES)(value, inspection);
    }
  },
});
const calls = list((value, inspection) => {
  (isRecord(value) ? longCall : text())(value, inspection);
});

const message = {
  headers: mapOf(optionalMatcher),
  body: matcher,
  trailers: mapOf(optionalMatcher),
};
const NONE = oneOf('none');
const orNone =
  (schema: Schema): Schema =>
  (value, inspection) => {
    (typeof value === 'string' ? NONE : schema)(value, inspection);
  };

const expectations: RequiredField = required(
  object<Expectations>({
    verdict: oneOf('forwarded', 'answered', 'failed', 'waits', 'not started'),
    calls,
    exactCalls: calls,
    request: orNone(
      object<ExpectedRequest>({ method: matcher, authority: matcher, path: matcher, ...message }),
    ),
    response: orNone(object<ExpectedResponse>({ status: int(100, 599), ...message })),
    localReply: orNone(object<ExpectedReply>({ status: int(100, 599), details: matcher })),
    log: list(matcher),
    metrics: mapOf((value, inspection) => {
      if (typeof value !== 'number') {
        inspection.error('wrong-type', 'must be a number', 'Write one number here.');
      }
    }),
    trap: matcher,
  }),
);

const suiteSchema = object<SuiteText>({
  ...settings,
  cases: required(
    list<CaseText>(
      object<CaseText>({
        ...settings,
        name: required(text()),
        request: requestSchema,
        expect: expectations,
      }),
      { min: 1, uniqueBy: (one) => one.name },
    ),
  ),
});

export interface TestFile {
  readonly cases: readonly TestCase[];
  readonly problems: readonly Problem[];
}

/** Throws a `ScriptError` where the file cannot be read, and never for what is in it. */
export function readTestFile(file: string): TestFile {
  const content = readBytes(file).toString();
  const { documents, problems } = readYaml<SuiteText>(file, content, suiteSchema);
  const cases: TestCase[] = [];
  const found: Problem[] = [...problems];
  for (const { value, at } of documents) {
    value.cases.forEach((one, index) => {
      const own = (path: FieldPath): Location => at(['cases', index, ...path]);
      const test = caseOf(file, { ...value, ...one }, own);
      if (test === null) found.push(noFilter(own(['name'])));
      else cases.push(test);
    });
  }
  return { cases, problems: found };
}

function caseOf(file: string, source: CaseText, at: TestCase['at']): TestCase | null {
  const { filter, config, ...rest } = source;
  if (filter === undefined) return null;
  return {
    ...rest,
    file,
    filter: resolve(dirname(file), filter),
    configuration: configurationOf(config),
    at,
  };
}

function configurationOf(config: unknown): string {
  if (config === undefined || config === null) return '';
  return typeof config === 'string' ? config : JSON.stringify(config);
}

function noFilter(location: Location): Problem {
  return {
    severity: 'error',
    code: 'missing-field',
    resource: '',
    path: 'filter',
    location,
    message: 'neither the case nor its document names a filter',
    remedy: 'Add "filter: PATH", relative to this file.',
  };
}
