import assert from 'node:assert/strict';
import { BlockList } from 'node:net';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { compileCidrs } from './cidr.ts';

test('IPv4 networks and single addresses', () => {
  const trusted = compileCidrs(['10.0.0.0/8', '192.168.1.128/25', '203.0.113.7']);
  for (const ip of ['10.0.0.0', '10.255.255.255', '192.168.1.128', '203.0.113.7']) {
    assert.equal(trusted(ip), true, ip);
  }
  for (const ip of ['9.255.255.255', '11.0.0.0', '192.168.1.127', '203.0.113.6', '::', '::1']) {
    assert.equal(trusted(ip), false, ip);
  }
});

test('IPv6 networks, however an address is written', () => {
  const trusted = compileCidrs([
    '2001:db8:8000::/33',
    '::1',
    'fe80::/10',
    '64:ff9b::192.0.2.0/120',
  ]);
  for (const ip of [
    '2001:db8:8000::1',
    '2001:0DB8:FFFF:0:0:0:0:1',
    '0:0:0:0:0:0:0:1',
    '::0.0.0.1',
    'fe80::1%eth0',
    'febf::',
    '64:ff9b::c000:2ff',
  ]) {
    assert.equal(trusted(ip), true, ip);
  }
  for (const ip of ['2001:db8:7fff::', '::2', 'fec0::', '64:ff9b::c000:300', '1::', '0.0.0.1']) {
    assert.equal(trusted(ip), false, ip);
  }
});

test('an IPv4 address and its IPv6 form are the same, in the list and when asked', () => {
  const plain = compileCidrs(['10.0.0.0/8']);
  const mapped = compileCidrs(['::ffff:10.0.0.0/104']);
  for (const trusted of [plain, mapped]) {
    for (const ip of ['10.1.2.3', '::ffff:10.1.2.3', '::ffff:a01:203', '0:0:0:0:0:FFFF:10.1.2.3']) {
      assert.equal(trusted(ip), true, ip);
    }
    assert.equal(trusted('::10.1.2.3'), false);
    assert.equal(trusted('::ffff:11.0.0.0'), false);
  }
});

test('all of one family does not hold the other', () => {
  const v4 = compileCidrs(['0.0.0.0/0']);
  const v6 = compileCidrs(['::/0']);
  assert.deepEqual(
    ['127.0.0.1', '::ffff:127.0.0.1', '::1'].map((ip) => [v4(ip), v6(ip)]),
    [
      [true, false],
      [true, false],
      [false, true],
    ],
  );
});

test('bits after the prefix are ignored', () => {
  const trusted = compileCidrs(['10.1.2.3/8', '2001:db8::ffff/32']);
  assert.equal(trusted('10.200.0.0'), true);
  assert.equal(trusted('2001:db8:1::'), true);
});

test('an empty list holds nothing, and no text that is not an address is held', () => {
  assert.equal(compileCidrs([])('127.0.0.1'), false);
  const all = compileCidrs(['0.0.0.0/0', '::/0']);
  for (const text of ['', ' ', 'unknown', '_hidden', '1.2.3', '1.2.3.4:80', '[::1]', '01.2.3.4']) {
    assert.equal(all(text), false, text);
  }
  for (const text of ['1.2.3.4 ', '::1::', '1:2:3:4:5:6:7', '1.2.3.256', '::g', '10.0.0.0/8']) {
    assert.equal(all(text), false, text);
  }
});

