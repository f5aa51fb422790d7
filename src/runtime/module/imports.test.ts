import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { checkImports, type HostTable } from './imports.ts';
import type { ExternKind, ModuleShape } from './shape.ts';

const HOST: HostTable = { env: { proxy_log: '(i32,i32,i32)->i32', proxy_done: '()->i32' } };

function wanting(
  module: string,
  name: string,
  signature: string,
  kind: ExternKind = 'function',
): ModuleShape {
  return { imports: [{ module, name, kind, signature }], exports: [], memories: [], customs: [] };
}

describe('imports', () => {
  it('finds nothing wrong with what is offered', () => {
    assert.deepEqual(checkImports(wanting('env', 'proxy_log', '(i32,i32,i32)->i32'), HOST), []);
  });

  it('shows both signatures of a mismatch', () => {
    assert.deepEqual(checkImports(wanting('env', 'proxy_log', '(i32)->i32'), HOST), [
      'import env.proxy_log: the module wants (i32)->i32, the host has (i32,i32,i32)->i32',
    ]);
  });

  it('names the nearest function and module', () => {
    assert.deepEqual(checkImports(wanting('env', 'proxy_lgo', '()->i32'), HOST), [
      'import env.proxy_lgo: not offered; did you mean proxy_log?',
    ]);
    assert.deepEqual(checkImports(wanting('enf', 'proxy_log', '()->i32'), HOST), [
      'import enf.proxy_log: unknown module; did you mean env?',
    ]);
    assert.deepEqual(checkImports(wanting('wasmedge_tensorflow', 'run', '()->()'), HOST), [
      'import wasmedge_tensorflow.run: unknown module',
    ]);
  });

  it('refuses memories, tables and globals', () => {
    const [problem] = checkImports(wanting('env', 'memory', '', 'memory'), HOST);
    assert.match(problem ?? '', /functions only, this is a memory/);
  });

  it('is not fooled by names every object has', () => {
    assert.match(
      checkImports(wanting('env', 'constructor', '()->()'), HOST)[0] ?? '',
      /not offered/,
    );
    assert.match(
      checkImports(wanting('__proto__', 'toString', '()->()'), HOST)[0] ?? '',
      /unknown/,
    );
  });
});
