import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { testDeps } from '../../../runtime/proxy-wasm/testing/deps.ts';
import { streamInfo } from '../testing/outlet.ts';
import { ProbeFilter, probe } from './testing/probe.ts';

describe('wasm filter: start', () => {
  it('starts and configures once per worker, with its configuration and environment', () => {
    const filter = new ProbeFilter({
      configuration: 'caf\u00e9',
      env: [['GREETING', 'h\u00e9llo']],
    });
    assert.deepEqual(filter.lines(), [
      'info vm start Some("h\u00e9llo")',
      'info configure 5 caf\u00e9',
    ]);
    filter.exchange('');
    filter.exchange('');
    assert.deepEqual(filter.lines(), []);
  });
});

describe('wasm filter: log, time, ticks', () => {
  it('logs at the level a guest says, standard output as info', () => {
    const { lines } = probe().exchange(
      'request=log:plain; request=warn:careful; request=print:printed',
    );
    assert.deepEqual(lines, ['plain', 'warn careful', 'printed']);
  });

  it('tells the time of the clock it was given', () => {
    const filter = probe();
    filter.deps.clock.advance(1_500);
    const { lines } = filter.exchange('request=time');
    assert.match(
      lines[0] ?? '',
      new RegExp(`tv_sec: ${Date.UTC(2026, 0, 1) / 1000 + 1}, tv_nsec: 500000000`),
    );
  });

  it('tells the log level', () => {
    assert.deepEqual(probe().exchange('request=loglevel').lines, ['level Trace']);
  });

  it('ticks while the period is not 0', () => {
    const filter = probe({ configuration: 'tick 100' });
    filter.deps.scheduler.advance(350);
    assert.deepEqual(filter.lines(), ['info tick', 'info tick', 'info tick']);
    filter.exchange('request=tick:0');
    filter.deps.scheduler.advance(1_000);
    assert.deepEqual(filter.lines(), []);
    assert.equal(filter.deps.scheduler.armed, 0);
  });

  it('sets an effective context, and says so where there is none', () => {
    const { lines, outlet } = probe().exchange(
      'request=effective:1; request=add-req:a=1; request=effective:77',
    );
    assert.ok(lines.includes('effective Ok(())'));
    assert.ok(lines.includes('effective Err(BadArgument)'));
    // On the root there is no request to add to.
    assert.equal(outlet.request.fields.length, 2);
  });
});

describe('wasm filter: metrics', () => {
  it('defines each kind with ids by kind, and keeps to what it may do', () => {
    const { lines } = probe().exchange(
      'request=counter:hits=2; request=counter:hits=3; request=counter:hits=0; request=counter:hits=-1; ' +
        'request=gauge:level=-4; request=histogram:took=12; request=metric:4444',
    );
    assert.deepEqual(lines, [
      'counter 4 Ok(()) Ok(2)',
      'counter 4 Ok(()) Ok(5)',
      'counter 4 Err(BadArgument) Ok(5)',
      'counter 4 Err(BadArgument) Ok(5)',
      'gauge 9 Ok(()) Ok(6)',
      'histogram 14 Err(BadArgument) Err(BadArgument)',
      'metric Err(NotFound)',
    ]);
  });

  it('shows them under the name of the filter, also after a restart', () => {
    const filter = probe();
    filter.exchange('request=counter:hits=2; response=trap');
    filter.deps.scheduler.advance(1_000);
    filter.exchange('request=counter:hits=2; request=counter:a.b-c=1');
    const { metrics } = filter.deps;
    assert.equal(metrics.counter('wasm_hits', '', { filter: 'default/probe' }).value, 4);
    assert.equal(metrics.counter('wasm_a_b_c', '', { filter: 'default/probe' }).value, 1);
  });

  it('keeps two filters apart that use a name for different kinds', () => {
    const deps = testDeps();
    probe({ id: 'default/one' }, deps).exchange('request=counter:x=1');
    probe({ id: 'default/two' }, deps).exchange('request=gauge:x=1');
    assert.equal(deps.metrics.counter('wasm_x', '', { filter: 'default/one' }).value, 1);
    assert.equal(deps.metrics.gauge('wasm_x_gauge', '', { filter: 'default/two' }).value, 11);
  });
});

