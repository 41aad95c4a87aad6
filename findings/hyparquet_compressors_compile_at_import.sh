#!/usr/bin/env bash
# hyparquet-compressors: importing it compiles WebAssembly, whether or not a file needs it.
#
# Expected: a table of decompressors is a table; the Snappy one, which is WebAssembly, is compiled when it first unpacks.
# Seen: the index compiles and starts hysnappy's module while it is imported, by the synchronous constructors. Under a
# Content-Security-Policy without 'wasm-unsafe-eval' the import itself fails, and with it gzip, zstd, brotli and LZ4, which
# are plain JavaScript. Imported file by file they work there; hyparquet unpacks Snappy by itself.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
npm install --silent --no-audit --no-fund --prefix "$folder" hyparquet-compressors@1.1.2 hysnappy@1.1.1 >"$folder/log" 2>&1 || { cat "$folder/log"; exit 2; }
cat >"$folder/seen.mjs" <<'JS'
import { gzipSync } from "node:zlib";
const refuse = process.argv[2] === "refuse";
let compiled = 0;
for (const name of ["Module", "Instance"]) {
  const Real = WebAssembly[name];
  WebAssembly[name] = class {
    constructor(...given) {
      if (refuse) throw new WebAssembly.CompileError("a page's policy forbids it");
      if (name === "Module") compiled++;
      return new Real(...given);
    }
  };
}
const whole = await import("hyparquet-compressors").then((module) => typeof module.compressors.GZIP, (err) => err.name);
const { gunzip } = await import("./node_modules/hyparquet-compressors/src/gzip.js");
const packed = new Uint8Array(gzipSync("rows"));
console.log(`${refuse ? "refused" : "allowed"}: the import gives ${whole}, ${compiled} modules compiled; gzip.js alone: ${new TextDecoder().decode(gunzip(packed, new Uint8Array(4)))}`);
JS
cd "$folder"
echo "hyparquet-compressors 1.1.2, node $(node --version)"
seen=$(node seen.mjs allow; node seen.mjs refuse)
echo "$seen"
expected="allowed: the import gives function, 1 modules compiled; gzip.js alone: rows
refused: the import gives CompileError, 0 modules compiled; gzip.js alone: rows"
[ "$seen" = "$expected" ] && echo "as described" || { echo "CHANGED"; exit 1; }
