/** The requests that rows are made of. */

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ECHO_REMEDY, LARGE_BYTES, SMALL_BYTES } from '../harness/backend.ts';
import type { Bench } from './bench.ts';
import type { Ask } from './contender.ts';

const POST_BYTES = 10 * 1024;

export function plainAsk(bench: Bench): Ask {
  return {
    upstreamPort: bench.backend.smallPort,
    answerBytes: SMALL_BYTES,
    routes: 0,
    log: false,
    filter: null,
    method: 'GET',
    bodyBytes: 0,
  };
}

export function largeAsk(bench: Bench): Ask {
  return { ...plainAsk(bench), upstreamPort: bench.backend.largePort, answerBytes: LARGE_BYTES };
}

export function postAsk(bench: Bench): Ask {
  const port = bench.backend.postPort;
  if (port === null) throw new Error(`the backend cannot read bodies: ${ECHO_REMEDY}`);
  return { ...plainAsk(bench), upstreamPort: port, method: 'POST', bodyBytes: POST_BYTES };
}

export function filteredAsk(bench: Bench): Ask {
  const filter = join(bench.root, 'test/guests/header-filter.wasm');
  if (!existsSync(filter)) throw new Error(`no ${filter}: npm run build:guests`);
  return { ...plainAsk(bench), filter };
}
