/** What every exchange of a worker shares. */

import type { Clock } from '../../base/clock.ts';
import type { DeadlineWheel } from '../../base/deadline.ts';
import type { LimitCounters } from '../../observe/data-metrics.ts';
import type { StreamInfo } from '../../observe/stream-info.ts';
import type { HttpDate } from './http-date.ts';
import type { MirrorBudget } from './mirrors.ts';

export interface ExchangeDeps {
  readonly clock: Clock;
  readonly wheel: DeadlineWheel;
  readonly date: HttpDate;
  readonly mirrors: MirrorBudget;
  readonly limits: LimitCounters;
  /** 0 to 1, 1 excluded. */
  random(): number;
  /** A fresh x-request-id. */
  newId(): string;
  /** The request is over: access log and whoever else listens. */
  logRequest(info: StreamInfo): void;
}
