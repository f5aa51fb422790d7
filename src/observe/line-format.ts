/** What the JSON and the text format of the access log have in common. */

import type { StreamInfo } from './stream-info.ts';

/** A finished request as one line without its end: printable ASCII and tabs. */
export type LineFormat = (info: StreamInfo) => string;
