/** RequestHeaderModifier (Gateway API): edits the request's fields; setting `host` sets the authority. */

import type { HeaderModifier } from '../../../config/route.ts';
import { hostProblem, usableHost } from '../authority.ts';
import type { HeadFilter, MatchedRequest } from '../contract.ts';
import { HeaderEdits, headerModifierProblem } from '../header-edits.ts';

export function requestHeaderModifier(modifier: HeaderModifier): HeadFilter {
  return new RequestHeaderModifierFilter(modifier);
}

/** Why the filter cannot be used, with a remedy, or null. */
export function requestHeaderModifierProblem(modifier: HeaderModifier): string | null {
  if (modifier.remove.includes('host') || modifier.add.some(([name]) => name === 'host')) {
    return 'a request has exactly one host; use set to change it';
  }
  const host = hostOf(modifier);
  return headerModifierProblem(modifier) ?? (host === null ? null : hostProblem(host));
}

class RequestHeaderModifierFilter implements HeadFilter {
  /** '' keeps the request's. Heads hold it apart from the fields. */
  readonly #authority: string;
  readonly #edits: HeaderEdits;

  constructor(modifier: HeaderModifier) {
    this.#authority = usableHost(hostOf(modifier) ?? '');
    this.#edits = new HeaderEdits({
      set: modifier.set.filter(([name]) => name !== 'host'),
      add: modifier.add.filter(([name]) => name !== 'host'),
      remove: modifier.remove,
    });
  }

  request({ head }: MatchedRequest): null {
    if (this.#authority !== '') head.authority = this.#authority;
    this.#edits.apply(head.fields);
    return null;
  }
}

function hostOf(modifier: HeaderModifier): string | null {
  return modifier.set.find(([name]) => name === 'host')?.[1] ?? null;
}
