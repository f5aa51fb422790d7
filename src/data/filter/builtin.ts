/** The filters Gateway API defines, all of them: which configuration makes which filter. */

import type { RouteFilter } from '../../config/route.ts';
import type { HeadFilter } from './contract.ts';
import { cors, corsProblem } from './cors/filter.ts';
import { headerModifierProblem } from './header-edits.ts';
import {
  requestHeaderModifier,
  requestHeaderModifierProblem,
} from './request-header-modifier/filter.ts';
import { requestRedirect, requestRedirectProblem } from './request-redirect/filter.ts';
import { responseHeaderModifier } from './response-header-modifier/filter.ts';
import { urlRewrite, urlRewriteProblem } from './url-rewrite/filter.ts';

/** The filters of a rule or backendRef, in order. Mirrors are not among them: the exchange sends copies. */
export function buildHeadFilters(filters: readonly RouteFilter[]): HeadFilter[] {
  const built: HeadFilter[] = [];
  for (const filter of filters) {
    const made = buildHeadFilter(filter);
    if (made !== null) built.push(made);
  }
  return built;
}

function buildHeadFilter(filter: RouteFilter): HeadFilter | null {
  switch (filter.type) {
    case 'RequestHeaderModifier':
      return requestHeaderModifier(filter);
    case 'ResponseHeaderModifier':
      return responseHeaderModifier(filter);
    case 'RequestRedirect':
      return requestRedirect(filter);
    case 'URLRewrite':
      return urlRewrite(filter);
    case 'CORS':
      return cors(filter);
    case 'RequestMirror':
      return null;
  }
}

/**
 * Why a filter cannot be used, with a remedy, or null. For whoever reads configuration: a filter
 * that is built in spite of a problem leaves out the part at fault.
 */
export function headFilterProblem(filter: RouteFilter): string | null {
  switch (filter.type) {
    case 'RequestHeaderModifier':
      return requestHeaderModifierProblem(filter);
    case 'ResponseHeaderModifier':
      return headerModifierProblem(filter);
    case 'RequestRedirect':
      return requestRedirectProblem(filter);
    case 'URLRewrite':
      return urlRewriteProblem(filter);
    case 'CORS':
      return corsProblem(filter);
    case 'RequestMirror':
      return null;
  }
}
