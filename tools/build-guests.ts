/**
 * Builds every guest under test/guests and copies its .wasm to where it is committed: beside its
 * sources, and into the published examples that use it. Needs cargo with the target wasm32-wasip1,
 * go, zig for C and the JavaScript engine (`pip install ziglang`), and npm for AssemblyScript. Names
 * on the command line build only these.
 */

import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, cpSync, existsSync, mkdtempSync, readdirSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

interface Guest {
  /** Also the crate's. */
  readonly name: string;
  /** From the root of the tree. */
  readonly dir: string;
  readonly target: string;
  /** Where the module is committed. */
  readonly outputs: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** For C. */
  readonly flags: readonly string[];
}

const ROOT = resolve(import.meta.dirname, '..');

const guest = (name: string, ...folders: readonly string[]): Guest => ({
  name,
  dir: `test/guests/${name}`,
  target: 'wasm32-wasip1',
  outputs: ['test/guests', ...folders].map((folder) => `${folder}/${name}.wasm`),
  env: {},
  flags: [],
});

/** The C filter as a module of one version of the ABI. */
const filterC = (suffix: string, abi: number): Guest => ({
  ...guest(`filter-c${suffix}`),
  dir: 'test/guests/filter-c',
  flags: ['-mexec-model=reactor', `-DABI=${abi}`],
});

const GUESTS: readonly Guest[] = [
  guest('header-filter', 'examples/modules'),
  guest('abi-probe'),
  guest('differential'),
  guest('filter-go'),
  guest('filter-as'),
  guest('filter-solo'),
  filterC('', 21),
  filterC('-0-2-0', 20),
  filterC('-0-1-0', 10),
  guest('c-files'),
  guest('cgi-hello', 'examples/modules'),
  guest('js-hello', 'examples/modules'),
];

/** Where crates lie differs from machine to machine and must not show in what is committed. */
function remapping(): string {
  const home = process.env['CARGO_HOME'] ?? join(homedir(), '.cargo');
  const sources = join(home, 'registry', 'src');
  const flags = existsSync(sources)
    ? readdirSync(sources).map((name) => `"--remap-path-prefix=${join(sources, name)}=crates"`)
    : [];
  return flags.join(',');
}

/** The built module of what lies in the guest's folder: a crate, a `go.mod`, `index.as`, else `main.c`. */
function build(one: Guest): string {
  const cwd = join(ROOT, one.dir);
  if (existsSync(join(cwd, 'Cargo.toml'))) return buildCrate(one, cwd);
  const built = join(mkdtempSync(join(tmpdir(), 'guest-')), 'main.wasm');
  if (existsSync(join(cwd, 'go.mod'))) buildGo(one, built);
  else if (existsSync(join(cwd, 'index.as'))) buildAssemblyScript(cwd, built);
  else buildC(one, built);
  return built;
}

/** A filter, without symbols. */
function buildGo({ dir, env }: Pick<Guest, 'dir' | 'env'>, built: string): void {
  const go = { GOOS: 'wasip1', GOARCH: 'wasm', GOTOOLCHAIN: 'local', GOFLAGS: '-trimpath' };
  const options = {
    cwd: join(ROOT, dir),
    stdio: 'inherit',
    env: { ...process.env, ...go, ...env },
  } as const;
  const args = ['build', '-buildmode=c-shared', '-ldflags=-s -w', '-o', built, '.'];
  execFileSync('go', args, options);
}

/**
 * The compiler each guest pins is installed in a folder of its own. Sources are TypeScript to the
 * compiler only, and named `.as` so that no other tool takes them for it.
 */
function buildAssemblyScript(cwd: string, built: string): void {
  const dir = mkdtempSync(join(tmpdir(), 'guest-as-'));
  copyFileSync(join(cwd, 'package.json'), join(dir, 'package.json'));
  copyFileSync(join(cwd, 'index.as'), join(dir, 'index.ts'));
  const quiet = ['--ignore-scripts', '--no-audit', '--no-fund', '--no-package-lock'];
  execFileSync('npm', ['install', ...quiet], { cwd: dir, stdio: 'inherit' });
  cpSync(join(ROOT, 'sdk/filter-as'), join(dir, 'node_modules/@tulle/filter-as'), {
    recursive: true,
  });
  execFileSync('npm', ['run', 'build', '--', built], { cwd: dir, stdio: 'inherit' });
}

function buildC({ dir, flags: own }: Guest, built: string): void {
  const flags = ['--target=wasm32-wasi', '-Os', '-s', '-Wl,-z,stack-size=65536'];
  const args = ['-m', 'ziglang', 'cc', ...flags, ...own, 'main.c', '-o', built];
  execFileSync('python3', args, { cwd: join(ROOT, dir), stdio: 'inherit' });
}

function buildCrate({ name, dir, target, env }: Guest, cwd: string): string {
  const targetDir = process.env['CARGO_TARGET_DIR'] ?? join(cwd, 'target');
  const options = { cwd, stdio: 'inherit', env: { ...process.env, ...env } } as const;
  execFileSync('cargo', ['fetch', '--target', target], options);
  const flags = `target.${target}.rustflags=[${remapping()}]`;
  execFileSync('cargo', ['build', '--release', '--target', target, '--config', flags], options);
  const built = [`${name}.wasm`, `${name.replaceAll('-', '_')}.wasm`]
    .map((file) => join(targetDir, target, 'release', file))
    .find((file) => existsSync(file));
  if (built === undefined) throw new Error(`${dir}: cargo made no ${name}.wasm`);
  return built;
}

function commit(built: string, outputs: readonly string[]): void {
  for (const output of outputs) {
    copyFileSync(built, join(ROOT, output));
    chmodSync(join(ROOT, output), 0o644);
    console.log(`${output} built`);
  }
}

const wanted = process.argv.slice(2);
for (const one of GUESTS) {
  if (wanted.length === 0 || wanted.includes(one.name)) commit(build(one), one.outputs);
}
