/** A server made with grpc-go: built when its source is new, which the first time fetches modules. */

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import * as path from 'node:path';

const SOURCE = path.join(import.meta.dirname, 'grpc-go');
const BUILT = path.join(import.meta.dirname, '../../../node_modules/.cache/tulle');

/** Why there is no such server, or false: for the `skip` of a test. */
export function grpcGoMissing(): string | false {
  if (fs.existsSync(program())) return false;
  if (spawnSync('go', ['version'], { stdio: 'ignore' }).status !== 0) {
    return 'go is not on PATH; install it from https://go.dev/doc/install';
  }
  fs.mkdirSync(BUILT, { recursive: true });
  const fresh = `${program()}.${process.pid}`;
  const env = { ...process.env, CGO_ENABLED: '0' };
  const built = spawnSync('go', ['build', '-o', fresh, '.'], { cwd: SOURCE, env });
  if (built.status !== 0) return `go build failed, it needs a Go module proxy: ${built.stderr}`;
  fs.renameSync(fresh, program());
  return false;
}

function program(): string {
  const hash = createHash('sha256');
  for (const name of ['main.go', 'go.mod', 'go.sum']) {
    hash.update(fs.readFileSync(path.join(SOURCE, name)));
  }
  return path.join(BUILT, `grpc-go-${hash.digest('hex').slice(0, 16)}`);
}

export class GrpcGo {
  readonly port: number;
  readonly #child: ChildProcess;
  /** Lines it has printed beside its port. */
  readonly lines: string[];

  private constructor(child: ChildProcess, port: number, lines: string[]) {
    this.#child = child;
    this.port = port;
    this.lines = lines;
  }

  static async start(): Promise<GrpcGo> {
    const child = spawn(program(), [], { stdio: ['pipe', 'pipe', 'ignore'] });
    const lines: string[] = [];
    const port = await new Promise<number>((resolve, reject) => {
      child.stdout?.once('data', (line: Buffer) => resolve(Number(line.toString())));
      child.once('exit', (code) => reject(new Error(`the server exited with ${code}`)));
    });
    child.stdout?.on('data', (text: Buffer) => lines.push(...text.toString().trim().split('\n')));
    return new GrpcGo(child, port, lines);
  }

  async close(): Promise<void> {
    const gone = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.stdin?.end();
    await gone;
  }
}
