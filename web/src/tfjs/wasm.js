/**
 * TF.js's wasm backend, a lazy chunk of the build. The .wasm files lie beside it.
 */

import { env } from "@tensorflow/tfjs-core";
import { setWasmPaths } from "@tensorflow/tfjs-backend-wasm";
import { registerGather } from "./gather.js";

registerGather("wasm");

const PLAIN = "tfjs-backend-wasm.wasm";
const SIMD = "tfjs-backend-wasm-simd.wasm";
const THREADED = "tfjs-backend-wasm-threaded-simd.wasm";

/** @type {Promise<void> | null} */
let prepared = null;

/**
 * Reads the .wasm file for this engine and hands it to TF.js, once.
 *
 * TF.js's own ways in do not serve: streaming warns when the server has no MIME type for .wasm, a failed fetch
 * leaves `setBackend` waiting for ever, and Node cannot fetch file: URLs. Threads stay off: they need cross-origin
 * isolation and a worker from a blob.
 *
 * @param {(name: string) => Promise<ArrayBuffer>} read a .wasm file by its name
 */
export function prepare(read) {
  prepared ??= handOver(read).catch((err) => {
    prepared = null;
    throw err;
  });
  return prepared;
}

/** @param {(name: string) => Promise<ArrayBuffer>} read */
async function handOver(read) {
  env().set("WASM_HAS_MULTITHREAD_SUPPORT", false);
  const simd = await env().getAsync("WASM_HAS_SIMD_SUPPORT");
  const bytes = await read(simd ? SIMD : PLAIN);
  const name = "isoship:wasm";
  const { platform } = env();
  const fetched = platform.fetch.bind(platform);
  platform.fetch = async (path, init) => (path === name ? new Response(bytes.slice(0)) : fetched(path, init));
  setWasmPaths({ [PLAIN]: name, [SIMD]: name, [THREADED]: name }, true);
}
