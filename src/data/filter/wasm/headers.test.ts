import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { responseHead } from '../testing/outlet.ts';
import { answerBody, probe, sendBody } from './testing/probe.ts';

describe('wasm filter: header maps', () => {
  it('reads, adds, replaces and removes fields of the request', () => {
    const { lines, outlet } = probe().exchange(
      'request=get-req:one; request=get-req:ONE; request=get-req:none; request=add-req:two=b; ' +
        'request=set-req:one=z; request=set-req:new=n; request=del-req:gone; request=del-req:absent',
      ['one', 'a', 'gone', '1', 'one', 'b', 'gone', '2'],
    );
    assert.deepEqual(lines, ['one = Some("a")', 'ONE = Some("a")', 'none = None']);
    assert.deepEqual(outlet.request.fields.slice(2), ['two', 'b', 'one', 'z', 'new', 'n']);
  });

  it('reads and edits fields of the answer', () => {
    const { lines, outlet } = probe().exchange(
      'response=get-res:server; response=add-res:x-a=1; response=set-res:server=tulle; response=get-res::status; response=set-res::status=201',
    );
    assert.deepEqual(lines, ['server = Some("test")', ':status = Some("200")']);
    assert.deepEqual(outlet.answer?.fields, ['x-a', '1', 'server', 'tulle']);
    assert.equal(outlet.answer?.status, 201);
  });

  it('shows the start line as pseudo-fields and takes edits of it', () => {
    const { lines, outlet } = probe().exchange(
      'request=get-req::path; request=get-req::method; request=get-req::authority; request=get-req::scheme; request=get-req:host; ' +
        'request=set-req::path=/other; request=set-req::method=POST; request=set-req:host=New.Test; request=set-req::scheme=https',
    );
    assert.deepEqual(lines, [
      ':path = Some("/shop?item=1")',
      ':method = Some("GET")',
      ':authority = Some("shop.test")',
      ':scheme = Some("http")',
      'host = Some("shop.test")',
    ]);
    const { target, method, authority, scheme } = outlet.request;
    assert.deepEqual([target, method, authority, scheme], ['/other', 'POST', 'new.test', 'https']);
  });

  it('refuses pseudo-fields that could not be sent, and the guest lives', () => {
    const { lines, outlet } = probe().exchange(
      'request=set-req::path=no slash; request=set-req::method=GE T; request=set-req::authority=a/b; ' +
        'request=set-req::scheme=ftp; request=set-req::other=1; response=set-res::status=99; request=del-req::path',
    );
    const { target, method, authority, scheme } = outlet.request;
    assert.deepEqual(
      [target, method, authority, scheme],
      ['/shop?item=1', 'GET', 'shop.test', 'http'],
    );
    assert.equal(outlet.answer?.status, 200);
    assert.equal(lines.filter((line) => line.startsWith('warn')).length, 6);
  });

  it('gives the whole map, pseudo-fields first, and counts them', () => {
    const filter = probe();
    const outlet = filter.open('request=all-req', ['a', '1', 'a', '2']);
    outlet.chain.requestHead(true);
    const lines = filter.deps.log.take();
    assert.ok(lines.includes('debug request headers 7 true'));
    const all = lines.find((line) => line.startsWith('info all')) ?? '';
    assert.match(
      all,
      /^info all \[\(":authority", "shop.test"\), \(":path", "\/shop\?item=1"\), \(":method", "GET"\), \(":scheme", "http"\), \("x-probe"/,
    );
    assert.match(all, /\("a", "1"\), \("a", "2"\)\]$/);
  });

  it('replaces a whole map and keeps the pseudo-fields it does not name', () => {
    const { outlet } = probe().exchange('request=pairs-req::method=PUT; response=none-res', [
      'a',
      '1',
    ]);
    assert.deepEqual(outlet.request.fields, ['x-only', 'this']);
    assert.deepEqual([outlet.request.method, outlet.request.target], ['PUT', '/shop?item=1']);
    assert.deepEqual(outlet.answer?.fields, []);
  });

  it('keeps values byte by byte', () => {
    const { lines, outlet } = probe().exchange('request=bytes-req:x-raw', [
      'x-raw',
      'caf\u00e9 \u00ff',
    ]);
    assert.deepEqual(lines, ['x-raw = Some([99, 97, 102, 233, 32, 255])']);
    assert.equal(outlet.request.fields[3], 'caf\u00e9 \u00ff');
  });

  it('sends what UTF-8 a guest writes as its bytes', () => {
    const { outlet } = probe().exchange('response=add-res:x-utf8=\u00c3\u00a9');
    assert.equal(outlet.answer?.fields.at(-1), '\u00c3\u00a9');
  });

  it('never lets a guest break the message', () => {
    const { lines, outlet } = probe().exchange(
      'request=addctl-req:x-bad; request=setctl-req:x-user; request=add-req:bad name=1; ' +
        'request=add-req:transfer-encoding=chunked; request=set-req:connection=close; request=set-req:content-length=12a',
      ['x-user', 'spoofed', 'content-length', '3'],
    );
    // An invalid replacement takes the old value with it.
    assert.deepEqual(outlet.request.fields.slice(2), []);
    assert.equal(lines.filter((line) => line.startsWith('warn')).length, 6);
    assert.equal(outlet.answer?.status, 200);
  });

  it('lives through calls about maps that are not there', () => {
    const { lines, outlet } = probe().exchange(
      'request=get-res:server; request=add-res:x=1; request=get-reqt:t; request=add-reqt:t=1; request=all-rest; ' +
        'request=get-call:a; request=add-callt:a=1; response=get-reqt:t; log=get-res:server; log=get-req:x-probe',
    );
    assert.equal(outlet.answer?.status, 200);
    assert.deepEqual(outlet.answer?.fields, ['server', 'test']);
    assert.deepEqual(lines.filter((line) => !line.startsWith('warn')).slice(0, 4), [
      'server = None',
      't = None',
      'all []',
      'a = None',
    ]);
  });

  it('keeps the request readable later, and edits of it without effect', () => {
    const { lines, outlet } = probe().exchange(
      'response=get-req:one; response=set-req:one=late; response=all-req; log=get-req:one; done=get-res:server',
      ['one', 'a'],
    );
    assert.equal(outlet.request.fields[3], 'a');
    assert.equal(lines[0], 'one = Some("a")');
    assert.match(lines[1] ?? '', /^warn .*sent on already/);
    assert.deepEqual(lines.slice(-2), ['one = Some("a")', 'server = Some("test")']);
  });

  it('clears the route cache once for edits of the request, never for others', () => {
    const count = (script: string): number =>
      probe()
        .exchange(script)
        .outlet.events.filter((event) => event === 'route cleared').length;
    assert.equal(count('request=add-req:a=1; request=add-req:b=2'), 1);
    assert.equal(count('request=get-req:a; response=add-res:a=1'), 0);
    assert.equal(count('request=del-req:absent'), 0);
    assert.equal(count('request=foreign:clear_route_cache'), 1);
  });

  it('reads and edits trailers of both ways', () => {
    const filter = probe();
    const outlet = filter.open(
      'trailers=get-reqt:t; trailers=add-reqt:u=2; answer-trailers=set-rest:t=9; answer-trailers=all-rest',
    );
    outlet.chain.requestHead(false);
    outlet.chain.requestTrailers(['t', '1']);
    outlet.chain.responseHead(responseHead(), false);
    outlet.chain.responseTrailers(['t', '3']);
    assert.deepEqual(outlet.events, ['head', 'trailers t,1,u,2', 'HEAD 200', 'TRAILERS t,9']);
    assert.deepEqual(filter.results(), ['t = Some("1")', 'all [("t", "9")]']);
  });

  it('makes trailers at the end of a body', () => {
    const filter = probe();
    const outlet = filter.open('body-end=add-reqt:sum=1; answer-end=add-rest:sum=2');
    outlet.chain.requestHead(false);
    sendBody(outlet, ['x', 'y']);
    outlet.chain.responseHead(responseHead(), false);
    answerBody(outlet, ['z']);
    assert.deepEqual(outlet.events, [
      'head',
      'data x',
      'data y',
      'trailers sum,1',
      'HEAD 200',
      'DATA z',
      'TRAILERS sum,2',
    ]);
  });
});
