/** Status of Backends: accepted unless the schema found something that is not one endpoint alone. */

import { ACCEPTED, isFalse, isTrue } from '../status/conditions.ts';
import { soundnessOf } from './broken.ts';
import { addStatus, type Context } from './context.ts';
import { TULLE_GROUP } from './groups.ts';

export function addBackendStatus(context: Context): void {
  for (const resource of context.index.all(TULLE_GROUP, 'Backend').values()) {
    const sound = soundnessOf(resource);
    const path = sound.outside(['spec.endpoints']);
    if (path !== null) {
      addStatus(context, resource, [isFalse('Accepted', 'Invalid', `an error at ${path}`)]);
      continue;
    }
    const conditions = sound.any
      ? [ACCEPTED, isTrue('PartiallyInvalid', 'Invalid', 'endpoints with errors are left out')]
      : [ACCEPTED];
    addStatus(context, resource, conditions);
  }
}
