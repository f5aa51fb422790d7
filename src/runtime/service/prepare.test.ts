import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Harness, refusal } from './testing/harness.ts';
import { command, guestBytes, wasm } from './testing/wasm.ts';

test('a command is accepted', async () => {
  const harness = await Harness.start(command());
  assert.deepEqual(harness.run(), { code: null, detail: '', exitCode: 0, stdout: '' });
});

test('what is no command is refused with a remedy', async () => {
  assert.match(await refusal(Buffer.from('<html>')), /not a WebAssembly module/);
  const component = Uint8Array.of(0, 0x61, 0x73, 0x6d, 0x0d, 0, 1, 0);
  assert.match(await refusal(component), /component/);
  assert.match(await refusal(wasm()), /exports no _start: build it as a WASI command/);
  assert.match(await refusal(command({ exports: ['_initialize', 'memory'] })), /is a reactor/);
  assert.match(await refusal(command({ exports: ['_start'] })), /exports no memory/);
  assert.match(
    await refusal(command({ startParameters: 1 })),
    /exports _start as \(i32\)->\(\), a command has \(\)->\(\)/,
  );
  assert.match(await refusal(guestBytes('header-filter')), /reactor|_start/);
});

test('imports that are not preview 1 are named, with both signatures where they differ', async () => {
  assert.match(
    await refusal(command({ imports: [['fd_writ', 4]] })),
    /wasi_snapshot_preview1\.fd_writ: not offered; did you mean fd_write\?/,
  );
  assert.match(
    await refusal(command({ imports: [['sock_accept', 2]] })),
    /sock_accept: the module wants \(i32,i32\)->i32, the host has \(i32,i32,i32\)->i32/,
  );
  assert.match(
    await refusal(command({ imports: [['log', 2]], importModule: 'env' })),
    /env\.log: unknown module/,
  );
});

test('wasi_unstable is preview 1 by another name', async () => {
  const imports = [['sched_yield', 0]] as const;
  // sched_yield; drop
  const harness = await Harness.start(
    command({ imports, importModule: 'wasi_unstable', body: [0x10, 0, 0x1a] }),
  );
  assert.equal(harness.run().code, null);
});

test('a memory that cannot fit its limit is refused', async () => {
  assert.match(await refusal(command({ memory: [0, 17] })), /needs 1114112 bytes of memory/);
});
