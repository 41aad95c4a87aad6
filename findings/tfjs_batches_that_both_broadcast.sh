#!/usr/bin/env bash
# TF.js: a product of batches of matrices in which both sides broadcast has the data of too few products.
#
# Expected: batches broadcast as numpy's do, and as the shape of the result says: [3, 1, ...] times [1, 2, ...] are 6.
# Seen: on cpu and wasm the shape says [3, 2, ...], and the tensor's data holds the products of the larger side alone, 3
# numbers for 6. Nothing is said; what reads it further sees a shorter tensor, or zeros. One side alone broadcasts right.
# Attention with keys shared by heads and a mask of its own by batch is written so.
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
const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);
console.log("tfjs", tf.version.tfjs, "node", process.version);

let asDescribed = true;
for (const backend of ["cpu", "wasm"]) {
  await tf.setBackend(backend);
  for (const [left, right, count] of [[[3, 1], [1, 2], 3], [[3, 2], [1, 1], 6]]) {
    const made = tf.matMul(tf.ones([...left, 1, 2]), tf.ones([...right, 2, 1]));
    const held = made.dataSync().length;
    console.log(backend, left, "times", right, "shape", made.shape, "numbers", held);
    asDescribed &&= same(made.shape, [3, 2, 1, 1]) && held === count;
  }
}
console.log(asDescribed ? "as described" : "CHANGED");
process.exit(asDescribed ? 0 : 1);
JS
node "$folder/seen.mjs"
