#!/usr/bin/env bash
# TF.js on wasm: tf.fused.matMul (a graph's _FusedMatMul) adds a wrong bias where one of its matrices is transposed.
#
# Expected: a transpose says how a matrix is read, so a product with B transposed, plus a bias, has that bias in every row.
# Seen: the first row gets bias[0], bias[1], ...; every row behind it gets the bias's last element in all of its columns.
# Without a transpose, and on cpu, every row is right. A batch of one row shows nothing, so a test with one row passes.
# Graphs made of PyTorch's Linear layers hold their weights so, and the official converter fuses what is added to them.
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

const product = (transposeA, transposeB) => Array.from(tf.fused.matMul({
  a: tf.ones(transposeA ? [2, 3] : [3, 2]), b: tf.tensor2d([[1, 0], [0, 1]]), transposeA, transposeB,
  bias: tf.tensor1d([10, 20]), activation: "linear",
}).dataSync());
const right = [11, 21, 11, 21, 11, 21];
let asDescribed = true;
for (const backend of ["cpu", "wasm"]) {
  await tf.setBackend(backend);
  for (const [a, b] of [[false, false], [false, true], [true, false]]) {
    const seen = product(a, b);
    console.log(backend, "A transposed:", a, "B transposed:", b, seen);
    asDescribed &&= same(seen, backend === "wasm" && (a || b) ? [11, 21, 21, 21, 21, 21] : right);
  }
}
console.log(asDescribed ? "as described" : "CHANGED");
process.exit(asDescribed ? 0 : 1);
JS
node "$folder/seen.mjs"
