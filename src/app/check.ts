/**
 * `tulle check`: reads, compiles and loads modules as `tulle up` does, and serves nothing. It fetches
 * nothing either: of a module from elsewhere only its reference is checked.
 */

import { FileControl } from '../control/control-plane.ts';
import { headFilterProblem } from '../data/filter/builtin.ts';
import { checkRegex } from '../data/route/regex.ts';
import { GuestLoader } from './guest-loader.ts';
import { guestProblems } from './guest-problems.ts';
import type { CheckReport } from './options.ts';

export async function checkFiles(paths: readonly string[]): Promise<CheckReport> {
  const control = new FileControl({
    paths,
    checkRegex,
    checkFilter: headFilterProblem,
    env: (name) => process.env[name],
  });
  const guests = await new GuestLoader(null).load(control.load());
  return {
    files: control.files.length,
    resources: control.resources.length,
    problems: [...control.problems, ...guestProblems(guests, control.resources)],
  };
}
