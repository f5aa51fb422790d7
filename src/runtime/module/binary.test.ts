import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { parseModule } from './binary.ts';
import { isProblem, type ModuleProblem, type ModuleShape } from './shape.ts';
import { assemble, HEADER, leb, name, section } from './testing/assemble.ts';
import { guestBytes } from './testing/guests.ts';

function shapeOf(bytes: Uint8Array): ModuleShape {
  const parsed = parseModule(bytes);
  if (isProblem(parsed)) assert.fail(`${parsed.message} at ${parsed.offset}`);
  return parsed;
}

function problemOf(bytes: readonly number[] | Uint8Array): ModuleProblem {
  const parsed = parseModule(Uint8Array.from(bytes));
  if (!isProblem(parsed)) assert.fail('no problem was found');
  return parsed;
}

const withSections = (...sections: number[][]): number[] => [...HEADER, ...sections.flat()];
const emptyFunctionType = [1, 0x60, 0, 0];

describe('binary: shapes', () => {
  it('tells imports and exports with their signatures', () => {
    const shape = shapeOf(
      assemble({
        types: [
          { params: ['i32', 'i64'], results: ['i32'] },
          { params: [], results: [] },
          { params: ['f32', 'f64'], results: ['i32', 'i64'] },
        ],
        imports: [{ module: 'env', name: 'ask', type: 0 }],
        functions: [
          { type: 1, code: [] },
          { type: 2, code: [0x00] },
        ],
        memory: { min: 1, max: 4 },
        exports: [
          { name: 'ask again', index: 0 },
          { name: 'run', index: 1 },
          { name: 'two', index: 2 },
          { name: 'memory', kind: 'memory', index: 0 },
        ],
        customs: [{ name: 'note', bytes: Buffer.from('hi') }],
      }),
    );
    assert.deepEqual(shape.imports, [
      { module: 'env', name: 'ask', kind: 'function', signature: '(i32,i64)->i32' },
    ]);
    assert.deepEqual(shape.exports, [
      { name: 'ask again', kind: 'function', signature: '(i32,i64)->i32' },
      { name: 'run', kind: 'function', signature: '()->()' },
      { name: 'two', kind: 'function', signature: '(f32,f64)->(i32,i64)' },
      { name: 'memory', kind: 'memory', signature: '' },
    ]);
    assert.deepEqual(shape.memories, [
      { minPages: 1, maxPages: 4, shared: false, imported: false },
    ]);
    assert.equal(shape.customs[0]?.name, 'note');
  });

  it('places custom sections so that their bytes can be read', () => {
    const bytes = assemble({ customs: [{ name: 'note', bytes: Buffer.from('content') }] });
    const [custom] = shapeOf(bytes).customs;
    assert.equal(Buffer.from(bytes.subarray(custom?.start, custom?.end)).toString(), 'content');
  });

  it('reads imported tables, memories, globals and tags', () => {
    const one = (kind: number[]): number[] => [...name('m'), ...name('n'), ...kind];
    const imports = [
      one([1, 0x70, 0, 1]),
      one([2, 1, 1, 2]),
      one([2, 3, 1, 9]),
      one([3, 0x7e, 1]),
      one([4, 0, 0]),
    ];
    const bytes = withSections(section(1, emptyFunctionType), section(2, [5, ...imports.flat()]));
    const shape = shapeOf(Uint8Array.from(bytes));
    assert.deepEqual(
      shape.imports.map((each) => each.kind),
      ['table', 'memory', 'memory', 'global', 'tag'],
    );
    assert.deepEqual(shape.memories, [
      { minPages: 1, maxPages: 2, shared: false, imported: true },
      { minPages: 1, maxPages: 9, shared: true, imported: true },
    ]);
  });

  it('reads over types of the garbage collection proposal', () => {
    const types = [
      [0x4e, 2, 0x50, 0, 0x5f, 1, 0x7f, 1, 0x4f, 1, 0, 0x5e, 0x63, 0x00, 0],
      [0x60, 1, 0x64, 0x6e, 1, 0x6b],
    ];
    const bytes = withSections(
      section(1, [2, ...types.flat()]),
      section(2, [1, ...name('m'), ...name('f'), 0, 2]),
    );
    assert.equal(shapeOf(Uint8Array.from(bytes)).imports[0]?.signature, '((ref -18))->structref');
  });

  it('reads 64-bit memories', () => {
    const bytes = withSections(section(5, [1, 5, ...leb(1), ...leb(70_000)]));
    assert.deepEqual(shapeOf(Uint8Array.from(bytes)).memories, [
      { minPages: 1, maxPages: 70_000, shared: false, imported: false },
    ]);
  });

  it('agrees with V8 about the committed guests', () => {
    for (const guest of ['header-filter', 'abi-probe', 'cgi-hello']) {
      const bytes = guestBytes(guest);
      const shape = shapeOf(bytes);
      const module = new WebAssembly.Module(bytes);
      assert.deepEqual(
        shape.exports.map((one) => ({ name: one.name, kind: one.kind })),
        WebAssembly.Module.exports(module).map((one) => ({ name: one.name, kind: one.kind })),
      );
      assert.deepEqual(
        shape.imports.map(({ module: from, name: of }) => `${from}.${of}`),
        WebAssembly.Module.imports(module).map((one) => `${one.module}.${one.name}`),
      );
    }
  });
});

