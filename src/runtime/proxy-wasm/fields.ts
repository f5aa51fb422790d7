/** Work on flat lists of fields: name, value, name, value..., names in lower case. */

/** The first value of a field. */
export function fieldValue(fields: readonly string[], name: string): string | undefined {
  for (let i = 0; i < fields.length; i += 2) {
    if (fields[i] === name) return fields[i + 1];
  }
  return undefined;
}

/** Takes out every line of a field; true if there was one. */
export function removeField(fields: string[], name: string): boolean {
  let kept = 0;
  for (let i = 0; i < fields.length; i += 2) {
    if (fields[i] === name) continue;
    if (kept !== i) {
      fields[kept] = fields[i] as string;
      fields[kept + 1] = fields[i + 1] as string;
    }
    kept += 2;
  }
  const removed = kept !== fields.length;
  fields.length = kept;
  return removed;
}

/** One line instead of all of that name, behind all others as Envoy has it. */
export function setField(fields: string[], name: string, value: string): void {
  removeField(fields, name);
  fields.push(name, value);
}
