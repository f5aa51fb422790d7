/** ResponseHeaderModifier (Gateway API): edits the answer's fields. */

import type { HeaderModifier } from '../../../config/route.ts';
import type { ResponseHead } from '../../codec/head.ts';
import type { HeadFilter } from '../contract.ts';
import { HeaderEdits } from '../header-edits.ts';

export function responseHeaderModifier(modifier: HeaderModifier): HeadFilter {
  return new ResponseHeaderModifierFilter(modifier);
}

class ResponseHeaderModifierFilter implements HeadFilter {
  readonly #edits: HeaderEdits;

  constructor(modifier: HeaderModifier) {
    this.#edits = new HeaderEdits(modifier);
  }

  response(head: ResponseHead): void {
    this.#edits.apply(head.fields);
  }
}
