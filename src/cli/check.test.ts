import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { checkFiles } from '../app/check.ts';
import type { Problem } from '../control/resource.ts';
import { run } from './testing/run.ts';

const directory = mkdtempSync(join(tmpdir(), 'tulle-check-'));
after(() => rmSync(directory, { recursive: true }));

const problem = (severity: Problem['severity']): Problem => ({
  severity,
  code: 'unknown-field',
  resource: 'HTTPRoute default/shop',
  path: 'spec.nam',
  location: { file: 'a.yaml', line: 3, column: 5 },
  message: 'unknown field "nam"',
  remedy: 'Known here: name.',
});

test('no problem: a summary and 0', async () => {
  const { code, out } = await run(['check', '-f', directory]);
  assert.equal(code, 0);
  assert.equal(out, '2 resources in 1 file: no problem\n');
});

test('an error: its place, the remedy and 1', async () => {
  const problems = [problem('error'), problem('warning'), problem('error')];
  const report = { files: 2, resources: 1, problems };
  const { code, out } = await run(['check', '-f', directory], { report });
  assert.equal(code, 1);
  assert.ok(
    out.startsWith(
      'a.yaml:3:5: error: HTTPRoute default/shop: spec.nam: unknown field "nam"\n    Known here: name.\n',
    ),
  );
  assert.ok(out.endsWith('1 resource in 2 files: 2 errors, 1 warning\n'));
});

test('warnings alone are 0; colours mark the severity', async () => {
  const report = { files: 1, resources: 1, problems: [problem('warning')] };
  const { code, out } = await run(['check', '-f', directory], { report, color: true });
  assert.equal(code, 0);
  assert.ok(out.includes('\u001B[33mwarning:\u001B[0m'));
  assert.ok(out.endsWith('1 warning\n'));
});

test('JSON has the counts and every problem', async () => {
  const report = { files: 1, resources: 1, problems: [problem('error')] };
  const { code, out } = await run(['check', '-f', directory, '-o', 'json'], { report });
  assert.equal(code, 1);
  assert.deepEqual(JSON.parse(out), {
    ok: false,
    files: 1,
    resources: 1,
    errors: 1,
    warnings: 0,
    problems: [problem('error')],
  });
});

function write(name: string, text: string): string {
  const path = join(directory, name);
  writeFileSync(path, text);
  return path;
}

const MESH = `
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: edge}
spec:
  gatewayClassName: tulle
  listeners: [{name: http, port: 8080, protocol: HTTP}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: shop}
spec:
  parentRefs: [{name: edge}]
  rules:
  - backendRefs: [{group: tulle.dev, kind: Backend, name: legacy}]
---
apiVersion: tulle.dev/v1alpha1
kind: Backend
metadata: {name: legacy}
spec: {endpoints: [{address: 127.0.0.1, port: 9000}]}
`;

test('a sound mesh has no problem', async () => {
  const report = await checkFiles([write('mesh.yaml', MESH)]);
  assert.deepEqual(report, { files: 1, resources: 3, problems: [] });
});

test('problems of reading, of references and of modules are all found', async () => {
  write('no.wasm', 'this is no module');
  const broken = `${MESH.replace('name: legacy}]', 'name: lost}]')}---
apiVersion: tulle.dev/v1alpha1
kind: WasmService
metadata: {name: hello}
spec: {module: ./no.wasm, unknwon: 1}
---
apiVersion: tulle.dev/v1alpha1
kind: WasmService
metadata: {name: gone}
spec:
  module: ./no.wasm
`;
  const { problems } = await checkFiles([write('broken.yaml', broken)]);
  const places = problems.map(({ path, location }) => `${location.line} ${path}`);
  for (const place of ['15 spec.rules[0].backendRefs[0]', '25 spec.unknwon', '31 spec.module']) {
    assert.ok(places.includes(place), place);
  }
  const bad = problems.find(({ location }) => location.line === 31);
  assert.equal(bad?.resource, 'WasmService default/gone');
  assert.match(bad?.message ?? '', /not a WebAssembly module/);
});
