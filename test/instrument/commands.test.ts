/** Real programs write the same and exit the same with a counter as without. */

import assert from 'node:assert/strict';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { WASI } from 'node:wasi';
import { onSliceUsed } from '../../src/runtime/instance/cpu-limit.ts';
import { SLICE } from '../../src/runtime/module/instrument/costs.ts';
import { instrument } from '../../src/runtime/module/instrument/instrument.ts';
import { guestBytes } from '../../src/runtime/module/testing/guests.ts';

const PATHS = ['/', '/throw', '/later', '/nothing', '/headers'];

let folder = '';

before(() => {
  folder = mkdtempSync(join(tmpdir(), 'tulle-commands-'));
});

after(() => rmSync(folder, { recursive: true }));

function counted(bytes: Uint8Array): Uint8Array {
  const result = instrument(bytes);
  if ('reason' in result) assert.fail(result.reason);
  return result;
}

/** One run as a CGI program: exit code and output. */
function answer(module: WebAssembly.Module, path: string): string {
  const file = join(folder, 'output');
  const stdout = openSync(file, 'w');
  const stdin = openSync('/dev/null', 'r');
  const env = { REQUEST_METHOD: 'GET', PATH_INFO: path, QUERY_STRING: 'a=1', HTTP_X_HELLO: 'x' };
  const wasi = new WASI({
    version: 'preview1',
    env,
    stdin,
    stdout,
    stderr: stdout,
    returnOnExit: true,
  });
  const imports = wasi.getImportObject() as WebAssembly.Imports;
  const instance = new WebAssembly.Instance(module, imports);
  onSliceUsed(instance, () => SLICE);
  const code = wasi.start(instance);
  closeSync(stdout);
  closeSync(stdin);
  return `${code} ${readFileSync(file, 'utf8')}`;
}

describe('programs with a counter', () => {
  for (const guest of ['cgi-hello', 'js-hello']) {
    it(`${guest} answers the same`, () => {
      const bytes = guestBytes(guest);
      const [plain, rewritten] = [bytes, counted(bytes)].map((one) => new WebAssembly.Module(one));
      assert.ok(plain !== undefined && rewritten !== undefined);
      for (const path of PATHS) {
        const expected = answer(plain, path);
        assert.ok(expected.length > 10, expected);
        assert.equal(answer(rewritten, path), expected);
      }
    });
  }
});
