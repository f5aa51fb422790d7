/** `tulle drain`: a running process stops accepting, finishes what is in flight and exits. */

import type { Command } from 'commander';
import type { HostPort } from '../app/options.ts';
import { adminOption } from './flags.ts';
import type { CliIo } from './io.ts';

export function addDrain(program: Command, io: CliIo): void {
  program
    .command('drain')
    .summary('let a running process finish and exit')
    .description(
      'The process stops accepting, finishes what is in flight and exits, as at SIGTERM.',
    )
    .addOption(adminOption())
    .action(async ({ admin }: { admin: HostPort }) => {
      const { addressText, askJson } = await import('./admin-client.ts');
      await askJson(admin, 'POST', '/drain');
      io.out(`${addressText(admin)} drains\n`);
    });
}
