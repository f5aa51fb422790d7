/**
 * Which listeners a route attaches to: parentRef > Gateway > listeners by sectionName and port >
 * allowedRoutes > hostnames. Each step that leaves nothing has a reason of its own.
 */

import type { FieldPath, Resource } from '../resource.ts';
import type { ParentRef } from '../schema/types-http-route.ts';
import type { ParentReference, Reason } from '../status/status.ts';
import type { Context } from './context.ts';
import type { GatewayPlan, ListenerPlan } from './gateways.ts';
import { GATEWAY_GROUP } from './groups.ts';
import { narrowHostnames } from './hostname.ts';
import { matchesLabels } from './label-selector.ts';

export interface Attachment {
  readonly listener: ListenerPlan;
  /** Of the route, narrowed to the listener's. */
  readonly hostnames: readonly string[];
}

export type ParentOutcome =
  | { readonly attachments: readonly Attachment[] }
  /** `foreign`: the Gateway is another controller's, so its status is not ours to write. */
  | { readonly refusal: { readonly reason: Reason; readonly message: string } | 'foreign' };

export class Attacher {
  readonly #context: Context;
  readonly #gateways: ReadonlyMap<string, GatewayPlan>;
  /** `listener namespace` that allowedRoutes lets in or not. */
  readonly #admissions = new Map<ListenerPlan, Map<string, boolean>>();

  constructor(context: Context, gateways: readonly GatewayPlan[]) {
    this.#context = context;
    this.#gateways = new Map(gateways.map((gateway) => [gateway.key, gateway]));
  }

  attach(route: Resource, ref: ParentRef, hostnames: readonly string[]): ParentOutcome {
    const group = ref.group ?? GATEWAY_GROUP;
    const kind = ref.kind ?? 'Gateway';
    if (group !== GATEWAY_GROUP || kind !== 'Gateway') {
      return refuse(
        'InvalidKind',
        `a parent of kind ${group}/${kind} is not served by this version`,
      );
    }
    const key = `${ref.namespace ?? route.namespace}/${ref.name}`;
    const gateway = this.#gateways.get(key);
    if (gateway === undefined) {
      const exists = this.#context.index.get(GATEWAY_GROUP, 'Gateway', key) !== undefined;
      return exists
        ? { refusal: 'foreign' }
        : refuse('NoMatchingParent', `there is no Gateway ${key}`);
    }
    const selected = gateway.listeners.filter(
      (listener) =>
        (ref.sectionName === undefined || listener.section === ref.sectionName) &&
        (ref.port === undefined || listener.port === ref.port),
    );
    if (selected.length === 0) return refuse('NoMatchingParent', noListener(key, ref));
    const allowing = selected.filter((listener) => this.#allows(listener, route.namespace));
    if (allowing.length === 0)
      return refuse('NotAllowedByListeners', this.#whyNot(selected, route));
    const attachments: Attachment[] = [];
    for (const listener of allowing) {
      const narrowed = narrowHostnames(listener.hostname, hostnames);
      if (narrowed !== null) attachments.push({ listener, hostnames: narrowed });
    }
    if (attachments.length > 0) return { attachments };
    const hosts = allowing.map((listener) => listener.hostname).join(', ');
    return refuse('NoMatchingListenerHostname', `no hostname of the route is among ${hosts}`);
  }

  #allows(listener: ListenerPlan, namespace: string): boolean {
    if (listener.supportedKinds.length === 0) return false;
    let admissions = this.#admissions.get(listener);
    if (admissions === undefined) {
      admissions = new Map();
      this.#admissions.set(listener, admissions);
    }
    let isAllowed = admissions.get(namespace);
    if (isAllowed === undefined) {
      isAllowed = this.#admits(listener, namespace);
      admissions.set(namespace, isAllowed);
    }
    return isAllowed;
  }

  #admits({ allowedRoutes, gateway }: ListenerPlan, namespace: string): boolean {
    const { from = 'Same', selector } = allowedRoutes?.namespaces ?? {};
    if (from === 'All') return true;
    if (from === 'Same') return gateway.resource.namespace === namespace;
    if (from !== 'Selector' || selector === undefined) return false;
    return matchesLabels(selector, this.#context.labelsOf(namespace));
  }

  #whyNot(selected: readonly ListenerPlan[], route: Resource): string {
    const reasons = selected.map((listener) => {
      if (listener.supportedKinds.length > 0) {
        return `listener ${listener.name} does not let in routes of namespace ${route.namespace}`;
      }
      const why = listener.refused?.message ?? 'it allows other kinds of route only';
      return `listener ${listener.name} takes no HTTPRoute: ${why}`;
    });
    return reasons.join('; ');
  }
}

function refuse(reason: Reason, message: string): ParentOutcome {
  return { refusal: { reason, message } };
}

function noListener(key: string, ref: ParentRef): string {
  const section = ref.sectionName === undefined ? '' : ` named ${ref.sectionName}`;
  const port = ref.port === undefined ? '' : ` on port ${ref.port}`;
  return `Gateway ${key} has no listener${section}${port}`;
}

const REMEDIES: Partial<Record<Reason, string>> = {
  InvalidKind: 'Use a parent of kind Gateway.',
  NoMatchingParent: 'Write the Gateway or the listener, or mend name, sectionName or port.',
  NotAllowedByListeners:
    'Set allowedRoutes.namespaces.from of the listener to All or to a Selector that takes the namespace.',
  NoMatchingListenerHostname: 'Make a hostname of the route fall under the listener hostname.',
};

/** Notes why a parent refused the route. */
export function reportRefusal(
  context: Context,
  route: Resource,
  position: number,
  { reason, message }: { readonly reason: Reason; readonly message: string },
): void {
  const path: FieldPath = ['spec', 'parentRefs', position];
  const isMissing = reason === 'NoMatchingParent';
  const code = isMissing
    ? 'dangling-reference'
    : reason === 'InvalidKind'
      ? 'invalid-kind'
      : 'not-attached';
  context.report.error(route, path, code, message, REMEDIES[reason] ?? '');
}

export function parentReference(route: Resource, ref: ParentRef): ParentReference {
  return {
    group: ref.group ?? GATEWAY_GROUP,
    kind: ref.kind ?? 'Gateway',
    namespace: ref.namespace ?? route.namespace,
    name: ref.name,
    sectionName: ref.sectionName ?? '',
    port: ref.port ?? 0,
  };
}
