/** Modules from elsewhere, as this process fetches them: with its cache and its Docker configuration. */

import { readFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import { systemScheduler } from '../base/scheduler.ts';
import { RemoteModules } from '../runtime/module/fetch/remote-modules.ts';
import type { FetchOptions } from './options.ts';

export interface RemoteModulesDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly options: FetchOptions;
  readonly onChange: () => void;
}

export function createRemoteModules({ options, ...deps }: RemoteModulesDeps): RemoteModules {
  return new RemoteModules({
    ...deps,
    scheduler: systemScheduler,
    random: Math.random,
    cacheDirectory: join(options.cacheDirectory ?? defaultCache(), 'modules'),
    plainHttp: options.plainHttp ?? [],
    dockerConfig: readDockerConfig,
  });
}

/** XDG Base Directory specification: a relative path there counts as not set. */
function defaultCache(): string {
  const set = process.env['XDG_CACHE_HOME'] ?? '';
  const home = homedir();
  if (isAbsolute(set)) return join(set, 'tulle');
  return isAbsolute(home) ? join(home, '.cache/tulle') : join(tmpdir(), 'tulle');
}

async function readDockerConfig(): Promise<string> {
  const directory = process.env['DOCKER_CONFIG'] || join(homedir(), '.docker');
  return readFile(join(directory, 'config.json'), 'utf8').catch(() => '');
}
