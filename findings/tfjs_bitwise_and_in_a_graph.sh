#!/usr/bin/env bash
# TF.js: no graph model can run BitwiseAnd, though the converter's list of operators has it.
#
# Expected: an operator that tf.loadGraphModel loads runs as tf.bitwiseAnd does, which is right on integers.
# Seen: the list calls its inputs x and y, and what runs it asks for a and b: the graph loads, and fails at every call.
# A converter that looks up what TF.js has will write graphs that never answer.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
npm install --silent --no-audit --no-fund --prefix "$folder" @tensorflow/tfjs@4.22.0 >"$folder/log" 2>&1 || { cat "$folder/log"; exit 2; }
cat >"$folder/seen.mjs" <<'JS'
import { createRequire } from "node:module";
const require = createRequire(import.meta.url);
console.warn = () => {};
const tf = require("@tensorflow/tfjs");
await tf.setBackend("cpu");
console.log("tfjs", tf.version.tfjs, "node", process.version);
const int32 = { type: "DT_INT32" };
const input = (name) => ({ name, op: "Placeholder", input: [], attr: { dtype: int32, shape: { shape: { dim: [{ size: "2" }] } } } });
const graph = (op) => ({
  format: "graph-model", weightSpecs: [], weightData: new ArrayBuffer(0),
  modelTopology: { node: [input("a"), input("b"), { name: "y", op, input: ["a", "b"], attr: { T: int32 } }], versions: { producer: 1 } },
});
const [six, three] = [tf.tensor1d([6, 3], "int32"), tf.tensor1d([3, 1], "int32")];
const run = async (op) => {
  const model = await tf.loadGraphModel({ load: async () => graph(op) });
  try {
    return String(model.execute({ a: six, b: three }, "y").dataSync());
  } catch (err) {
    return err.message;
  }
};
const direct = String(tf.bitwiseAnd(six, three).dataSync());
const [added, joined] = [await run("AddV2"), await run("BitwiseAnd")];
console.log("tf.bitwiseAnd:", direct, "| a graph's AddV2:", added, "| a graph's BitwiseAnd:", joined);
const asDescribed = direct === "2,1" && added === "9,4" && joined.includes("'x' passed to 'bitwiseAnd' must be a Tensor");
console.log(asDescribed ? "as described" : "CHANGED");
process.exit(asDescribed ? 0 : 1);
JS
node "$folder/seen.mjs"
