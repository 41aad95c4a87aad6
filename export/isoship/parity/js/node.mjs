// A runner's half in Node: one JSON request a line on stdin, one JSON answer a line on stdout.
//
//   node node.mjs stock <backend> <url of model.json> <node_modules>
//   node node.mjs web <backend of TF.js, or rows> <path of index.js>
//   node node.mjs onnx wasm <path of model.onnx> <node_modules> <optimization: disabled or all>

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";
import { watchConsole } from "./console.mjs";
import { notBuilt, onnxModel } from "./onnx.mjs";
import { errorOf, shippedModel } from "./shipped.mjs";
import { stampOf, stockModel } from "./stock.mjs";

const [mode, backend, place, modules, optimization] = process.argv.slice(2);
// stdout belongs to the conversation: what a runtime logs goes beside it.
console.log = console.info = console.debug = (...parts) => void process.stderr.write(parts.join(" ") + "\n");
const warnings = watchConsole();

async function start() {
  if (mode === "web") return shippedModel(await import(pathToFileURL(place).href), backend);
  const require = createRequire(join(modules, "runner.js"));
  if (mode === "onnx") {
    const ort = require("onnxruntime-web");
    const answer = await onnxModel(ort, readFileSync(place), optimization);
    return { answer, stamp: { "onnxruntime-web": ort.env.versions.web, backend, optimization } };
  }
  const tf = require("@tensorflow/tfjs");
  if (backend === "wasm") {
    const wasm = require("@tensorflow/tfjs-backend-wasm");
    wasm.setWasmPaths(join(modules, "@tensorflow", "tfjs-backend-wasm", "dist") + "/");
  }
  if (!(await tf.setBackend(backend))) throw new Error(`TF.js has no working backend ${backend} here`);
  await tf.ready();
  return { answer: await stockModel(tf, place), stamp: stampOf(tf) };
}

/** @param {any} answer */
const send = (answer) => process.stdout.write(JSON.stringify({ ...answer, warnings: warnings() }) + "\n");

const { answer, stamp } = await start().catch((error) => {
  if (!notBuilt(error)) throw error;
  send({ error: { name: "Unavailable", message: error.message } });
  process.exit();
});
send({ stamp: { node: process.version, ...stamp } });
for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity })) {
  send(await answer(JSON.parse(line)).catch(errorOf));
}
