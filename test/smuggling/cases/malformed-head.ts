/** One row of the tables of heads that must be refused. */

export interface MalformedHead {
  readonly name: string;
  /** latin1. */
  readonly bytes: string;
  readonly status: number;
  /** The word the log shows; several where it depends on how much has come at once. */
  readonly reasons: readonly string[];
}

export function refused(
  name: string,
  bytes: string,
  status: number,
  ...reasons: string[]
): MalformedHead {
  return { name, bytes, status, reasons };
}
