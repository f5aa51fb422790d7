import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { parseModule } from '../binary.ts';
import { isProblem, type ModuleShape } from '../shape.ts';
import { assemble, HEADER, leb, name, op, section } from '../testing/assemble.ts';
import { guestBytes } from '../testing/guests.ts';
import { CPU_TABLE } from './added.ts';
import { instrument } from './instrument.ts';
import { findSections, SECTION } from './survey.ts';

const GUESTS = readdirSync(`${import.meta.dirname}/../../../../test/guests`)
  .filter((file) => file.endsWith('.wasm'))
  .map((file) => file.replace(/\.wasm$/, ''));

function counted(bytes: Uint8Array): Uint8Array {
  const result = instrument(bytes);
  if ('reason' in result) assert.fail(result.reason);
  assert.ok(WebAssembly.validate(result));
  return result;
}

function refused(bytes: Uint8Array): string {
  const result = instrument(bytes);
  assert.ok('reason' in result);
  return result.reason;
}

function shapeOf(bytes: Uint8Array): ModuleShape {
  const shape = parseModule(bytes);
  if (isProblem(shape)) assert.fail(shape.message);
  return shape;
}

/** The content of a module's sections of one kind. */
function contents(bytes: Uint8Array, id: number): Buffer[] {
  return findSections(bytes)
    .filter((one) => one.id === id)
    .map((one) => Buffer.from(bytes.subarray(one.body, one.end)));
}

describe('instrument', () => {
  for (const guest of GUESTS) {
    it(`gives ${guest} a counter and leaves the rest of it alone`, () => {
      const bytes = guestBytes(guest);
      const result = counted(bytes);
      const [before, after] = [shapeOf(bytes), shapeOf(result)];
      assert.deepEqual(after.imports, before.imports);
      assert.deepEqual(after.exports.slice(0, -1), before.exports);
      assert.deepEqual(after.exports.at(-1), { name: CPU_TABLE, kind: 'table', signature: '' });
      for (const id of [SECTION.import, SECTION.start, SECTION.element, SECTION.data]) {
        assert.deepEqual(contents(result, id), contents(bytes, id));
      }
      const customs = contents(bytes, SECTION.custom);
      const kept = contents(result, SECTION.custom).filter((one) => !one.includes('branch_hint'));
      assert.deepEqual(kept, customs);
      assert.ok(result.length < bytes.length * 1.25 + 4_096);
      assert.deepEqual(counted(bytes), result);
    });
  }

  it('makes the sections that a module does not have', () => {
    const bytes = assemble({
      types: [{ params: [], results: [] }],
      functions: [{ type: 0, code: [0x03, 0x40, 0x0c, 0, 0x0b] }],
    });
    const ids = findSections(counted(bytes)).map((one) => one.id);
    const { type, table, global, custom, code } = SECTION;
    assert.deepEqual(ids, [type, SECTION.function, table, global, SECTION.export, custom, code]);
  });

  it('leaves a module without code as it is', () => {
    const bytes = assemble({
      memory: { min: 1 },
      customs: [{ name: 'x', bytes: new Uint8Array(3) }],
    });
    assert.equal(instrument(bytes), bytes);
  });

  it('drops hints about branches, whose offsets are no longer true', () => {
    const bytes = assemble({
      types: [{ params: [], results: [] }],
      functions: [{ type: 0, code: [] }],
      customs: [{ name: 'metadata.code.branch_hint', bytes: Uint8Array.of(0) }],
    });
    const hints = contents(counted(bytes), SECTION.custom);
    assert.equal(hints.length, 1);
  });
});

