/** Writes every `testdata/NAME.out.yaml` anew. Run it by hand, then read the difference. */

import { writeFileSync } from 'node:fs';
import { goldenNames, goldenText, TESTDATA } from './golden.ts';

for (const name of goldenNames()) {
  writeFileSync(new URL(`${name}.out.yaml`, TESTDATA), goldenText(name));
}