test('bad entries are refused by name, with what to write instead', () => {
  const refusals: readonly (readonly [string, RegExp])[] = [
    ['', /"" is not an address or network: write 10\.0\.0\.0\/8/],
    ['example.org', /"example\.org" is not an address/],
    ['10.0.0.0/33', /"10\.0\.0\.0\/33" has a bad prefix length: .* 0 to 32/],
    ['::/129', /0 to 128/],
    ['10.0.0.0/', /bad prefix/],
    ['10.0.0.0/08', /bad prefix/],
    ['10.0.0.0/-1', /bad prefix/],
    ['10.0.0.0/8/8', /bad prefix/],
    ['10.0.0.0/ 8', /bad prefix/],
    ['10.0.0.0/1e1', /bad prefix/],
    ['10.0.0/8', /not an address/],
    [' 10.0.0.0/8', /not an address/],
    ['fe80::1%eth0/64', /not an address/],
    ['/8', /not an address/],
  ];
  for (const [entry, message] of refusals) {
    assert.throws(() => compileCidrs(['127.0.0.1', entry]), message, entry);
  }
});

test('answers stay right when more addresses come than are remembered', () => {
  const trusted = compileCidrs(['10.0.0.0/9']);
  for (let round = 0; round < 3; round++) {
    for (let i = 0; i < 256; i++) assert.equal(trusted(`10.${i}.0.1`), i < 128);
    for (let i = 255; i >= 0; i--) assert.equal(trusted(`10.${i}.0.1`), i < 128);
  }
});

/** Addresses near each other, so that networks hold some of them. */
const v4 = fc
  .tuple(fc.constantFrom(10, 11, 192), fc.constantFrom(0, 1, 128), fc.nat(255), fc.nat(255))
  .map((bytes) => bytes.join('.'));
const v6 = fc.oneof(
  fc.ipV6(),
  fc
    .array(fc.constantFrom(0, 1, 0xffff, 0x8000), { minLength: 8, maxLength: 8 })
    .map((groups) => groups.map((group) => group.toString(16)).join(':')),
);

/** IPv4 in IPv6 form, where the two differ on purpose: a wider IPv6 network holds none of it. */
const mappedOnly = new BlockList();
mappedOnly.addSubnet('::ffff:0:0', 96, 'ipv6');

test('property: agrees with the BlockList of Node within each family', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(v4, fc.nat(32)), { maxLength: 4 }),
      fc.array(fc.tuple(v6, fc.nat(128)), { maxLength: 4 }),
      fc.array(v4, { minLength: 4 }),
      fc.array(v6, { minLength: 4 }),
      (networks4, networks6, asked4, asked6) => {
        const list4 = new BlockList();
        for (const [net, prefix] of networks4) list4.addSubnet(net, prefix, 'ipv4');
        const list6 = new BlockList();
        for (const [net, prefix] of networks6) list6.addSubnet(net, prefix, 'ipv6');
        const trusted4 = compileCidrs(networks4.map(([net, prefix]) => `${net}/${prefix}`));
        const trusted6 = compileCidrs(networks6.map(([net, prefix]) => `${net}/${prefix}`));
        for (const ip of [...asked4, ...networks4.map(([net]) => net)]) {
          const expected = list4.check(ip);
          assert.equal(trusted4(ip), expected, ip);
          assert.equal(trusted4(`::ffff:${ip}`), expected, `::ffff:${ip}`);
        }
        for (const ip of [...asked6, ...networks6.map(([net]) => net)]) {
          if (!mappedOnly.check(ip, 'ipv6'))
            assert.equal(trusted6(ip), list6.check(ip, 'ipv6'), ip);
        }
      },
    ),
    { numRuns: 300 },
  );
});

test('fuzz: any text is answered, and compiles or is refused with a message', () => {
  const all = compileCidrs(['0.0.0.0/0', '::/0']);
  const texts = fc.oneof(
    fc.string(),
    fc.string({ unit: fc.constantFrom(...'0123456789abcf:./%[] ') }),
    fc.tuple(fc.oneof(v4, v6), fc.string()).map((parts) => parts.join('')),
  );
  fc.assert(
    fc.property(texts, (text) => {
      assert.equal(typeof all(text), 'boolean');
      try {
        assert.equal(typeof compileCidrs([text])(text), 'boolean');
      } catch (error) {
        assert.match((error as Error).message, /^".*" (is not an address|has a bad prefix)/s);
      }
    }),
    { numRuns: 1_000 },
  );
});
