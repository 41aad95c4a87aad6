// Runs TF.js graph models with stock @tensorflow/tfjs: one JSON request a line on stdin, one answer a line on stdout.
// request: {folder, backend, feeds: {name: {dtype, shape, data: base64}}, fetches: [name]}
// answer: {fetches: {name: {dtype, shape, data}}, talk: [what TF.js printed]} or {error}
"use strict";
const fs = require("fs");
const path = require("path");
const readline = require("readline");
const { createRequire } = require("module");

const talk = [];
for (const level of ["log", "info", "warn", "error"]) console[level] = (...parts) => talk.push(parts.join(" "));

const load = createRequire(path.join(process.env.ISOSHIP_NODE_MODULES, "here.js"));
const tf = load("@tensorflow/tfjs");
const wasm = load("@tensorflow/tfjs-backend-wasm");
wasm.setWasmPaths(path.join(path.dirname(load.resolve("@tensorflow/tfjs-backend-wasm/package.json")), "wasm-out") + path.sep);

const ARRAYS = { float32: Float32Array, int32: Int32Array, bool: Uint8Array };

function artifacts(folder) {
  const document = JSON.parse(fs.readFileSync(path.join(folder, "model.json"), "utf8"));
  const [group] = document.weightsManifest;
  const data = Buffer.concat(group.paths.map((name) => fs.readFileSync(path.join(folder, name))));
  const weightData = data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength);
  return { ...document, weightSpecs: group.weights, weightData };
}

async function answer({ folder, backend, feeds, fetches }) {
  await tf.setBackend(backend);
  if (tf.getBackend() !== backend) throw new Error(`the backend is ${tf.getBackend()}`);
  tf.scalar(1).dispose();
  talk.length = 0; // what TF.js says about itself when a backend starts is no verdict on the model
  const model = await tf.loadGraphModel({ load: async () => artifacts(folder) });
  const inputs = {};
  for (const [name, { dtype, shape, data }] of Object.entries(feeds)) {
    const bytes = Uint8Array.from(Buffer.from(data, "base64"));
    inputs[name] = tf.tensor(new ARRAYS[dtype](bytes.buffer), shape, dtype);
  }
  const made = [].concat(model.execute(inputs, fetches)); // a single fetch comes without a list around it
  const reply = {};
  fetches.forEach((name, i) => {
    const values = made[i].dataSync();
    const bytes = Buffer.from(values.buffer, values.byteOffset, values.byteLength);
    reply[name] = { dtype: made[i].dtype, shape: made[i].shape, data: bytes.toString("base64") };
  });
  tf.dispose([inputs, made]);
  model.dispose();
  return { fetches: reply, talk: [...talk] };
}

(async () => {
  for await (const line of readline.createInterface({ input: process.stdin })) {
    let reply;
    try {
      reply = await answer(JSON.parse(line));
    } catch (err) {
      reply = { error: String(err.stack || err) };
    }
    process.stdout.write(JSON.stringify(reply) + "\n");
  }
})();
