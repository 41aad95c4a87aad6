#!/usr/bin/env bash
# TF.js: asking whether a backend is there starts it.
#
# Expected: tf.findBackend(name) looks a backend up, and gives null for one that is registered and was never started.
# Seen: it calls the backend's factory. Of a factory that takes time (webgpu, wasm) it gives null and leaves the start
# pending, and the next operation fails: the name in its error is that of the backend that is current and was never
# touched. Code that looks whether a backend was lost so breaks the one that works.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
npm install --silent --no-audit --no-fund --prefix "$folder" @tensorflow/tfjs-core@4.22.0 @tensorflow/tfjs-backend-cpu@4.22.0 >"$folder/log" 2>&1 || { cat "$folder/log"; exit 2; }
cat >"$folder/seen.mjs" <<'JS'
import { createRequire } from "node:module";
const require = createRequire(import.meta.url);
console.warn = () => {};
const tf = require("@tensorflow/tfjs-core");
const { MathBackendCPU } = require("@tensorflow/tfjs-backend-cpu");
console.log("tfjs-core", tf.version_core, "node", process.version);
await tf.setBackend("cpu");
let started = 0;
tf.registerBackend("other", () => {
  started++;
  return Promise.resolve(new MathBackendCPU());
});
const found = tf.findBackend("other");
let failed = null;
try {
  tf.tensor([1, 2]).dataSync();
} catch (err) {
  failed = err.message.split(".")[0];
}
console.log(`current: ${tf.getBackend()}; findBackend gives ${found}, factories called: ${started}; the next tensor: ${failed}`);
const asDescribed = tf.getBackend() === "cpu" && found === null && started === 1 && failed === "Backend 'cpu' has not yet been initialized";
console.log(asDescribed ? "as described" : "CHANGED");
process.exit(asDescribed ? 0 : 1);
JS
node "$folder/seen.mjs"
