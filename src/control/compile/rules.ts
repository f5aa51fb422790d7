/**
 * Rules of one HTTPRoute, compiled once whatever it is attached to. What is wrong stays where it is
 * wrong: a broken backendRef costs its share, a broken filter its rule, unreadable matches leave
 * their rule out (nobody knows which requests it means).
 */

import { LIMITS } from '../../base/limits.ts';
import type { BackendRef, Match, Retry, RouteFilter, Rule, Timeouts } from '../../config/route.ts';
import type { FieldPath, Resource } from '../resource.ts';
import type {
  BackendObjectRef,
  HttpBackendRef,
  HttpRouteRetry,
  HttpRouteRule,
  HttpRouteTimeouts,
  LocalObjectRef,
} from '../schema/types-http-route.ts';
import type { Soundness } from './broken.ts';
import { durationMs } from './cluster-settings.ts';
import type { Backends, Fault, Target } from './clusters.ts';
import type { Context } from './context.ts';
import { compileFilters, type FilterScope } from './filters.ts';
import { ISTIO_GROUP } from './groups.ts';
import { compileMatches } from './matches.ts';
import { inChainOrder, type Plugin, type Plugins } from './wasm-plugins.ts';

const NO_FILTERS: readonly RouteFilter[] = [];
const NO_PLUGINS: readonly Plugin[] = [];
const NO_REFS: readonly HttpBackendRef[] = [];
const NO_IDS: readonly string[] = [];
const NO_TIMEOUTS: Timeouts = { requestMs: 0, backendRequestMs: 0 };

/** GEP-1731 leaves both to the implementation; these are Envoy's. */
const RETRY_ATTEMPTS = 1;
const RETRY_BACKOFF_MS = 25;

export interface RulePlan {
  readonly rule: Rule;
  /** Of `rule.wasmFilters`, in chain order. */
  readonly plugins: readonly Plugin[];
}

/** One route's compilation: what it found on the way. */
export class RuleCompiler implements FilterScope {
  readonly #context: Context;
  readonly #backends: Backends;
  readonly #plugins: Plugins;
  readonly #route: Resource;
  readonly #sound: Soundness;
  readonly #regexes: Map<string, string | null>;
  readonly #names: string[] = [];
  /** Of the rule at hand. */
  #rulePlugins: readonly Plugin[] = NO_PLUGINS;

  /** Backends and mirrors that the rules send to. */
  readonly targets: Target[] = [];
  /** References that do not resolve. */
  readonly faults: Fault[] = [];
  /** `rule 0: why`, for rules left out or answering 500. */
  readonly dropped: string[] = [];

  constructor(route: Resource, sound: Soundness, parts: RuleParts) {
    this.#route = route;
    this.#sound = sound;
    this.#context = parts.context;
    this.#backends = parts.backends;
    this.#plugins = parts.plugins;
    this.#regexes = parts.regexes;
  }

  compile(given: HttpRouteRule, position: number): RulePlan | null {
    const isObject = typeof given === 'object' && given !== null;
    const spec = isObject ? given : {};
    const isTrusted = isObject && this.#trustsMatches(spec, position);
    const matches = isTrusted ? this.#matches(spec, position) : null;
    if (matches === null) {
      if (!isTrusted) this.#warnLeftOut(position);
      this.dropped.push(`rule ${position} is left out: its matches have errors`);
      return null;
    }
    const name = this.#name(spec, position);
    if (this.#sound.any && this.#sound.touches(`spec.rules[${position}]`)) {
      return this.#invalid(name, position, matches);
    }
    return this.#rule(spec, position, name, matches);
  }

