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

/** Module name and Rust's hash go; `_ZN4core5panic17h0123456789abcdefE` becomes `core::panic`. */
export function functionName(raw: string): string {
  const name = raw.replace(/^[\w-]+\.wasm\./, '').replace(/^.*\.(?=_ZN)/, '');
  const mangled = /^_ZN(.+)E$/.exec(name);
  const path = mangled === null ? name : demangle(mangled[1] as string);
  return path.replace(/::h[0-9a-f]{16}$/, '');
}

function demangle(body: string): string {
  const parts: string[] = [];
  let at = 0;
  while (at < body.length) {
    const length = /^\d+/.exec(body.slice(at));
    if (length === null) break;
    at += length[0].length;
    parts.push(body.slice(at, at + Number(length[0])));
    at += Number(length[0]);
  }
  return parts.join('::').replaceAll('$LT$', '<').replaceAll('$GT$', '>').replaceAll('..', '::');
}
