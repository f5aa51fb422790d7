/** Go's net/http as a third reader: a small program, built when its source is new. */

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import * as net from 'node:net';
import * as path from 'node:path';
import { byCode, comparable, type Peer, type Reading, type Verdict } from './reading.ts';

const SOURCE = path.join(import.meta.dirname, 'go');
const BUILT = path.join(import.meta.dirname, '../../../node_modules/.cache/tulle');
const STUCK_MS = 3_000;

/** Why there is no Go to build with, or false: for the `skip` of a test. */
export function goMissing(): string | false {
  const { status } = spawnSync('go', ['version'], { stdio: 'ignore' });
  return status === 0 ? false : 'go is not on PATH; install it from https://go.dev/doc/install';
}

export class GoPeer implements Peer {
  readonly name = 'go';
  readonly #child: ChildProcess;
  readonly #port: number;

  private constructor(child: ChildProcess, port: number) {
    this.#child = child;
    this.#port = port;
  }

  static async start(): Promise<GoPeer> {
    const child = spawn(build(), [], { stdio: ['pipe', 'pipe', 'ignore'] });
    const port = await new Promise<number>((resolve, reject) => {
      child.stdout?.once('data', (line: Buffer) => resolve(Number(line.toString())));
      child.once('exit', (code) => reject(new Error(`the Go program exited with ${code}`)));
    });
    return new GoPeer(child, port);
  }

  parse(bytes: string): Promise<Verdict> {
    return new Promise((resolve) => {
      const socket = net.connect(this.#port, '127.0.0.1', () => socket.write(bytes, 'latin1'));
      let text = '';
      let stuck = '';
      const timer = setTimeout(() => {
        stuck = 'waits for more';
        socket.destroy();
      }, STUCK_MS);
      socket.setEncoding('latin1');
      socket.on('data', (more: string) => {
        text += more;
      });
      socket.on('error', () => {});
      socket.on('close', () => {
        clearTimeout(timer);
        const verdict = verdictOf(text);
        resolve(stuck === '' ? verdict : { ...verdict, refused: stuck });
      });
    });
  }

  async close(): Promise<void> {
    const gone = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.stdin?.end();
    await gone;
  }
}

/** The answers of one connection, which are heads with no body unless one is a refusal. */
function verdictOf(text: string): Verdict {
  const readings: Reading[] = [];
  for (const head of text.split('\r\n\r\n')) {
    const status = head.slice(9, 12);
    if (head === '' || status === '100') continue;
    const reading = /\r\nX-Reading: (.*?)(?:\r\n|$)/.exec(head);
    if (reading === null) return { readings, refused: head.split('\r\n')[0] as string };
    readings.push(readingOf(reading[1] as string));
  }
  return { readings, refused: '' };
}

function readingOf(encoded: string): Reading {
  const reading = JSON.parse(Buffer.from(encoded, 'base64').toString()) as Reading;
  const trailers = [...reading.trailers].sort(byCode);
  return { ...reading, fields: comparable(reading.fields), trailers };
}

/** The path of the program. */
function build(): string {
  const hash = createHash('sha256');
  for (const name of ['main.go', 'go.mod']) hash.update(fs.readFileSync(path.join(SOURCE, name)));
  const program = path.join(BUILT, `go-peer-${hash.digest('hex').slice(0, 16)}`);
  if (fs.existsSync(program)) return program;
  fs.mkdirSync(BUILT, { recursive: true });
  const fresh = `${program}.${process.pid}`;
  const env = { ...process.env, CGO_ENABLED: '0', GOTOOLCHAIN: 'local', GOPROXY: 'off' };
  const built = spawnSync('go', ['build', '-o', fresh, '.'], { cwd: SOURCE, env });
  if (built.status !== 0) throw new Error(`go build: ${built.stderr}`);
  fs.renameSync(fresh, program);
  return program;
}
