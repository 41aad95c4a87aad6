// `node run.mjs BACKEND NODE_MODULES`: TF.js graph models one after another. A line of JSON on stdin {folder, feeds,
// fetches, asynchronous}, a line on stdout {outputs: {name: {dtype, shape, data}}} or {error}; data in base64.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { createInterface } from "node:readline";

const [backend, modules] = process.argv.slice(2);
console.log = console.info = console.warn = () => {};
const require = createRequire(join(modules, "x.js"));
const tf = require("@tensorflow/tfjs");
if (backend === "wasm") {
  require("@tensorflow/tfjs-backend-wasm").setWasmPaths(join(modules, "@tensorflow", "tfjs-backend-wasm", "dist") + "/");
}
if (!(await tf.setBackend(backend))) throw new Error(`TF.js has no working backend ${backend} here`);
await tf.ready();
const ARRAYS = { float32: Float32Array, int32: Int32Array, bool: Uint8Array };

async function answer({ folder, feeds, fetches, asynchronous }) {
  const model = JSON.parse(readFileSync(join(folder, "model.json"), "utf8"));
  const [{ paths, weights }] = model.weightsManifest;
  const bytes = Buffer.concat(paths.map((path) => readFileSync(join(folder, path))));
  const artifacts = { ...model, weightSpecs: weights, weightData: bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) };
  const graph = await tf.loadGraphModel({ load: async () => artifacts });
  const inputs = Object.fromEntries(Object.entries(feeds).map(([name, { dtype, shape, data }]) => {
    const raw = Buffer.from(data, "base64");
    const array = new ARRAYS[dtype](raw.buffer.slice(raw.byteOffset, raw.byteOffset + raw.length));
    return [name, tf.tensor(array, shape, dtype)];
  }));
  const found = asynchronous ? await graph.executeAsync(inputs, fetches) : graph.execute(inputs, fetches);
  const list = Array.isArray(found) ? found : [found];
  const outputs = {};
  for (const [i, name] of fetches.entries()) {
    const data = await list[i].data();
    const view = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    outputs[name] = { dtype: list[i].dtype, shape: list[i].shape, data: Buffer.from(view).toString("base64") };
  }
  tf.dispose([inputs, list]);
  graph.dispose();
  return { outputs };
}

for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity })) {
  const made = await answer(JSON.parse(line)).catch((error) => ({ error: String(error.message ?? error).slice(0, 300), trap: error instanceof WebAssembly.RuntimeError }));
  process.stdout.write(JSON.stringify(made) + "\n");
}
