/**
 * Opens connections, sends one request on each, then holds them idle until standard input is closed. The
 * arguments are port, path and number. Prints `{"opened":n,"failed":m}` when the last has had its answer.
 */

import { connect } from 'node:net';
import { AnswerReader } from './answer-reader.ts';

const [port, path, wanted] = [
  Number(process.argv[2]),
  process.argv[3] ?? '/',
  Number(process.argv[4]),
];
const OPENING_MAX = 64;
const request = `GET ${path} HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\n\r\n`;

let started = 0;
let opened = 0;
let failed = 0;

function settle(good: boolean): void {
  if (good) opened++;
  else failed++;
  if (opened + failed === wanted) process.stdout.write(`${JSON.stringify({ opened, failed })}\n`);
  else openNext();
}

function openNext(): void {
  if (started === wanted) return;
  started++;
  const reader = new AnswerReader();
  let settled = false;
  const once = (good: boolean): void => {
    if (settled) return;
    settled = true;
    settle(good);
  };
  const socket = connect({ host: '127.0.0.1', port, noDelay: true }, () => socket.write(request));
  socket.on('data', (chunk: Buffer) => {
    const state = reader.read(chunk, chunk.length);
    if (state !== 'more') once(state === 'done' && reader.status === 200);
  });
  socket.on('error', () => once(false));
  socket.once('close', () => once(false));
}

for (let index = 0; index < Math.min(OPENING_MAX, wanted); index++) openNext();
process.stdin.on('end', () => process.exit(0));
process.stdin.resume();
