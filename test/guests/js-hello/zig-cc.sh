#!/bin/sh
# C compiler for the engine: zig with its own idea of the target, and none of its debug checks.
for arg; do
  shift
  case "$arg" in
    --target=*) ;;
    *) set -- "$@" "$arg" ;;
  esac
done
exec python3 -m ziglang cc -O3 -DNDEBUG -fno-sanitize=all -target wasm32-wasi "$@"
