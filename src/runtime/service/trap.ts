/** What went wrong inside a guest, in words, and where: the frames of its own stack. */

export interface Trap {
  readonly message: string;
  /** Innermost first, one a line; '' where the engine gave none. */
  readonly stack: string;
}

/** Frames kept: a panic alone takes ten before the guest's own code shows. */
export const TRAP_FRAMES_MAX = 40;

/** `wasm://wasm/name-hash:wasm-function[12]:0x3f` as V8 prints a place. */
const FRAME = /^\s*at (?:(.*) \()?wasm:\/\/[^:]*:(wasm-function\[\d+\]:0x[0-9a-f]+)\)?$/;

/**
 * Null for what no guest can cause: that is a fault of the host. A guest's own exhaustion of the
 * stack comes as a RangeError, an exception it does not catch as a WebAssembly.Exception.
 */
export function describeTrap(error: unknown): Trap | null {
  if (error instanceof WebAssembly.RuntimeError || error instanceof RangeError) {
    return { message: error.message, stack: guestFrames(error.stack ?? '') };
  }
  if (Object.prototype.toString.call(error) === '[object WebAssembly.Exception]') {
    return { message: 'uncaught exception', stack: '' };
  }
  return null;
}

function guestFrames(stack: string): string {
  const frames: string[] = [];
  for (const line of stack.split('\n')) {
    const match = FRAME.exec(line);
    if (match !== null) frames.push(`${functionName(match[1])} (${match[2]})`);
  }
  return frames.join('\n');
}

/** V8 puts the module's name and a dot before that of the function. */
function functionName(name: string | undefined): string {
  if (name === undefined) return '?';
  const module = name.indexOf('.wasm.');
  return module < 0 ? name : name.slice(module + '.wasm.'.length);
}
