/**
 * The open loop as a process of its own, so that it can have a core and a priority of its own. The plan is
 * the argument, in JSON. It runs until a line arrives on standard input (or that is closed), then prints
 * its result as one line of JSON.
 */

import { systemClock } from '../../src/base/clock.ts';
import { OpenLoop, type OpenLoopPlan } from './open-loop.ts';

const plan = JSON.parse(process.argv[2] ?? '{}') as OpenLoopPlan;
const loop = new OpenLoop(plan, systemClock);
loop.start();

await new Promise((resolve) => {
  process.stdin.once('data', resolve);
  process.stdin.once('end', resolve);
});
const result = await loop.stop();
process.stdout.write(`${JSON.stringify(result)}\n`, () => process.exit(0));
