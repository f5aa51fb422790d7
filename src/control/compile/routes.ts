/**
 * HTTPRoutes: rules compiled once, then put into each listener they attach to. What depends on the
 * listener (redirect ports, filters that the Gateway already runs) is filled in per listener, and
 * only for the routes that need it.
 */

import type { RouteFilter, Rule } from '../../config/route.ts';
import type { Resource } from '../resource.ts';
import type { HttpRouteSpec } from '../schema/types-http-route.ts';
import { ACCEPTED, isFalse, isTrue, RESOLVED } from '../status/conditions.ts';
import type { Condition, ParentStatus } from '../status/status.ts';
import { type Attacher, type Attachment, parentReference, reportRefusal } from './attach.ts';
import { type Soundness, soundnessOf } from './broken.ts';
import { isServed } from './conflicts.ts';
import { addStatus, keyOf } from './context.ts';
import type { ListenerPlan } from './gateways.ts';
import { GATEWAY_GROUP } from './groups.ts';
import { specOf } from './resource-index.ts';
import { RuleCompiler, type RuleParts, type RulePlan } from './rules.ts';

/** `filtersOf`: ids of the filters that a listener runs for every request. */
export interface RouteInputs extends RuleParts {
  readonly attacher: Attacher;
  readonly filtersOf: (listener: ListenerPlan) => readonly string[];
}

interface RoutePlan {
  readonly resource: Resource;
  readonly spec: HttpRouteSpec;
  readonly hostnames: readonly string[];
  readonly plans: readonly RulePlan[];
  readonly rules: readonly Rule[];
  readonly isPortDependent: boolean;
  readonly compiler: RuleCompiler;
  /** Of `rules`, by what they depend on. */
  variants: Map<string, readonly Rule[]> | null;
}

/** In order of precedence, which is the order in each listener. */
export function compileRoutes(inputs: RouteInputs): void {
  const { context } = inputs;
  for (const resource of context.index.all(GATEWAY_GROUP, 'HTTPRoute').values()) {
    const sound = soundnessOf(resource);
    const spec = specOf<HttpRouteSpec>(resource);
    const broken = sound.any ? sound.outside(rulePaths(spec)) : null;
    if (broken !== null) {
      const message = `an error at ${broken === '' ? 'its top' : broken} keeps the route out`;
      addStatus(context, resource, [isFalse('Accepted', 'UnsupportedValue', message)]);
      continue;
    }
    attachRoute(inputs, planRoute(inputs, resource, spec, sound));
  }
}

function rulePaths({ rules }: HttpRouteSpec): readonly string[] {
  return Array.isArray(rules) ? rules.map((_, position) => `spec.rules[${position}]`) : [];
}

/** The specification's default for `rules`. */
const ONE_RULE = [{}];

function planRoute(
  inputs: RouteInputs,
  resource: Resource,
  spec: HttpRouteSpec,
  sound: Soundness,
): RoutePlan {
  const compiler = new RuleCompiler(resource, sound, inputs);
  const plans: RulePlan[] = [];
  const rules = spec.rules === undefined || spec.rules.length === 0 ? ONE_RULE : spec.rules;
  for (const [position, rule] of rules.entries()) {
    const plan = compiler.compile(rule, position);
    if (plan !== null) plans.push(plan);
  }
  return {
    resource,
    spec,
    hostnames: (spec.hostnames ?? NO_HOSTNAMES).map((hostname) => hostname.toLowerCase()),
    plans,
    rules: plans.map((plan) => plan.rule),
    isPortDependent: plans.some(dependsOnPort),
    compiler,
    variants: null,
  };
}

const NO_HOSTNAMES: readonly string[] = [];
const NO_CONDITIONS: readonly Condition[] = [];

function attachRoute(inputs: RouteInputs, plan: RoutePlan): void {
  const { context, attacher } = inputs;
  const { resource, spec } = plan;
  const parentRefs = spec.parentRefs ?? [];
  if (parentRefs.length === 0) {
    const message = 'the route names no parent, so no listener serves it';
    const remedy = 'Add parentRefs: [{name: GATEWAY}].';
    context.report.error(resource, ['spec', 'parentRefs'], 'not-attached', message, remedy);
    addStatus(context, resource, [isFalse('Accepted', 'NoMatchingParent', message)]);
    return;
  }
  const verdict = verdictOf(plan);
  const parents: ParentStatus[] = [];
  const attached: ListenerPlan[] = [];
  for (const [position, ref] of parentRefs.entries()) {
    const outcome = attacher.attach(resource, ref, plan.hostnames);
    if ('refusal' in outcome && outcome.refusal === 'foreign') continue;
    let conditions: readonly Condition[] = verdict;
    if ('attachments' in outcome) {
      join(inputs, plan, outcome.attachments, attached);
    } else if (outcome.refusal !== 'foreign') {
      const { reason, message } = outcome.refusal;
      conditions = [isFalse('Accepted', reason, message), ...verdict.slice(1)];
      reportRefusal(context, resource, position, outcome.refusal);
    }
    parents.push({ ref: parentReference(resource, ref), conditions });
  }
  addStatus(context, resource, NO_CONDITIONS, { parents });
}

