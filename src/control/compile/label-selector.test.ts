import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LabelSelector } from '../schema/types.ts';
import { matchesLabels } from './label-selector.ts';

const LABELS = { team: 'shop', tier: 'web' };

const one = (
  key: string,
  operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist',
  values?: readonly string[],
): LabelSelector => ({ matchExpressions: [{ key, operator, ...(values && { values }) }] });

const CASES: readonly (readonly [name: string, selector: LabelSelector, holds: boolean])[] = [
  ['empty', {}, true],
  ['equal', { matchLabels: { team: 'shop' } }, true],
  ['one of two differs', { matchLabels: { team: 'shop', tier: 'db' } }, false],
  ['absent label', { matchLabels: { zone: 'a' } }, false],
  ['In', one('team', 'In', ['pay', 'shop']), true],
  ['In, other value', one('team', 'In', ['pay']), false],
  ['In, absent', one('zone', 'In', ['a']), false],
  ['NotIn', one('team', 'NotIn', ['pay']), true],
  ['NotIn, listed', one('team', 'NotIn', ['shop']), false],
  ['NotIn, absent', one('zone', 'NotIn', ['a']), true],
  ['Exists', one('team', 'Exists'), true],
  ['Exists, absent', one('zone', 'Exists'), false],
  ['DoesNotExist', one('zone', 'DoesNotExist'), true],
  ['DoesNotExist, there', one('team', 'DoesNotExist'), false],
  ['a name of Object.prototype is no label', one('constructor', 'Exists'), false],
  [
    'labels and expressions',
    { matchLabels: { team: 'shop' }, ...one('tier', 'NotIn', ['web']) },
    false,
  ],
];

for (const [name, selector, holds] of CASES) {
  test(`label selector: ${name}`, () => {
    assert.equal(matchesLabels(selector, LABELS), holds);
  });
}
