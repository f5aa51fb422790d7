/** A chain of three filters, the middle one scripted. */

import { RecordingOutlet } from './outlet.ts';
import { type Script, Scripted } from './scripted.ts';

export function three(b: Script): [Scripted, Scripted, Scripted, RecordingOutlet] {
  const filters = [new Scripted('a'), new Scripted('b', b), new Scripted('c')] as const;
  return [...filters, new RecordingOutlet(filters)];
}