  #trustsMatches(spec: HttpRouteRule, position: number): boolean {
    if (!this.#sound.any) return true;
    const path = `spec.rules[${position}]`;
    if (this.#sound.holds(`${path}.matches`)) return false;
    // A misspelt `matches` would make the rule take every request.
    return spec.matches !== undefined || !this.#sound.hasUnknownField(path);
  }

  #matches(spec: HttpRouteRule, position: number): readonly Match[] | null {
    let broken = false;
    const matches = compileMatches(spec.matches, (pattern, at) => {
      const message = this.#checkRegex(pattern);
      if (message === null) return;
      broken = true;
      this.#context.report.error(
        this.#route,
        ['spec', 'rules', position, ...at],
        'bad-regex',
        `not a usable regular expression: ${message}; the rule is left out`,
        'Mend the pattern; the syntax is RE2.',
      );
    });
    return broken ? null : matches;
  }

  #checkRegex(pattern: string): string | null {
    let result = this.#regexes.get(pattern);
    if (result === undefined) {
      result = this.#context.options.checkRegex?.(pattern) ?? null;
      this.#regexes.set(pattern, result);
    }
    return result;
  }

  #warnLeftOut(position: number): void {
    this.#context.report.warning(
      this.#route,
      ['spec', 'rules', position],
      'rule-left-out',
      'the rule is left out: errors make its matches unsure',
      'Mend the errors in the rule; the other rules of the route are served.',
    );
  }

  #name(spec: HttpRouteRule, position: number): string {
    const route = `${this.#route.namespace}/${this.#route.name}`;
    const given = typeof spec.name === 'string' && spec.name !== '' ? spec.name : `${position}`;
    const isRepeated = this.#names.includes(given);
    this.#names.push(given);
    return isRepeated ? `${route}/${given}#${position}` : `${route}/${given}`;
  }

  #invalid(name: string, position: number, matches: readonly Match[]): RulePlan {
    const invalid = 'the rule has errors';
    this.dropped.push(`rule ${position} answers 500: ${invalid}`);
    const rule: Rule = {
      name,
      matches,
      filters: NO_FILTERS,
      wasmFilters: NO_IDS,
      backends: [],
      timeouts: NO_TIMEOUTS,
      retry: null,
      invalid,
    };
    return { rule, plugins: NO_PLUGINS };
  }

  #rule(spec: HttpRouteRule, position: number, name: string, matches: readonly Match[]): RulePlan {
    const path: FieldPath = ['spec', 'rules', position];
    this.#rulePlugins = NO_PLUGINS;
    const { filters, invalid } = compileFilters(spec.filters, this, path);
    const backends = (spec.backendRefs ?? NO_REFS).map((ref, at) => this.#backend(ref, path, at));
    const plugins = this.#attachedPlugins(spec);
    if (invalid !== null) this.dropped.push(`rule ${position} answers 500: ${invalid}`);
    const rule: Rule = {
      name,
      matches,
      filters,
      wasmFilters: plugins.length === 0 ? NO_IDS : plugins.map((plugin) => plugin.id),
      backends,
      timeouts: compileTimeouts(spec.timeouts),
      retry: this.#retry(spec.retry, path),
      invalid,
    };
    if (invalid === null && plugins.length === 0) this.#warnNoBackend(rule, path);
    return { rule, plugins };
  }

  #backend(ref: HttpBackendRef, rule: FieldPath, position: number): BackendRef {
    const weight = ref.weight ?? 1;
    const resolution = this.#backends.resolve(ref, this.#route.namespace);
    if ('fault' in resolution) {
      const { fault } = resolution;
      this.#addFault(fault, [...rule, 'backendRefs', position]);
      return { cluster: '', weight, filters: NO_FILTERS, invalid: fault.message };
    }
    const { cluster } = resolution.target;
    this.#addTarget(resolution.target);
    if (ref.filters === undefined) return { cluster, weight, filters: NO_FILTERS, invalid: null };
    const path = [...rule, 'backendRefs', position];
    const { filters, invalid } = compileFilters(ref.filters, this.#backendScope(), path);
    if (invalid !== null) return { cluster: '', weight, filters: NO_FILTERS, invalid };
    return { cluster, weight, filters, invalid: null };
  }

  /** A backendRef may have every filter but those that run for the rule as a whole. */
  #backendScope(): FilterScope {
    return {
      mirrorCluster: (ref, path) => this.mirrorCluster(ref, path),
      extension: (_, path) => this.unsupported('ExtensionRef on a backendRef', path),
      refused: (filter, path) => this.refused(filter, path),
      unsupported: (type, path) => this.unsupported(type, path),
    };
  }

  #addTarget(target: Target): void {
    if (!this.targets.includes(target)) this.targets.push(target);
  }

  /** Of the route, of the rule by its name, of the Services it sends to, of its ExtensionRefs. */
  #attachedPlugins(spec: HttpRouteRule): readonly Plugin[] {
    if (this.#plugins.none) return inChainOrder(this.#rulePlugins);
    const { namespace, name } = this.#route;
    const found = [...this.#rulePlugins];
    found.push(...this.#plugins.attachedTo('HTTPRoute', `${namespace}/${name}`, spec.name ?? ''));
    for (const ref of spec.backendRefs ?? NO_REFS) {
      const resolution = this.#backends.resolve(ref, namespace);
      if ('fault' in resolution || resolution.target.service === '') continue;
      const { service, portName } = resolution.target;
      found.push(...this.#plugins.attachedTo('Service', service, portName));
    }
    return inChainOrder(found);
  }

  #addFault(fault: Fault, path: FieldPath): void {
    this.faults.push(fault);
    this.#context.report.error(this.#route, path, fault.code, fault.message, fault.remedy);
  }

  mirrorCluster(ref: BackendObjectRef, path: FieldPath): string {
    const resolution = this.#backends.resolve(ref, this.#route.namespace);
    if ('fault' in resolution) {
      this.#addFault(resolution.fault, path);
      return '';
    }
    this.#addTarget(resolution.target);
    return resolution.target.cluster;
  }

  extension(ref: LocalObjectRef, path: FieldPath): string | null {
    const { group, kind } = ref;
    const id = `${this.#route.namespace}/${ref.name}`;
    if (group !== ISTIO_GROUP || kind !== 'WasmPlugin') {
      const message = `an ExtensionRef to ${group}/${kind} is not possible`;
      const remedy = `Use kind WasmPlugin with group ${ISTIO_GROUP}.`;
      this.#addFault({ reason: 'InvalidKind', code: 'invalid-kind', message, remedy }, path);
      return message;
    }
    const plugin = this.#plugins.get(id);
    if (plugin === undefined) {
      const message = `there is no WasmPlugin ${id}`;
      const remedy = 'Write it in the namespace of the route, or mend the name.';
      const code = 'dangling-reference';
      this.#addFault({ reason: 'FilterNotFound', code, message, remedy }, path);
      return message;
    }
    this.#rulePlugins = [...this.#rulePlugins, plugin];
    return null;
  }

  refused(filter: RouteFilter, path: () => FieldPath): string | null {
    const message = this.#context.options.checkFilter?.(filter) ?? null;
    if (message === null) return null;
    const remedy = 'Mend the filter; until then what it guards answers 500.';
    this.#context.report.error(this.#route, path(), 'bad-filter', message, remedy);
    return message;
  }

  unsupported(type: string, path: FieldPath): string {
    const message = `filter ${type} is not served by this version`;
    const remedy = 'Remove the filter; until then what it guards answers 500.';
    this.#context.report.error(this.#route, path, 'not-served', message, remedy);
    return message;
  }

  #retry(spec: HttpRouteRetry | undefined, path: FieldPath): Retry | null {
    if (spec === undefined) return null;
    const attempts = spec.attempts ?? RETRY_ATTEMPTS;
    if (attempts > LIMITS.retriesMax) {
      this.#context.report.warning(
        this.#route,
        [...path, 'retry', 'attempts'],
        'over-limit',
        `${attempts} retries are more than ${LIMITS.retriesMax}, which is what a request gets`,
        `Use at most ${LIMITS.retriesMax}.`,
      );
    }
    return {
      codes: spec.codes ?? [],
      attempts: Math.min(attempts, LIMITS.retriesMax),
      backoffMs: durationMs(spec.backoff, RETRY_BACKOFF_MS),
    };
  }

  #warnNoBackend(rule: Rule, path: FieldPath): void {
    if (rule.backends.some((backend) => backend.weight > 0)) return;
    if (rule.filters.some((filter) => filter.type === 'RequestRedirect')) return;
    this.#context.report.warning(
      this.#route,
      path,
      'no-backend',
      'the rule has no backendRef with a weight above 0: its requests get 500',
      'Add a backendRef, or a RequestRedirect filter.',
    );
  }
}

export interface RuleParts {
  readonly context: Context;
  readonly backends: Backends;
  readonly plugins: Plugins;
  /** What checkRegex said, by pattern. */
  readonly regexes: Map<string, string | null>;
}

function compileTimeouts(spec: HttpRouteTimeouts | undefined): Timeouts {
  if (spec === undefined) return NO_TIMEOUTS;
  return {
    requestMs: durationMs(spec.request, 0),
    backendRequestMs: durationMs(spec.backendRequest, 0),
  };
}
