/** The guest's part of a JavaScript stack, for the log. */

const FRAMES_MAX = 20;

/** V8 keeps 10 frames; a Rust panic alone takes 6 of them. Process-wide, so only ever raised. */
export function keepDeepStacks(): void {
  if (Error.stackTraceLimit < FRAMES_MAX) Error.stackTraceLimit = FRAMES_MAX;
}

/** `unreachable` and the like. */
export function trapMessage(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Function names from the guest's name section, innermost first, joined by ` < `. */
export function guestStack(error: unknown): string {
  if (!(error instanceof Error) || error.stack === undefined) return '';
  const frames: string[] = [];
  for (const line of error.stack.split('\n')) {
    const frame = /^\s+at (?:(.*) \()?wasm:\/\/[^)]*:wasm-function\[(\d+)\]:(0x[0-9a-f]+)/.exec(
      line,
    );
    if (frame === null) continue;
    const name = frame[1] ?? `function ${frame[2]}`;
    frames.push(`${functionName(name)} @${frame[3]}`);
    if (frames.length === FRAMES_MAX) break;
  }
  return frames.join(' < ');
}

/** Rust's mangling and hashes go: `_ZN4core5panic17h0123456789abcdefE` becomes `core::panic`. */
export function functionName(raw: string): string {
  const name = raw.replace(/^[\w-]+\.wasm\./, '').replace(/^.*\.(?=_ZN|_R)/, '');
  if (name.startsWith('_R')) return identifiers(name.slice(2), /^([1-9]\d*)_?/) || name;
  const mangled = /^_ZN(.+)E$/.exec(name);
  const path = mangled === null ? name : identifiers(mangled[1] as string, /^([1-9]\d*)/);
  return path
    .replace(/::h[0-9a-f]{16}$/, '')
    .replaceAll('$LT$', '<')
    .replaceAll('$GT$', '>')
    .replaceAll('$u20$', ' ')
    .replaceAll('..', '::')
    .replace(/^_</, '<');
}

/**
 * The identifiers of a mangled name, which are all a reader of a stack wants of it: each is its
 * length and then itself; what stands between (kinds, disambiguators, back references) is left out.
 */
function identifiers(body: string, length: RegExp): string {
  const parts: string[] = [];
  let at = 0;
  while (at < body.length) {
    const rest = body.slice(at);
    const announced = length.exec(rest);
    if (announced !== null) {
      const start = at + announced[0].length;
      at = start + Number(announced[1]);
      parts.push(body.slice(start, at));
      continue;
    }
    at += /^(?:s|B)[0-9A-Za-z]*_/.exec(rest)?.[0].length ?? 1;
  }
  return parts.join('::');
}
