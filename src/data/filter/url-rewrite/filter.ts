/** URLRewrite (Gateway API): gives the request another host or path on its way to the backend. */

import type { UrlRewrite } from '../../../config/route.ts';
import { hostProblem, usableHost } from '../authority.ts';
import type { HeadFilter, MatchedRequest } from '../contract.ts';
import { editTarget, type PathEdit, pathEdit, pathModifierProblem } from '../path-modifier.ts';

export function urlRewrite(config: UrlRewrite): HeadFilter {
  return new UrlRewriteFilter(config);
}

/** Why the filter cannot be used, with a remedy, or null. */
export function urlRewriteProblem({ hostname, path }: UrlRewrite): string | null {
  const problem = hostname === '' ? null : hostProblem(hostname);
  return problem ?? (path === null ? null : pathModifierProblem(path));
}

class UrlRewriteFilter implements HeadFilter {
  readonly #authority: string;
  readonly #path: PathEdit | null;

  constructor({ hostname, path }: UrlRewrite) {
    this.#authority = usableHost(hostname);
    this.#path = pathEdit(path);
  }

  request({ head, matchedPrefix }: MatchedRequest): null {
    if (this.#authority !== '') head.authority = this.#authority;
    if (this.#path !== null) head.target = editTarget(this.#path, head.target, matchedPrefix);
    return null;
  }
}
