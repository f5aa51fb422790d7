/** `tulle tap`: access log lines of a running process as they happen, one JSON object a line. */

import type { Command } from 'commander';
import type { HostPort } from '../app/options.ts';
import { adminOption } from './flags.ts';
import type { CliIo } from './io.ts';

const HELP = `
The process need not write an access log. A line {"missed":N} stands for N lines
that came too fast.

Example:
  tulle tap | jq -c 'select(.status >= 500)'
`;

export function addTap(program: Command, io: CliIo): void {
  program
    .command('tap')
    .summary('watch requests of a running process')
    .description('Prints the access log of a running process as it happens, as JSON lines.')
    .addOption(adminOption())
    .addHelpText('after', HELP)
    .action(async ({ admin }: { admin: HostPort }) => {
      const { streamText } = await import('./admin-client.ts');
      await streamText(admin, '/tap', (text) => {
        io.out(text);
        return !io.outClosed();
      });
    });
}
