/** Files and directories on a real file system. */

import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { LIMITS } from '../../base/limits.ts';
import { ERRNO } from './errno.ts';
import { READ, Rig } from './testing/rig.ts';
import { makeTree, type Tree } from './testing/tree.ts';

const CREAT = 1;
const DIRECTORY = 2;
const EXCL = 4;
const TRUNC = 8;
const APPEND = 1;

function withTree(act: (rig: Rig, tree: Tree) => void, readonly = false): void {
  const tree = makeTree();
  const rig = new Rig({ dirs: [{ guest: '/data', host: tree.inside, readonly }] });
  try {
    act(rig, tree);
  } finally {
    rig.guest.dispose();
    tree.remove();
  }
}

test('preopened directories tell their names', () => {
  withTree((rig) => {
    assert.equal(rig.call('fd_prestat_get', 3, 0), ERRNO.success);
    assert.deepEqual([rig.u32(0), rig.u32(4)], [0, 5]);
    assert.equal(rig.call('fd_prestat_dir_name', 3, 16, 4), ERRNO.nametoolong);
    assert.equal(rig.call('fd_prestat_dir_name', 3, 65_534, 5), ERRNO.fault);
    assert.equal(rig.call('fd_prestat_dir_name', 3, 16, 5), ERRNO.success);
    assert.equal(rig.text(16, 5), '/data');
    assert.equal(rig.call('fd_prestat_get', 4, 0), ERRNO.badf);
    const dir = rig.open(3, 'dir', { oflags: DIRECTORY });
    assert.equal(rig.call('fd_prestat_get', dir, 0), ERRNO.badf, 'not preopened');
  });
});

test('a file is created, written, sought in and read back', () => {
  withTree((rig, tree) => {
    const fd = rig.open(3, 'new', { oflags: CREAT | EXCL });
    assert.equal(fd, 4);
    assert.equal(rig.open(3, 'new', { oflags: CREAT | EXCL }), -ERRNO.exist);
    assert.equal(rig.write(fd, 'hello world'), ERRNO.success);
    assert.equal(rig.call('fd_tell', fd, 0), ERRNO.success);
    assert.equal(rig.u64(0), 11n);
    assert.equal(rig.call('fd_seek', fd, -5n, 2, 0), ERRNO.success);
    assert.equal(rig.u64(0), 6n);
    assert.equal(rig.readAll(fd), 'world');
    assert.equal(rig.call('fd_seek', fd, 0n, 0, 0), ERRNO.success);
    assert.equal(rig.call('fd_seek', fd, 3n, 1, 0), ERRNO.success);
    assert.equal(rig.readAll(fd), 'lo world');
    assert.equal(rig.call('fd_seek', fd, -1n, 0, 0), ERRNO.inval);
    assert.equal(rig.call('fd_seek', fd, 0n, 3, 0), ERRNO.inval);
    assert.equal(rig.call('fd_seek', fd, 2n ** 62n, 0, 0), ERRNO.overflow);
    assert.equal(rig.call('fd_sync', fd), ERRNO.success);
    assert.equal(rig.call('fd_datasync', fd), ERRNO.success);
    assert.equal(rig.call('fd_close', fd), ERRNO.success);
    assert.equal(rig.call('fd_close', fd), ERRNO.badf);
    assert.equal(fs.readFileSync(join(tree.inside, 'new'), 'utf8'), 'hello world');
  });
});

test('positioned reads and writes leave the offset alone', () => {
  withTree((rig, tree) => {
    const fd = rig.open(3, 'file');
    rig.put(0x1000, 'XY');
    rig.iovecs(64, [0x1000, 1], [0x1001, 1]);
    assert.equal(rig.call('fd_pwrite', fd, 64, 2, 2n, 80), ERRNO.success);
    assert.equal(rig.u32(80), 2);
    assert.equal(rig.call('fd_pread', fd, 64, 2, 6n, 80), ERRNO.success);
    assert.equal(rig.text(0x1000, 2), 'ts');
    assert.equal(rig.readAll(fd), 'coXYents');
    assert.equal(rig.call('fd_pread', fd, 64, 1, 2n ** 63n, 80), ERRNO.inval);
    assert.equal(rig.call('fd_pwrite', fd, 64, 1, -1n, 80), ERRNO.fbig);
    assert.equal(fs.readFileSync(join(tree.inside, 'file'), 'utf8'), 'coXYents');
  });
});

