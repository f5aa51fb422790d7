// The service's own code: an ES module whose `handle` answers one request.

let served = 0;

export function handle(request) {
  served += 1;
  if (request.path === '/throw') throw new TypeError('asked to throw');
  if (request.path === '/later') return Promise.resolve({ status: 202, body: 'later\n' });
  if (request.path === '/nothing') return undefined;
  const lines = [
    `hello from JavaScript`,
    `method ${request.method}`,
    `path ${request.path}`,
    `query ${request.query}`,
    `x-hello ${request.headers['x-hello'] ?? ''}`,
    `body ${request.body.toUpperCase()}`,
    `served ${served}`,
  ];
  return {
    status: 200,
    headers: { 'content-type': 'text/plain; charset=utf-8', 'x-guest': 'js-hello' },
    body: `${lines.join('\n')}\n`,
  };
}
