/** Writes docs/errors.md and docs/limits.md from the tables in src/base: `npm run build:docs`. */

import { readFileSync, writeFileSync } from 'node:fs';
import { ERRORS } from '../src/base/errors.ts';
import { LIMITS } from '../src/base/limits.ts';

const at = (path: string): URL => new URL(`../${path}`, import.meta.url);

function errorsPage(): string {
  const rows = Object.entries(ERRORS).map(
    ([code, { fault, status, flag, message, remedy }]) =>
      `| \`${code}\` | ${status === 0 ? 'cut' : status} | ${flag} | ${fault} | ${message} | ${remedy} |`,
  );
  return `# Error codes

Every request that Tulle itself answers or cuts has one of these codes: in the \`x-tulle-error\` field of the
answer, in its text, and at the start of the access log's details. The flag stands in the log's response flags.
This page is made from \`src/base/errors.ts\` by \`npm run build:docs\`.

| code | status | flag | fault of | what happened | what to do |
|---|---|---|---|---|---|
${rows.join('\n')}
`;
}

function limitsPage(): string {
  const source = readFileSync(at('src/base/limits.ts'), 'utf8');
  const rows = Object.entries(LIMITS).map(([name, value]) => {
    const comment = new RegExp(`/\\*\\* ([^\\n]*) \\*/\\n  ${name}:`).exec(source)?.[1] ?? '';
    return `| \`${name}\` | ${value.toLocaleString('en-US')} | ${comment.replaceAll('|', '\\|')} |`;
  });
  return `# Limits

Nothing in Tulle grows without bound. The unit ends the name: bytes, ms, or a count (\`Max\`). A limit that trips
raises \`tulle_limit_trips_total\` or the counter its room has in [metrics](metrics.md). This page is made from
\`src/base/limits.ts\` by \`npm run build:docs\`.

| limit | default | what it bounds |
|---|---|---|
${rows.join('\n')}
`;
}

writeFileSync(at('docs/errors.md'), errorsPage());
writeFileSync(at('docs/limits.md'), limitsPage());
