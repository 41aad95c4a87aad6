#!/usr/bin/env bash
# TF.js on wasm: the sign of a small number is 0.
#
# Expected: tf.sign gives 1 above 0 and -1 below, as on cpu; only 0 has the sign 0.
# Seen: on wasm every number of 1e-7 and less in size has the sign 0. What chooses by a sign, or multiplies by one (a
# remainder, a signed root), loses small numbers there and nowhere else, and a test with ordinary numbers shows nothing.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
npm install --silent --no-audit --no-fund --prefix "$folder" @tensorflow/tfjs@4.22.0 @tensorflow/tfjs-backend-wasm@4.22.0 >"$folder/log" 2>&1 || { cat "$folder/log"; exit 2; }
cat >"$folder/seen.mjs" <<'JS'
import { createRequire } from "node:module";
const require = createRequire(import.meta.url);
console.warn = () => {};
const tf = require("@tensorflow/tfjs");
require("@tensorflow/tfjs-backend-wasm").setWasmPaths(new URL("node_modules/@tensorflow/tfjs-backend-wasm/dist/", import.meta.url).pathname);
console.log("tfjs", tf.version.tfjs, "node", process.version);
const numbers = [1e-3, 1e-6, 1e-7, 1e-8, 1e-20, -1e-8, 0];
const seen = {};
for (const backend of ["cpu", "wasm"]) {
  await tf.setBackend(backend);
  seen[backend] = Array.from(tf.sign(tf.tensor1d(numbers)).dataSync());
  console.log(backend, numbers.map((x, i) => `${x}: ${seen[backend][i]}`).join(", "));
}
const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);
const asDescribed = same(seen.cpu, [1, 1, 1, 1, 1, -1, 0]) && same(seen.wasm, [1, 1, 0, 0, 0, 0, 0]);
console.log(asDescribed ? "as described" : "CHANGED");
process.exit(asDescribed ? 0 : 1);
JS
node "$folder/seen.mjs"
