/** The terminal as a verb sees it, so that tests can stand in for it. */

export interface CliIo {
  /** To standard output, as it is. */
  out(text: string): void;
  /** To standard error, as it is. */
  err(text: string): void;
  /** The reader of standard output has gone (`| head`). */
  outClosed(): boolean;
  /** Whether colours help whoever reads. */
  readonly outColor: boolean;
  readonly errColor: boolean;
  /** Standard error is a terminal. */
  readonly errIsTerminal: boolean;
}

/** Exit codes of all verbs. */
export const EXIT_OK = 0;
/** The verb ran and found something wrong. */
export const EXIT_PROBLEM = 1;
/** It could not run as asked. */
export const EXIT_USAGE = 2;

/** A mistake of the user's, told in one line; ends the command. */
export class CliError extends Error {
  readonly exitCode: number;

  constructor(message: string, exitCode: number = EXIT_USAGE) {
    super(message);
    this.exitCode = exitCode;
  }
}

export function systemIo(): CliIo {
  const { stdout, stderr, env } = process;
  const mayColor = (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb';
  let closed = false;
  // Whoever read it has gone; a proxy goes on without its log.
  stderr.on('error', () => {});
  stdout.on('error', (error: NodeJS.ErrnoException) => {
    closed = true;
    if (error.code !== 'EPIPE') stderr.write(`tulle: cannot write the output: ${error.message}\n`);
  });
  return {
    out: (text) => stdout.write(text),
    outClosed: () => closed,
    err: (text) => stderr.write(text),
    outColor: mayColor && stdout.isTTY === true,
    errColor: mayColor && stderr.isTTY === true,
    errIsTerminal: stderr.isTTY === true,
  };
}
