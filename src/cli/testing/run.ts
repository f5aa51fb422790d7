import type { CheckReport, UpOptions } from '../../app/options.ts';
import type { CliIo } from '../io.ts';
import { main } from '../main.ts';

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
  /** What `up` was asked for, if it got that far. */
  readonly up: UpOptions | null;
}

export interface RunOptions {
  readonly report?: CheckReport;
  readonly upCode?: number;
  readonly onUp?: (options: UpOptions) => void;
  readonly color?: boolean;
  /** Standard output counts as closed after so many writes. */
  readonly writesMax?: number;
}

/** Runs one command line in this process, with the proxy and the checker stood in for. */
export async function run(argv: readonly string[], options: RunOptions = {}): Promise<Ran> {
  const color = options.color ?? false;
  let out = '';
  let err = '';
  let writes = 0;
  let up: UpOptions | null = null;
  const io: CliIo = {
    out: (text) => {
      out += text;
      writes++;
    },
    err: (text) => {
      err += text;
    },
    outClosed: () => writes >= (options.writesMax ?? Number.POSITIVE_INFINITY),
    outColor: color,
    errColor: color,
    errIsTerminal: color,
  };
  const code = await main(argv, io, {
    runProxy: async (asked) => {
      up = asked;
      options.onUp?.(asked);
      return options.upCode ?? 0;
    },
    checkFiles: async () => options.report ?? { files: 1, resources: 2, problems: [] },
  });
  return { code, out, err, up };
}
