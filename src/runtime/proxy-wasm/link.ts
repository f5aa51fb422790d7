/** The imports of one guest: every function of its ABI version, and WASI under both of its names. */

import { findAbi } from './abi.ts';
import { bindWasi } from './calls/wasi.ts';
import type { BindImports } from './vm.ts';

/** How to bind a module's imports; null where it speaks no version that is served. */
export function linkerOf(module: WebAssembly.Module): BindImports | null {
  const names = WebAssembly.Module.exports(module).map((one) => one.name);
  const abi = findAbi(names);
  if (abi === undefined) return null;
  return (vm) => {
    const env: WebAssembly.ModuleImports = {};
    for (const [name, call] of Object.entries(abi.imports)) env[name] = call.bind(vm);
    return {
      env,
      wasi_snapshot_preview1: bindWasi(vm, 'wasi_snapshot_preview1'),
      wasi_unstable: bindWasi(vm, 'wasi_unstable'),
    };
  };
}
