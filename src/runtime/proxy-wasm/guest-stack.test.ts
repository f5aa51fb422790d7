import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { functionName, guestStack, trapMessage } from './guest-stack.ts';

describe('guest stack', () => {
  it('unmangles what Rust calls its functions', () => {
    const cases: [string, string][] = [
      ['_ZN4core9panicking5panic17h0123456789abcdefE', 'core::panicking::panic'],
      ['header_filter.wasm._ZN3foo3bar17h0123456789abcdefE', 'foo::bar'],
      ['_ZN29_$LT$a..B$u20$as$u20$c..D$GT$5apply17h0123456789abcdefE', '<a::B as c::D>::apply'],
      ['_RNvNtCset5xJoy1xWQ_3std9panicking15panic_with_hook', 'std::panicking::panic_with_hook'],
      ['core::panicking::panic::h0123456789abcdef', 'core::panicking::panic'],
      ['proxy_on_request_headers', 'proxy_on_request_headers'],
      ['main.handle', 'main.handle'],
    ];
    for (const [raw, name] of cases) assert.equal(functionName(raw), name);
  });

  it('takes the guest frames of a stack and leaves the host out', () => {
    const error = new Error('unreachable');
    error.stack = [
      'RuntimeError: unreachable',
      '    at m.wasm._ZN1a1b17h0123456789abcdefE (wasm://wasm/m.wasm-0af3:wasm-function[12]:0x3f)',
      '    at wasm://wasm/0af3:wasm-function[7]:0x10',
      '    at Vm.run (file:///src/vm.ts:1:2)',
    ].join('\n');
    assert.equal(guestStack(error), 'a::b @0x3f < function 7 @0x10');
  });

  it('copes with what is no error', () => {
    assert.equal(guestStack('text'), '');
    assert.equal(trapMessage('text'), 'text');
    assert.equal(trapMessage(new Error('x')), 'x');
  });
});
