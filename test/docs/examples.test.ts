/** The examples hold: they are checked, their comments say what to run, and that is run. */

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { checkFiles } from '../../src/app/check.ts';
import { formatProblem } from '../../src/control/schema/report.ts';
import { ROOT } from './support/pages.ts';
import { openSession, type Session } from './support/session.ts';

const EXAMPLES = join(ROOT, 'examples');
const FILES = readdirSync(EXAMPLES).filter((name) => name.endsWith('.yaml'));
const SHOP = readdirSync(join(EXAMPLES, 'shop'));

const skip = spawnSync('curl', ['--version']).status === 0 ? false : 'needs curl';

/** `#   command`, as the head of an example has them. */
function commandsOf(text: string): string[] {
  return [...text.matchAll(/^# {3}(.+)$/gm)].map(([, command = '']) => command);
}

/** The examples, on ports of the session. */
async function lay(session: Session): Promise<void> {
  cpSync(join(EXAMPLES, 'modules'), join(session.dir, 'examples/modules'), { recursive: true });
  for (const name of [...FILES, ...SHOP.map((one) => `shop/${one}`)]) {
    await session.write(`examples/${name}`, readFileSync(join(EXAMPLES, name), 'utf8'));
  }
}

describe('examples', { concurrency: 2 }, () => {
  for (const name of [...FILES, 'shop']) {
    it(`${name} is without a problem`, async () => {
      const { problems, resources } = await checkFiles([join(EXAMPLES, name)]);
      assert.deepEqual(problems.map(formatProblem), []);
      assert.ok(resources > 2);
    });
  }

  it('have the modules that are tested', () => {
    for (const name of readdirSync(join(EXAMPLES, 'modules'))) {
      const tested = readFileSync(join(ROOT, 'test/guests', name));
      const shown = readFileSync(join(EXAMPLES, 'modules', name));
      assert.ok(tested.equals(shown), `${name} differs: npm run build:guests`);
    }
  });

  for (const name of FILES) {
    it(`${name} does what its comment says`, { skip }, async () => {
      const commands = commandsOf(readFileSync(join(EXAMPLES, name), 'utf8'));
      assert.ok(commands.some((command) => command.startsWith('tulle up ')));
      const session = await openSession();
      try {
        await lay(session);
        for (const command of commands) {
          const printed = await session.run(`${command.replace(/^tulle /, 'npx tulle ')}\n`);
          if (command.includes('curl')) assert.doesNotMatch(printed(), /x-tulle-error|^HTTP.* 5/m);
        }
      } finally {
        await session.close();
      }
    });
  }

  it('shop answers what it says to try', { skip }, async () => {
    const session = await openSession();
    try {
      await lay(session);
      const served = await session.run('npx tulle up -f examples/shop\n');
      for (let left = 250; left > 0 && !served().includes('serving'); left--) await sleep(20);
      const lines = served()
        .split('\n')
        .filter((line) => line.startsWith('  curl '));
      assert.ok(lines.length >= 4);
      const statuses: (string | undefined)[] = [];
      for (const line of lines) {
        const printed = await session.run(line.replace('curl -s ', 'curl -si '));
        statuses.push(/^HTTP\/1\.1 (\d+)/m.exec(printed())?.[1]);
      }
      assert.deepEqual(statuses, ['200', '200', '200', '403', '301']);
    } finally {
      await session.close();
    }
  });
});
