/** Where in the files something stands that was found wrong behind the files. */

import type { Location, Resource } from '../control/resource.ts';

export const NOWHERE: Location = { file: '', line: 0, column: 0 };

/** `id`: `namespace/name`. */
export function resourceOf(
  resources: readonly Resource[],
  kind: string,
  id: string,
): Resource | undefined {
  return resources.find((one) => one.kind === kind && `${one.namespace}/${one.name}` === id);
}
