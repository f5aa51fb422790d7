import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ERRNO } from './errno.ts';
import { GuestStop } from './stop.ts';
import { Rig } from './testing/rig.ts';

const EVENTS = 0x1000;
const COUNT = 0x2000;

interface Wanted {
  readonly userdata: bigint;
  readonly kind: number;
  readonly clock?: number;
  readonly timeoutNs?: bigint;
  readonly absolute?: boolean;
  readonly fd?: number;
}

function subscribe(rig: Rig, wanted: readonly Wanted[], unstable = false): void {
  const view = rig.view;
  wanted.forEach((one, index) => {
    const at = index * (unstable ? 56 : 48);
    const shift = unstable ? 8 : 0;
    view.setBigUint64(at, one.userdata, true);
    view.setUint8(at + 8, one.kind);
    if (one.fd !== undefined) view.setUint32(at + 16, one.fd, true);
    if (one.kind !== 0) return;
    view.setUint32(at + 16 + shift, one.clock ?? 1, true);
    view.setBigUint64(at + 24 + shift, one.timeoutNs ?? 0n, true);
    view.setUint16(at + 40 + shift, one.absolute === true ? 1 : 0, true);
  });
}

const poll = (rig: Rig, count: number): number => rig.call('poll_oneoff', 0, EVENTS, count, COUNT);

interface Seen {
  readonly userdata: bigint;
  readonly errno: number;
  readonly kind: number;
  readonly bytes: bigint;
  readonly flags: number;
}

function events(rig: Rig): Seen[] {
  return Array.from({ length: rig.u32(COUNT) }, (_, index) => {
    const at = EVENTS + index * 32;
    return {
      userdata: rig.u64(at),
      errno: rig.view.getUint16(at + 8, true),
      kind: rig.view.getUint8(at + 10),
      bytes: rig.u64(at + 16),
      flags: rig.view.getUint16(at + 24, true),
    };
  });
}

test('a clock sleeps its time and rings once', () => {
  const rig = new Rig();
  subscribe(rig, [{ userdata: 7n, kind: 0, timeoutNs: 20_000_000n }]);
  assert.equal(poll(rig, 1), ERRNO.success);
  assert.deepEqual(rig.slept, [20]);
  assert.deepEqual(events(rig), [{ userdata: 7n, errno: 0, kind: 0, bytes: 0n, flags: 0 }]);
});

test('of several clocks the first rings, and those that ring with it', () => {
  const rig = new Rig();
  subscribe(rig, [
    { userdata: 1n, kind: 0, timeoutNs: 30_000_000n },
    { userdata: 2n, kind: 0, timeoutNs: 10_000_000n },
    { userdata: 3n, kind: 0, clock: 0, timeoutNs: 10_000_000n },
  ]);
  assert.equal(poll(rig, 3), ERRNO.success);
  assert.deepEqual(rig.slept, [10]);
  assert.deepEqual(
    events(rig).map((event) => event.userdata),
    [2n, 3n],
  );
});

test('absolute times: past ones ring at once, later ones sleep the difference', () => {
  const rig = new Rig();
  subscribe(rig, [{ userdata: 1n, kind: 0, timeoutNs: 999_000_000n, absolute: true }]);
  assert.equal(poll(rig, 1), ERRNO.success);
  assert.deepEqual(rig.slept, []);
  assert.equal(events(rig).length, 1);
  const realtimeNs = BigInt(rig.clock.wall()) * 1_000_000n;
  subscribe(rig, [
    { userdata: 1n, kind: 0, clock: 0, timeoutNs: realtimeNs + 4_000_000n, absolute: true },
  ]);
  assert.equal(poll(rig, 1), ERRNO.success);
  assert.deepEqual(rig.slept, [4]);
  assert.equal(events(rig).length, 1);
});

test('what is ready is told without sleeping', () => {
  const rig = new Rig({ stdin: 'four' });
  subscribe(rig, [
    { userdata: 1n, kind: 0, timeoutNs: 5_000_000_000n },
    { userdata: 2n, kind: 1, fd: 0 },
    { userdata: 3n, kind: 2, fd: 1 },
  ]);
  assert.equal(poll(rig, 3), ERRNO.success);
  assert.deepEqual(rig.slept, []);
  assert.deepEqual(
    events(rig).map(({ userdata, kind, errno, bytes }) => [userdata, kind, errno, bytes]),
    [
      [2n, 1, 0, 4n],
      [3n, 2, 0, 65_536n],
    ],
  );
});

test('drained input is readable with a hang-up', () => {
  const rig = new Rig();
  subscribe(rig, [{ userdata: 1n, kind: 1, fd: 0 }]);
  assert.equal(poll(rig, 1), ERRNO.success);
  assert.deepEqual(events(rig), [{ userdata: 1n, errno: 0, kind: 1, bytes: 0n, flags: 1 }]);
});

test('wrong descriptors and clocks are told in their events', () => {
  const rig = new Rig();
  subscribe(rig, [
    { userdata: 1n, kind: 1, fd: 1 },
    { userdata: 2n, kind: 2, fd: 55 },
    { userdata: 3n, kind: 0, clock: 9 },
  ]);
  assert.equal(poll(rig, 3), ERRNO.success);
  assert.deepEqual(
    events(rig).map((event) => event.errno),
    [ERRNO.badf, ERRNO.badf, ERRNO.inval],
  );
});

test('nothing to wait for, and kinds there are not, are EINVAL', () => {
  const rig = new Rig();
  assert.equal(poll(rig, 0), ERRNO.inval);
  subscribe(rig, [{ userdata: 1n, kind: 3 }]);
  assert.equal(poll(rig, 1), ERRNO.inval);
});

test('a sleep past the deadline ends the run at the deadline', () => {
  const rig = new Rig({ wallMs: 100 });
  subscribe(rig, [{ userdata: 1n, kind: 0, timeoutNs: 3_600_000_000_000n }]);
  assert.throws(
    () => poll(rig, 1),
    (error) => error instanceof GuestStop && error.kind === 'wall',
  );
  assert.deepEqual(rig.slept, [101]);
});

test('wasi_unstable has its own subscription', () => {
  const rig = new Rig();
  subscribe(rig, [{ userdata: 9n, kind: 0, timeoutNs: 15_000_000n }], true);
  assert.equal(rig.unstable['poll_oneoff']?.(0, EVENTS, 1, COUNT), ERRNO.success);
  assert.deepEqual(rig.slept, [15]);
  assert.equal(events(rig)[0]?.userdata, 9n);
});