test('truncation, size and appending', () => {
  withTree((rig, tree) => {
    const text = (): string => fs.readFileSync(join(tree.inside, 'file'), 'utf8');
    const fd = rig.open(3, 'file', { fdflags: APPEND });
    assert.equal(rig.write(fd, '+'), ERRNO.success);
    assert.equal(text(), 'contents+');
    assert.equal(rig.call('fd_filestat_set_size', fd, 4n), ERRNO.success);
    assert.equal(rig.write(fd, '!'), ERRNO.success);
    assert.equal(text(), 'cont!');
    assert.equal(rig.call('fd_filestat_set_size', fd, 2n ** 63n), ERRNO.fbig);
    rig.call('fd_close', rig.open(3, 'file', { oflags: TRUNC }));
    assert.equal(text(), '');
  });
});

test('a descriptor does what it was opened for', () => {
  withTree((rig) => {
    const reader = rig.open(3, 'file', { rights: READ });
    assert.equal(rig.write(reader, 'x'), ERRNO.badf);
    assert.equal(rig.call('fd_filestat_set_size', reader, 0n), ERRNO.inval);
    const writer = rig.open(3, 'file', { rights: 0x40n });
    assert.throws(() => rig.readAll(writer), /errno 8/);
    assert.equal(rig.call('fd_fdstat_set_rights', reader, 0n, 0n), ERRNO.success);
    assert.throws(() => rig.readAll(reader), /errno 8/);
    assert.equal(rig.call('fd_fdstat_set_rights', reader, 2n, 0n), ERRNO.notcapable);
  });
});

test('flags can change where the file system lets them', () => {
  withTree((rig, tree) => {
    const fd = rig.open(3, 'file');
    assert.equal(rig.call('fd_fdstat_set_flags', fd, APPEND), ERRNO.success);
    assert.equal(rig.write(fd, '+'), ERRNO.success);
    assert.equal(fs.readFileSync(join(tree.inside, 'file'), 'utf8'), 'contents+');
    assert.equal(rig.call('fd_fdstat_get', fd, 0), ERRNO.success);
    assert.deepEqual([rig.view.getUint8(0), rig.view.getUint16(2, true)], [4, APPEND]);
    assert.equal(rig.call('fd_fdstat_set_flags', fd, 16), ERRNO.notsup);
    assert.equal(rig.call('fd_fdstat_set_flags', fd, 32), ERRNO.inval);
  });
});

test('metadata: sizes, types, links, times', () => {
  withTree((rig, tree) => {
    const p = rig.path.bind(rig);
    fs.symlinkSync('file', join(tree.inside, 'link'));
    const stat = fs.statSync(join(tree.inside, 'file'), { bigint: true });
    assert.equal(rig.call('path_filestat_get', 3, 1, ...p('link'), 0), ERRNO.success);
    assert.equal(rig.u64(8), stat.ino);
    assert.equal(rig.view.getUint8(16), 4);
    assert.equal(rig.u64(24), 1n);
    assert.equal(rig.u64(32), 8n);
    assert.equal(rig.u64(48), stat.mtimeNs);
    assert.equal(rig.call('path_filestat_get', 3, 0, ...p('link'), 0), ERRNO.success);
    assert.equal(rig.view.getUint8(16), 7, 'the link itself');
    assert.equal(rig.call('path_filestat_get', 3, 1, ...p('dir/'), 0), ERRNO.success);
    assert.equal(rig.view.getUint8(16), 3);
    assert.equal(rig.call('path_filestat_get', 3, 1, ...p('file/'), 0), ERRNO.notdir);
    const fd = rig.open(3, 'file');
    assert.equal(rig.call('fd_filestat_get', fd, 0), ERRNO.success);
    assert.equal(rig.u64(32), 8n);
    assert.equal(rig.call('fd_filestat_get', 3, 0), ERRNO.success);
    assert.equal(rig.view.getUint8(16), 3);
  });
});

