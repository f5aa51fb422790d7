/** What came of a snapshot in one worker; structured clone safe. */

export interface Applied {
  readonly bindFailures: readonly BindFailure[];
  readonly filterFailures: readonly FilterFailure[];
}

/** An address that could not be listened on. */
export interface BindFailure {
  readonly address: string;
  readonly port: number;
  /** The system's code: EADDRINUSE, EACCES... */
  readonly code: string;
}

/** A filter whose configured version does not start; the version before, if any, still runs. */
export interface FilterFailure {
  /** `namespace/name`. */
  readonly id: string;
  readonly problem: string;
}