describe('instrument: refusals', () => {
  it('names what V8 says of a module that is not valid', () => {
    const bytes = assemble({
      types: [{ params: [], results: ['i32'] }],
      functions: [{ type: 0, code: [] }],
    });
    assert.match(refused(bytes), /^is not valid: .*expected 1 elements on the stack/);
    assert.match(refused(Uint8Array.of(1, 2, 3)), /^is not valid: /);
  });

  it('refuses a module that could name what is added', () => {
    // Without the check this would set the counter: it has no global of its own.
    const code = [...op.i32(0x7fffffff), 0x24, 0];
    const types = [{ params: [], results: [] }] as const;
    assert.match(refused(assemble({ types, functions: [{ type: 0, code }] })), /global index/);
    // And this would call the function that asks the host.
    const call = assemble({ types, functions: [{ type: 0, code: op.call(1) }] });
    assert.match(refused(call), /^is not valid: /);
  });

  it('refuses the reserved name, so also a module that has a counter', () => {
    const bytes = assemble({
      types: [{ params: [], results: [] }],
      functions: [{ type: 0, code: [] }],
    });
    assert.match(refused(counted(bytes)), /^exports "tulle\.cpu", a name that is reserved/);
  });

  const typed = (body: readonly number[]): Uint8Array =>
    Uint8Array.from([
      ...HEADER,
      ...section(1, [1, 0x60, 0, 0]),
      ...section(3, [1, 0]),
      ...body,
      ...section(10, [1, 2, 0, 0x0b]),
    ]);

  it('refuses memories and tables with 64-bit addresses', () => {
    assert.match(refused(typed(section(5, [1, 4, 1]))), /64-bit addresses: build it for wasm32/);
  });

  it('refuses garbage-collected types', () => {
    const bytes = Uint8Array.from([
      ...HEADER,
      ...section(1, [2, 0x60, 0, 0, 0x5f, 1, 0x7f, 1]),
      ...section(3, [1, 0]),
      ...section(
        10,
        [1, 7, 0, 0xfb, 1, 1, 0x1a, 0x0b].map((byte, i) => (i === 1 ? 6 : byte)),
      ),
    ]);
    assert.ok(WebAssembly.validate(bytes));
    assert.match(refused(bytes), /garbage-collected types, whose memory cannot be bounded/);
  });

  it('refuses a function that V8 would no longer take', () => {
    const turns = 500_000;
    const code = new Uint8Array(turns * 13);
    // loop; local.get; drop...: each gets a check of its own.
    for (let i = 0; i < turns; i++)
      code.set([0x03, 0x40, 0x41, 0, 0x1a, 0x0b, 1, 1, 1, 1, 1, 1, 1], i * 13);
    const body = [0, ...code, 0x0b];
    const bytes = Uint8Array.from([
      ...HEADER,
      ...section(1, [1, 0x60, 0, 0]),
      ...section(3, [1, 0]),
    ]);
    const codeHead = [1, ...leb(body.length)];
    const whole = Buffer.concat([
      bytes,
      Uint8Array.from([10, ...leb(codeHead.length + body.length), ...codeHead]),
      Uint8Array.from(body),
    ]);
    assert.ok(WebAssembly.validate(whole));
    assert.match(refused(whole), /^function 0 is too long to be counted/);
  });
});

describe('instrument: damaged modules', () => {
  const subjects = GUESTS.map(guestBytes)
    .filter((bytes) => bytes.length < 250_000)
    .map((bytes) => ({ bytes, code: findSections(bytes).find((one) => one.id === SECTION.code) }));

  it('never throws, and never makes a valid module invalid', () => {
    let valid = 0;
    const edit = fc.tuple(fc.nat(), fc.nat(255));
    fc.assert(
      fc.property(fc.nat(), fc.array(edit, { minLength: 1, maxLength: 4 }), (which, edits) => {
        const { bytes, code } = subjects[which % subjects.length] ?? assert.fail();
        const damaged = Uint8Array.from(bytes);
        const { body = 8, end = bytes.length } = code ?? {};
        for (const [at, value] of edits) damaged[body + (at % (end - body))] = value;
        const result = instrument(damaged);
        if ('reason' in result) assert.equal(typeof result.reason, 'string');
        else {
          valid++;
          assert.ok(WebAssembly.validate(result));
        }
      }),
      { numRuns: 400 },
    );
    assert.ok(valid > 10, `${valid} were still valid`);
  });

  it('takes any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        instrument(bytes);
        instrument(Uint8Array.from([...HEADER, ...bytes]));
      }),
    );
  });

  it('takes a module cut anywhere', () => {
    const bytes = guestBytes('header-filter');
    for (let end = 0; end < bytes.length; end += 997) {
      assert.match(refused(bytes.subarray(0, end)), /^is not valid: /);
    }
  });

  it('keeps a name section that is not one', () => {
    const bytes = assemble({
      types: [{ params: [], results: [] }],
      functions: [{ type: 0, code: [] }],
      customs: [{ name: 'name', bytes: Uint8Array.from([1, 2, ...name('x'), 0xff]) }],
    });
    assert.equal(contents(counted(bytes), SECTION.custom).length, 2);
  });
});