describe('wasm filter: shared data and queues', () => {
  it('shares data between filters, with check and set', () => {
    const deps = testDeps();
    const one = probe({ id: 'default/one' }, deps);
    const two = probe({ id: 'default/two' }, deps);
    assert.deepEqual(one.exchange('request=data-get:k; request=data-set:k=v@5').lines, [
      'data (None, None)',
      'data set Ok(())',
    ]);
    assert.deepEqual(two.exchange('request=data-get:k').lines, ['data (Some([118]), Some(1))']);
    assert.deepEqual(
      two.exchange(
        'request=data-set:k=w@7; request=data-set:k=w@1; request=data-set:k=x; request=data-get:k',
      ).lines,
      [
        'data set Err(CasMismatch)',
        'data set Ok(())',
        'data set Ok(())',
        'data (Some([120]), Some(3))',
      ],
    );
  });

  it('hands queued items to the filter that registered last', () => {
    const deps = testDeps();
    const consumer = new ProbeFilter({ id: 'default/consumer', configuration: 'queue jobs' }, deps);
    assert.ok(consumer.lines().includes('info queue 1'));
    const producer = probe({ id: 'default/producer' }, deps);
    const { lines } = producer.exchange(
      'request=queue-resolve:jobs; request=queue-resolve:none; request=queue-put:1=a; request=queue-put:1=b; request=queue-put:9=x',
    );
    assert.deepEqual(lines, [
      'resolve Ok(Some(1))',
      'resolve Ok(None)',
      'put Ok(())',
      'put Ok(())',
      'put Err(NotFound)',
    ]);
    deps.scheduler.advance(0);
    assert.deepEqual(consumer.lines(), [
      'info queue 1 ready Some("a")',
      'info queue 1 ready Some("b")',
    ]);
    assert.deepEqual(producer.exchange('request=queue-get:1; request=queue-get:9').lines, [
      'get Ok(None)',
      'get Err(NotFound)',
    ]);
  });

  it('tells a consumer that died and is back of what was queued', () => {
    const deps = testDeps();
    const filter = probe({ configuration: 'queue jobs' }, deps);
    filter.exchange('request=queue-put:1=a; response=trap');
    filter.lines();
    deps.scheduler.advance(0);
    assert.deepEqual(filter.lines(), []);
    deps.scheduler.advance(1_000);
    assert.ok(filter.lines().includes('info queue 1 ready Some("a")'));
    assert.deepEqual(filter.exchange('request=queue-get:1').lines, ['get Ok(None)']);
  });
});

describe('wasm filter: foreign functions', () => {
  it('compresses and uncompresses, and tells what it does not know', () => {
    const { lines } = probe().exchange(
      'request=roundtrip:=some text some text; request=foreign:uncompress=noise; request=foreign:nothing=1',
    );
    assert.deepEqual(lines, [
      'roundtrip true',
      'foreign Err(SerializationFailure)',
      'foreign Err(NotFound)',
    ]);
  });
});

describe('wasm filter: properties', () => {
  const int = (value: number): string => {
    const bytes = Buffer.alloc(8);
    bytes.writeBigInt64LE(BigInt(value));
    return `Some([${[...bytes].join(', ')}])`;
  };
  const str = (value: string): string => `Some([${[...Buffer.from(value)].join(', ')}])`;

  function read(path: string, phase = 'request', fields: string[] = []): string {
    const [line = ''] = probe().exchange(`${phase}=prop:${path}`, fields).lines;
    return line.slice(`prop ${path} `.length);
  }

  it('tells of the request', () => {
    assert.equal(read('request.path'), str('/shop?item=1'));
    assert.equal(read('request.url_path'), str('/shop'));
    assert.equal(read('request.query'), str('item=1'));
    assert.equal(read('request.method'), str('GET'));
    assert.equal(read('request.host'), str('shop.test'));
    assert.equal(read('request.scheme'), str('http'));
    assert.equal(read('request.protocol'), str('HTTP/1.1'));
    assert.equal(read('request.headers.a', 'request', ['a', '1', 'a', '2']), str('1,2'));
    assert.equal(read('request.useragent', 'request', ['user-agent', 'curl']), str('curl'));
    assert.equal(read('request.id'), 'None');
    assert.equal(read('request.time'), `Some([${[...timestamp()].join(', ')}])`);
    assert.equal(read('request.size', 'request', ['content-length', '12']), int(12));
    assert.equal(read('request.size', 'request', ['content-length', 'x']), 'None');
    assert.equal(read('request.headers_bytes'), int(100));
    assert.equal(read('request.nothing'), 'None');
  });

  const timestamp = (): Buffer => {
    const bytes = Buffer.alloc(8);
    bytes.writeBigInt64LE(BigInt(Date.UTC(2026, 0, 1)) * 1_000_000n);
    return bytes;
  };

  it('tells of the answer once it is there, also in the log', () => {
    assert.equal(read('response.code'), 'None');
    assert.equal(read('response.code', 'response'), int(200));
    assert.equal(read('response.code', 'log'), int(200));
    assert.equal(read('response.headers.server', 'response'), str('test'));
    assert.equal(read('response.flags', 'log'), int(0));
  });

  it('tells of the connection, the upstream and the configuration', () => {
    assert.equal(read('source.address'), str('10.0.0.1:4000'));
    assert.equal(read('source.port'), int(4000));
    assert.equal(read('destination.port'), int(80));
    assert.equal(read('upstream.address', 'response'), str('10.0.0.3:9000'));
    assert.equal(read('connection.mtls'), 'Some([0])');
    assert.equal(read('xds.cluster_name'), str('backend/default/legacy'));
    assert.equal(read('route_name'), str('default/shop/0'));
    assert.equal(read('node.id'), str('node-1'));
    assert.equal(read('xds.node.cluster'), str('edge'));
    assert.equal(read('plugin_root_id'), str('root'));
    assert.equal(read('plugin_name'), str('default/probe'));
    assert.equal(read('unknown'), 'None');
  });

  it('keeps what guests set for the request, for every filter of it, and no longer', () => {
    const filter = probe();
    const info = streamInfo();
    const first = filter.open('request=setprop:my.key=value; request=prop:my.key', [], info);
    first.chain.requestHead(true);
    const second = filter.open('request=prop:my.key', [], info);
    second.chain.requestHead(true);
    const other = filter.open('request=prop:my.key');
    other.chain.requestHead(true);
    assert.deepEqual(filter.results(), [
      `prop my.key ${str('value')}`,
      `prop my.key ${str('value')}`,
      'prop my.key None',
    ]);
  });
});