test('wasi_unstable: its filestat is shorter and its whence has another order', () => {
  withTree((rig, tree) => {
    const stat = fs.statSync(join(tree.inside, 'file'), { bigint: true });
    const fd = rig.open(3, 'file');
    assert.equal(rig.unstable['fd_filestat_get']?.(fd, 0), ERRNO.success);
    assert.deepEqual([rig.u32(20), rig.u64(24), rig.u64(40)], [1, 8n, stat.mtimeNs]);
    assert.equal(rig.unstable['fd_seek']?.(fd, -3n, 1, 0), ERRNO.success, 'end');
    assert.equal(rig.u64(0), 5n);
    assert.equal(rig.unstable['fd_seek']?.(fd, 1n, 2, 0), ERRNO.success, 'set');
    assert.equal(rig.u64(0), 1n);
    assert.equal(rig.unstable['fd_seek']?.(fd, 1n, 0, 0), ERRNO.success, 'current');
    assert.equal(rig.u64(0), 2n);
    assert.equal(rig.unstable['fd_seek']?.(fd, 1n, 3, 0), ERRNO.inval);
  });
});

test('times are set, to now or to a moment, and not both', () => {
  withTree((rig, tree) => {
    const p = rig.path.bind(rig);
    const times = (flags: number): number =>
      rig.call(
        'path_filestat_set_times',
        3,
        1,
        ...p('file'),
        1_000_000_000n,
        2_000_000_000n,
        flags,
      );
    const stat = (): fs.Stats => fs.statSync(join(tree.inside, 'file'));
    assert.equal(times(1 | 4), ERRNO.success);
    assert.deepEqual([stat().atimeMs, stat().mtimeMs], [1000, 2000]);
    assert.equal(times(8), ERRNO.success);
    assert.deepEqual([stat().atimeMs, stat().mtimeMs], [1000, rig.clock.wall()]);
    assert.equal(times(1 | 2), ERRNO.inval);
    assert.equal(times(4 | 8), ERRNO.inval);
    assert.equal(times(16), ERRNO.inval);
    const fd = rig.open(3, 'file', { rights: 0x00ff_ffffn });
    assert.equal(rig.call('fd_filestat_set_times', fd, 5_000_000_000n, 0n, 1), ERRNO.success);
    assert.deepEqual([stat().atimeMs, stat().mtimeMs], [5000, rig.clock.wall()]);
    assert.equal(rig.call('fd_filestat_set_times', 3, 0n, 7_000_000_000n, 4), ERRNO.success);
    assert.equal(fs.statSync(tree.inside).mtimeMs, 7000);
  });
});

test('directories are made, listed in any buffer, renamed and removed', () => {
  withTree((rig) => {
    const p = rig.path.bind(rig);
    assert.equal(rig.call('path_create_directory', 3, ...p('made/')), ERRNO.success);
    assert.equal(rig.call('path_create_directory', 3, ...p('made')), ERRNO.exist);
    assert.equal(rig.call('path_rename', 3, ...p('made'), 3, ...p('dir/moved')), ERRNO.success);
    assert.equal(rig.call('path_rename', 3, ...p('file/'), 3, ...p('x')), ERRNO.notdir);
    assert.equal(rig.call('path_remove_directory', 3, ...p('dir')), ERRNO.notempty);
    assert.equal(rig.call('path_remove_directory', 3, ...p('file')), ERRNO.notdir);
    assert.equal(rig.call('path_remove_directory', 3, ...p('.')), ERRNO.inval);
    assert.equal(rig.call('path_unlink_file', 3, ...p('dir')), ERRNO.isdir);
    assert.equal(rig.call('path_unlink_file', 3, ...p('file/')), ERRNO.notdir);
    assert.equal(rig.call('path_remove_directory', 3, ...p('dir/moved/')), ERRNO.success);
    assert.equal(rig.call('path_unlink_file', 3, ...p('file')), ERRNO.success);
    assert.equal(rig.call('path_unlink_file', 3, ...p('file')), ERRNO.noent);
  });
});

