/** The same program under wasmtime must print and exit the same. */

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { Harness } from './testing/harness.ts';
import { guestPath } from './testing/wasm.ts';

const ORACLE = `
import json, os, sys, tempfile
import wasmtime
job = json.load(sys.stdin)
engine = wasmtime.Engine()
module = wasmtime.Module.from_file(engine, job["module"])
results = []
for case in job["cases"]:
    linker = wasmtime.Linker(engine)
    linker.define_wasi()
    store = wasmtime.Store(engine)
    wasi = wasmtime.WasiConfig()
    wasi.argv = job["args"]
    wasi.env = list(case["env"].items())
    with tempfile.TemporaryDirectory() as folder:
        stdin, stdout = os.path.join(folder, "in"), os.path.join(folder, "out")
        with open(stdin, "w") as file:
            file.write(case["stdin"])
        wasi.stdin_file = stdin
        wasi.stdout_file = stdout
        store.set_wasi(wasi)
        exit_code = 0
        try:
            linker.instantiate(store, module).exports(store)["_start"](store)
        except wasmtime.ExitTrap as end:
            exit_code = end.code
        except wasmtime.Trap:
            exit_code = -1
        with open(stdout) as file:
            results.append({"exitCode": exit_code, "stdout": file.read()})
json.dump(results, sys.stdout)
`;

const CASES: readonly {
  readonly path: string;
  readonly query?: string;
  readonly stdin?: string;
}[] = [
  { path: '/hello', query: 'a=b', stdin: 'a body' },
  { path: '/env' },
  { path: '/trap' },
  { path: '/exit3' },
  { path: '/answer-exit3' },
  { path: '/garbage' },
  { path: '/silent' },
  { path: '/empty' },
  { path: '/framing' },
  { path: '/echo', stdin: 'x'.repeat(100_000) },
  { path: '/big', query: '300000' },
  { path: '/file', query: '/nowhere/x' },
  { path: '/write', query: 'x', stdin: 'y' },
];

test('cgi-hello prints and exits as under wasmtime', async (t) => {
  const probe = spawnSync('python3', ['-c', 'import wasmtime'], { encoding: 'utf8' });
  if (probe.status !== 0) {
    t.skip('needs the Python package wasmtime: pip install wasmtime');
    return;
  }
  const cases = CASES.map(({ path, query = '', stdin = '' }) => ({
    env: { PATH_INFO: path, QUERY_STRING: query, REQUEST_METHOD: 'GET' },
    stdin,
  }));
  const oracle = spawnSync('python3', ['-c', ORACLE], {
    encoding: 'utf8',
    input: JSON.stringify({ module: guestPath('cgi-hello'), args: ['guest', 'x'], cases }),
  });
  assert.equal(oracle.status, 0, oracle.stderr);
  const expected = JSON.parse(oracle.stdout) as { exitCode: number; stdout: string }[];
  const harness = await Harness.start('cgi-hello', { args: ['x'] });
  cases.forEach(({ env, stdin }, index) => {
    const { exitCode, stdout } = harness.run(env, stdin);
    assert.deepEqual({ exitCode, stdout }, expected[index], env.PATH_INFO);
  });
});