describe('binary: what is not a module', () => {
  it('says so', () => {
    assert.match(problemOf(Buffer.from('#!/bin/sh\n')).message, /not a WebAssembly module/);
    assert.match(problemOf([]).message, /not a WebAssembly module/);
    assert.match(problemOf(HEADER.slice(0, 6)).message, /unexpected end/);
    assert.match(problemOf([0, 0x61, 0x73, 0x6d, 0x0d, 0, 1, 0]).message, /is a component/);
    assert.match(problemOf([0, 0x61, 0x73, 0x6d, 2, 0, 0, 0]).message, /unknown version/);
  });

  const cases: [string, number[], RegExp, number][] = [
    ['a section longer than the file', withSections([1, 9, 0]), /section of 9 bytes, 1 left/, 8],
    ['an unknown section', withSections([14, 0]), /unknown section 14/, 8],
    ['a section twice', withSections(section(1, [0]), section(1, [0])), /comes twice/, 11],
    ['bytes left in a section', withSections(section(1, [0, 0])), /1 bytes too many/, 11],
    [
      'a number of six bytes',
      withSections([1, 0x80, 0x80, 0x80, 0x80, 0x80, 0]),
      /32 bits|too long/,
      9,
    ],
    ['a number above 32 bits', withSections([1, 0xff, 0xff, 0xff, 0xff, 0x1f]), /too large/, 9],
    ['a list that cannot fit', withSections(section(1, leb(1_000_000))), /list of 1000000/, 10],
    [
      'a list of short items that cannot fit',
      withSections(section(2, [2, 0, 0, 0, 0])),
      /list of 2/,
      10,
    ],
    [
      'an unknown value type',
      withSections(section(1, [1, 0x60, 1, 0x01, 0])),
      /value type 0x1/,
      13,
    ],
    ['an unknown type form', withSections(section(1, [1, 0x10])), /type form 0x10/, 11],
    ['a function without its type', withSections(section(3, [1, 0])), /no function type 0/, 11],
    [
      'an export without its function',
      withSections(section(7, [1, ...name('f'), 0, 3])),
      /no function 3/,
      11,
    ],
    [
      'an export of unknown kind',
      withSections(section(7, [1, ...name('f'), 9, 0])),
      /kind of export/,
      14,
    ],
    ['a name that is not UTF-8', withSections(section(7, [1, 1, 0xff, 0, 0])), /not UTF-8/, 12],
    [
      'a maximum below the minimum',
      withSections(section(5, [1, 1, 5, 4])),
      /maximum 4 is below/,
      11,
    ],
    ['unknown limit flags', withSections(section(5, [1, 0x40, 1])), /limit flags 0x40/, 11],
    ['an import of unknown kind', withSections(section(2, [1, 0, 0, 7, 0])), /kind of import/, 13],
  ];
  for (const [what, bytes, message, offset] of cases) {
    it(`refuses ${what}`, () => {
      const problem = problemOf(bytes);
      assert.match(problem.message, message);
      assert.equal(problem.offset, offset);
    });
  }

  it('refuses the same export name twice', () => {
    const exports = [...name('f'), 2, 0, ...name('f'), 2, 0];
    assert.match(problemOf(withSections(section(7, [2, ...exports]))).message, /exported twice/);
  });
});

describe('binary: garbage', () => {
  const real = guestBytes('header-filter');
  /** Small, so that most mutations hit a section that is read. */
  const small = assemble({
    types: [{ params: ['i32'], results: ['i32'] }],
    imports: [{ module: 'env', name: 'f', type: 0 }],
    functions: [{ type: 0, code: [0x20, 0] }],
    memory: { min: 1, max: 2 },
    exports: [{ name: 'g', index: 1 }],
    customs: [{ name: 'name', bytes: Uint8Array.of(1, 2, 3) }],
  });

  const settle = (bytes: Uint8Array): void => {
    const parsed = parseModule(bytes);
    if (!isProblem(parsed)) return;
    assert.ok(parsed.offset >= 0 && parsed.offset <= bytes.length);
    assert.notEqual(parsed.message, '');
  };

  const mutations = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), {
    minLength: 1,
    maxLength: 4,
  });

  it('never throws on mutations of a small module', () => {
    fc.assert(
      fc.property(mutations, fc.nat(small.length), (changes, cut) => {
        const bytes = small.slice(0, cut < 8 ? small.length : cut);
        for (const [at, value] of changes) bytes[at % bytes.length] = value;
        settle(bytes);
      }),
      { numRuns: 5_000 },
    );
  });

  it('never throws on mutations of a real module', () => {
    fc.assert(
      fc.property(mutations, (changes) => {
        const bytes = Uint8Array.from(real);
        for (const [at, value] of changes) bytes[at % 4_000] = value;
        settle(bytes);
      }),
      { numRuns: 300 },
    );
  });

  it('never throws on noise behind a header', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (noise) => {
        settle(Uint8Array.from([...HEADER, ...noise]));
      }),
      { numRuns: 3_000 },
    );
  });

  it('accepts whatever V8 accepts among mutations', () => {
    fc.assert(
      fc.property(mutations, (changes) => {
        const bytes = Uint8Array.from(small);
        for (const [at, value] of changes) bytes[8 + (at % (bytes.length - 8))] = value;
        if (WebAssembly.validate(bytes)) shapeOf(bytes);
      }),
      { numRuns: 3_000 },
    );
  });
});