/** Lists a directory through a buffer of `size`, following the cookies. */
function list(rig: Rig, fd: number, size: number): string[] {
  const names: string[] = [];
  let cookie = 0n;
  for (;;) {
    assert.equal(rig.call('fd_readdir', fd, 0x2000, size, cookie, 80), ERRNO.success);
    const used = rig.u32(80);
    let at = 0;
    while (at + 24 <= used) {
      const length = rig.u32(0x2000 + at + 16);
      if (at + 24 + length > used) break;
      cookie = rig.u64(0x2000 + at);
      const type = rig.view.getUint8(0x2000 + at + 20);
      names.push(`${type} ${rig.text(0x2000 + at + 24, length)}`);
      at += 24 + length;
    }
    if (used < size) return names.toSorted();
    assert.ok(at > 0, 'the buffer holds at least one entry');
  }
}

test('a listing is whole whatever the buffer', () => {
  withTree((rig, tree) => {
    for (let i = 0; i < 20; i++) fs.writeFileSync(join(tree.inside, 'dir', `n${i}é`), '');
    const expected = ['3 .', '3 ..', '3 nested', ...range(20).map((i) => `4 n${i}é`)].toSorted();
    const dir = rig.open(3, 'dir', { oflags: DIRECTORY });
    for (const size of [40, 57, 100, 512, 4096]) assert.deepEqual(list(rig, dir, size), expected);
    assert.equal(rig.call('fd_readdir', dir, 0x2000, 64, 999n, 80), ERRNO.success);
    assert.equal(rig.u32(80), 0);
    assert.equal(rig.call('fd_readdir', 1, 0x2000, 64, 0n, 80), ERRNO.notdir);
    assert.throws(() => rig.readAll(dir), /errno 31/, 'EISDIR');
  });
});

const range = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

test('links: made, read, cut to the buffer', () => {
  withTree((rig) => {
    const p = rig.path.bind(rig);
    assert.equal(rig.call('path_symlink', ...p('dir/nested/deep'), 3, ...p('link')), ERRNO.success);
    assert.equal(rig.call('path_readlink', 3, ...p('link'), 0x2000, 100, 80), ERRNO.success);
    assert.equal(rig.text(0x2000, rig.u32(80)), 'dir/nested/deep');
    assert.equal(rig.call('path_readlink', 3, ...p('link'), 0x2000, 3, 80), ERRNO.success);
    assert.equal(rig.u32(80), 3);
    assert.equal(rig.call('path_readlink', 3, ...p('file'), 0x2000, 9, 80), ERRNO.inval);
    assert.equal(rig.readAll(rig.open(3, 'link', { rights: READ })), 'deep');
    assert.equal(rig.open(3, 'link', { oflags: CREAT | EXCL }), -ERRNO.exist);
    assert.equal(rig.call('path_link', 3, 0, ...p('file'), 3, ...p('hard')), ERRNO.success);
    assert.equal(rig.readAll(rig.open(3, 'hard', { rights: READ })), 'contents');
  });
});

test('opening directories and contradictions', () => {
  withTree((rig) => {
    assert.equal(rig.open(3, 'dir'), -ERRNO.isdir, 'for writing');
    assert.ok(rig.open(3, 'dir', { rights: READ }) > 3);
    assert.equal(rig.open(3, 'file', { oflags: DIRECTORY }), -ERRNO.notdir);
    assert.equal(rig.open(3, 'x', { oflags: CREAT | DIRECTORY }), -ERRNO.inval);
    assert.equal(rig.open(3, 'x/', { oflags: CREAT }), -ERRNO.isdir);
    assert.equal(rig.open(3, 'file', { oflags: 16 }), -ERRNO.inval);
    assert.equal(rig.open(3, 'file', { fdflags: 32 }), -ERRNO.inval);
    assert.equal(rig.open(1, 'file'), -ERRNO.notdir);
    assert.equal(rig.open(99, 'file'), -ERRNO.badf);
  });
});