const ALL_GOOD: readonly Condition[] = [ACCEPTED, RESOLVED];

/** Accepted first; what the rules say of themselves, whatever the parent. */
function verdictOf({ plans, compiler }: RoutePlan): readonly Condition[] {
  const { faults, dropped } = compiler;
  if (faults.length === 0 && dropped.length === 0) return ALL_GOOD;
  const [fault] = faults;
  const resolved =
    fault === undefined
      ? RESOLVED
      : isFalse('ResolvedRefs', fault.reason, faults.map(({ message }) => message).join('; '));
  if (dropped.length === 0) return [ACCEPTED, resolved];
  const message = `Dropped Rule: ${dropped.join('; ')}`;
  if (plans.every(({ rule }) => rule.invalid !== null)) {
    return [isFalse('Accepted', 'UnsupportedValue', message), resolved];
  }
  return [ACCEPTED, resolved, isTrue('PartiallyInvalid', 'UnsupportedValue', message)];
}

/** A listener takes a route once, however many parentRefs lead to it. */
function join(
  inputs: RouteInputs,
  plan: RoutePlan,
  attachments: readonly Attachment[],
  attached: ListenerPlan[],
): void {
  const isAccepted = plan.plans.some(({ rule }) => rule.invalid === null);
  for (const { listener, hostnames } of attachments) {
    if (attached.includes(listener)) continue;
    attached.push(listener);
    if (isAccepted) listener.attachedRoutes += 1;
    if (!isServed(listener) || plan.rules.length === 0) continue;
    const filters = inputs.filtersOf(listener);
    listener.routes.push({
      name: keyOf(plan.resource),
      hostnames,
      rules: rulesFor(plan, listener, filters),
    });
    useParts(inputs, plan, listener);
  }
}

function useParts(inputs: RouteInputs, plan: RoutePlan, listener: ListenerPlan): void {
  for (const target of plan.compiler.targets) inputs.backends.use(target);
  for (const { plugins } of plan.plans) {
    for (const plugin of plugins) {
      if (plugin.ports === null || plugin.ports.has(listener.port)) inputs.plugins.use(plugin);
    }
  }
}

/** The same array wherever nothing differs, so that a snapshot holds it once. */
function rulesFor(
  plan: RoutePlan,
  listener: ListenerPlan,
  filters: readonly string[],
): readonly Rule[] {
  const repeated = filters.length === 0 ? [] : filters.filter((id) => runs(plan, id));
  if (!plan.isPortDependent && repeated.length === 0) return plan.rules;
  const key = [plan.isPortDependent ? listener.port : '', ...repeated].join(' ');
  plan.variants ??= new Map();
  let rules = plan.variants.get(key);
  if (rules === undefined) {
    rules = plan.plans.map((rule) => specialise(rule, listener.port, repeated));
    plan.variants.set(key, rules);
  }
  return rules;
}

function runs({ rules }: RoutePlan, id: string): boolean {
  return rules.some((rule) => rule.wasmFilters.includes(id));
}

function dependsOnPort({ rule, plugins }: RulePlan): boolean {
  return (
    rule.filters.some(isRedirect) ||
    rule.backends.some((backend) => backend.filters.some(isRedirect)) ||
    plugins.some((plugin) => plugin.ports !== null)
  );
}

function isRedirect(filter: RouteFilter): boolean {
  return filter.type === 'RequestRedirect';
}

/** `repeated`: filters that the listener runs already. */
function specialise({ rule, plugins }: RulePlan, port: number, repeated: readonly string[]): Rule {
  const withPort = (filter: RouteFilter): RouteFilter =>
    filter.type === 'RequestRedirect' ? { ...filter, listenerPort: port } : filter;
  return {
    ...rule,
    filters: rule.filters.map(withPort),
    backends: rule.backends.map((backend) => ({
      ...backend,
      filters: backend.filters.map(withPort),
    })),
    wasmFilters: plugins
      .filter(({ id, ports }) => (ports === null || ports.has(port)) && !repeated.includes(id))
      .map((plugin) => plugin.id),
  };
}
