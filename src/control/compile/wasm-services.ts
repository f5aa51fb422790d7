/** WasmServices: limits and paths filled in. One whose kind this version cannot run is left out. */

import { LIMITS } from '../../base/limits.ts';
import type { MountedDirectory, WasmService } from '../../config/wasm.ts';
import type { Resource } from '../resource.ts';
import type { WasmServiceLimits, WasmServiceSpec } from '../schema/types.ts';
import { parseQuantityBytes } from '../schema/units.ts';
import { ACCEPTED, isFalse, PROGRAMMED } from '../status/conditions.ts';
import { soundnessOf } from './broken.ts';
import { durationMs } from './cluster-settings.ts';
import { addStatus, type Context, keyOf } from './context.ts';
import { TULLE_GROUP } from './groups.ts';
import { guestEnv, moduleFault, moduleSource, resolvePath } from './module-source.ts';
import { compareText } from './report.ts';
import { specOf } from './resource-index.ts';

/** Usable ones, by id. */
export function compileServices(context: Context): readonly WasmService[] {
  const services: WasmService[] = [];
  for (const resource of context.index.all(TULLE_GROUP, 'WasmService').values()) {
    const broken = soundnessOf(resource).outside([]);
    if (broken !== null) {
      const message = `an error at ${broken} keeps the service out`;
      addStatus(context, resource, [isFalse('Accepted', 'Invalid', message)]);
      continue;
    }
    const spec = specOf<WasmServiceSpec>(resource);
    const unserved = unservedKind(spec);
    if (unserved !== null) {
      refuse(context, resource, unserved);
      continue;
    }
    const service = compileService(context, resource, spec);
    services.push(service);
    const fault = moduleFault(context, service.module);
    addStatus(context, resource, [
      ACCEPTED,
      fault === null ? PROGRAMMED : isFalse('Programmed', 'ModuleNotFound', fault),
    ]);
  }
  return services.sort((a, b) => compareText(a.id, b.id));
}

function unservedKind(spec: WasmServiceSpec): string | null {
  const kind = spec.kind ?? 'auto';
  if (kind !== 'auto' && kind !== 'cgi') return `kind ${kind}`;
  return /\.[cm]?[jt]s$/.test(spec.module) ? 'a JavaScript or TypeScript module' : null;
}

function refuse(context: Context, resource: Resource, what: string): void {
  const message = `${what} is not served by this version`;
  const field = what.startsWith('kind') ? 'kind' : 'module';
  context.report.error(
    resource,
    ['spec', field],
    'not-served',
    message,
    'Use a WASI preview 1 command (kind: cgi).',
  );
  addStatus(context, resource, [isFalse('Accepted', 'NotServed', message)]);
}

function compileService(context: Context, resource: Resource, spec: WasmServiceSpec): WasmService {
  const limits = spec.limits ?? {};
  return {
    id: keyOf(resource),
    module: moduleSource(context, resource, {
      path: ['spec', 'module'],
      url: spec.module,
      sha256: spec.sha256,
      imagePullPolicy: spec.imagePullPolicy,
      imagePullSecret: spec.imagePullSecret,
    }),
    kind: spec.kind === 'cgi' ? 'cgi' : 'auto',
    args: spec.args ?? [],
    env: guestEnv(context, resource, spec.env, ['spec', 'env']),
    dirs: (spec.dirs ?? []).map((dir, position) => mount(context, resource, dir, position)),
    limits: {
      memoryBytes: memoryBytes(limits),
      wallMs: durationMs(limits.wallTime, LIMITS.guestWallMs),
      concurrency: limits.concurrency ?? LIMITS.guestConcurrencyMax,
      queue: limits.queue ?? LIMITS.guestQueueMax,
    },
  };
}

function memoryBytes({ memory }: WasmServiceLimits): number {
  if (memory === undefined) return LIMITS.guestMemoryBytesMax;
  return parseQuantityBytes(memory) ?? LIMITS.guestMemoryBytesMax;
}

type Dir = NonNullable<WasmServiceSpec['dirs']>[number];

function mount(context: Context, resource: Resource, dir: Dir, position: number): MountedDirectory {
  const host = resolvePath(context, resource, dir.host);
  if (context.options.fileExists?.(host) === false) {
    context.report.error(
      resource,
      ['spec', 'dirs', position, 'host'],
      'missing-file',
      `there is no directory ${host}`,
      'Make it, or mend the path: it starts from the folder of this YAML file.',
    );
  }
  return { guest: dir.guest, host, readonly: dir.readonly ?? false };
}