test('a read-only directory refuses every change with EROFS', () => {
  withTree((rig, tree) => {
    const p = rig.path.bind(rig);
    assert.equal(rig.readAll(rig.open(3, 'file', { rights: READ })), 'contents');
    assert.equal(rig.open(3, 'file'), -ERRNO.rofs);
    assert.equal(rig.open(3, 'file', { rights: READ, oflags: TRUNC }), -ERRNO.rofs);
    assert.equal(rig.open(3, 'new', { rights: READ, oflags: CREAT }), -ERRNO.rofs);
    assert.equal(rig.call('path_create_directory', 3, ...p('x')), ERRNO.rofs);
    assert.equal(rig.call('path_unlink_file', 3, ...p('file')), ERRNO.rofs);
    assert.equal(rig.call('path_remove_directory', 3, ...p('dir')), ERRNO.rofs);
    assert.equal(rig.call('path_rename', 3, ...p('file'), 3, ...p('x')), ERRNO.rofs);
    assert.equal(rig.call('path_link', 3, 0, ...p('file'), 3, ...p('x')), ERRNO.rofs);
    assert.equal(rig.call('path_symlink', ...p('file'), 3, ...p('x')), ERRNO.rofs);
    const times = rig.call('path_filestat_set_times', 3, 1, ...p('file'), 0n, 0n, 5);
    assert.equal(times, ERRNO.rofs);
    const below = rig.open(3, 'dir', { rights: READ, oflags: DIRECTORY });
    assert.equal(rig.open(below, 'nested/deep'), -ERRNO.rofs, 'below it too');
    assert.equal(rig.call('fd_filestat_set_times', below, 0n, 0n, 5), ERRNO.notcapable);
    assert.deepEqual(fs.readdirSync(tree.inside).toSorted(), ['dir', 'file']);
  }, true);
});

test('a hard link cannot make a file of a read-only directory writable', () => {
  const readonly = makeTree();
  const writable = makeTree();
  const rig = new Rig({
    dirs: [
      { guest: '/ro', host: readonly.inside, readonly: true },
      { guest: '/rw', host: writable.inside },
    ],
  });
  const p = rig.path.bind(rig);
  assert.equal(rig.call('path_link', 3, 0, ...p('file'), 4, ...p('got')), ERRNO.rofs);
  assert.equal(rig.call('path_rename', 3, ...p('file'), 4, ...p('got')), ERRNO.rofs);
  readonly.remove();
  writable.remove();
});

test('descriptors: lowest number first, moved, bounded', () => {
  withTree((rig) => {
    const a = rig.open(3, 'file', { rights: READ });
    const b = rig.open(3, 'dir/nested/deep', { rights: READ });
    assert.deepEqual([a, b], [4, 5]);
    assert.equal(rig.call('fd_renumber', b, a), ERRNO.success);
    assert.equal(rig.readAll(a), 'deep');
    assert.equal(rig.call('fd_tell', b, 0), ERRNO.badf);
    assert.equal(rig.call('fd_renumber', a, 9), ERRNO.badf);
    assert.equal(rig.call('fd_renumber', a, a), ERRNO.success);
    for (let fd = 5; fd < LIMITS.guestDescriptorsMax; fd++) {
      assert.equal(rig.open(3, 'file', { rights: READ }), fd);
    }
    assert.equal(rig.open(3, 'file', { rights: READ }), -ERRNO.mfile);
    assert.equal(rig.call('fd_close', 7), ERRNO.success);
    assert.equal(rig.open(3, 'file', { rights: READ }), 7);
  });
});
