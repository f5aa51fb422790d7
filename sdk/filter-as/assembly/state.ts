// The contexts of this instance, by the ids the host has given them.

import { Filter, Plugin } from "./index";

let factory: (() => Plugin) | null = null;
const plugins = new Map<u32, Plugin>();
const filters = new Map<u32, Filter>();
/** Which context has made a call. */
const callers = new Map<u32, u32>();
let current: u32 = 0;

const PASS = new Filter();

export function setPluginFactory(create: () => Plugin): void {
  factory = create;
}

export function currentContext(): u32 {
  return current;
}

export function setCurrentContext(id: u32): void {
  current = id;
}

export function createPlugin(id: u32): void {
  current = id;
  const create = factory;
  plugins.set(id, create === null ? new Plugin() : create());
}

export function createFilter(id: u32, parent: u32): void {
  current = id;
  const made = plugins.get(parent).newRequest();
  if (made !== null) filters.set(id, made);
}

export function isPlugin(id: u32): bool {
  return plugins.has(id);
}

export function plugin(id: u32): Plugin {
  current = id;
  return plugins.get(id);
}

export function filter(id: u32): Filter {
  current = id;
  return filters.has(id) ? filters.get(id) : PASS;
}

export function forget(id: u32): void {
  filters.delete(id);
  plugins.delete(id);
}

export function setCaller(call: u32): void {
  callers.set(call, current);
}

/** The context that has made a call, once; 0 for an unknown call. */
export function takeCaller(call: u32): u32 {
  if (!callers.has(call)) return 0;
  const id = callers.get(call);
  callers.delete(call);
  return id;
}
