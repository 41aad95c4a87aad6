/**
 * TF.js and its backends: loaded when a model needs them, one at a time.
 *
 * TF.js keeps one current backend for everything in the page, so work that depends on it takes turns.
 *
 * @typedef {"auto" | "cpu" | "wasm" | "webgl" | "webgpu"} BackendName
 */

import { BackendError } from "./errors.js";
import { readBytes } from "./files.js";

const BACKENDS = ["auto", "cpu", "wasm", "webgl", "webgpu"];

/** Below this, TF.js's wasm module costs more to load than it can win. */
const WASM_FROM_WEIGHT_BYTES = 64 * 1024;

/** @type {Promise<unknown>} */
let turn = Promise.resolve();

/**
 * Runs `work` when everything that came before has finished.
 * @template T @param {() => Promise<T>} work @returns {Promise<T>}
 */
export function inTurn(work) {
  const mine = turn.then(work, work);
  turn = mine.catch(() => {});
  return mine;
}

/**
 * TF.js with the wanted backend current. Call it inside `inTurn`.
 *
 * @param {BackendName} wanted @param {number} weightBytes of the graph
 * @param {(name: string) => URL} place where files of the bundle lie @param {any} [tf] the caller's own TF.js
 * @returns {Promise<{tf: any, backend: string}>}
 * @throws {BackendError} the backend is not there, or cannot carry float32
 */
export async function openBackend(wanted, weightBytes, place, tf) {
  if (!BACKENDS.includes(wanted)) throw new BackendError(`unknown backend ${JSON.stringify(wanted)}: ${BACKENDS.join(", ")}`);
  if (tf !== undefined) {
    await tf.ready();
    const backend = wanted === "auto" ? tf.getBackend() : wanted;
    await makeCurrent(tf, backend);
    return { tf, backend };
  }
  tf = await import("./tfjs/core.js");
  if (wanted === "auto") {
    if (weightBytes >= WASM_FROM_WEIGHT_BYTES && (await wasmStarts(tf, place))) return { tf, backend: "wasm" };
    await makeCurrent(tf, "cpu");
    return { tf, backend: "cpu" };
  }
  if (wanted === "wasm") await registerWasm(place);
  if (wanted === "webgl") await import("./tfjs/webgl.js");
  if (wanted === "webgpu") await import("./tfjs/webgpu.js");
  await makeCurrent(tf, wanted);
  return { tf, backend: wanted };
}

/**
 * Makes a backend current; at once when it has been before.
 * @param {any} tf @param {string} backend
 */
export async function makeCurrent(tf, backend) {
  if (tf.getBackend() !== backend) {
    let done = false;
    try {
      done = await tf.setBackend(backend);
    } catch (err) {
      throw new BackendError(`TF.js has no backend ${backend} here: ${/** @type {Error} */ (err).message}`, { cause: err });
    }
    if (!done) throw new BackendError(`the TF.js backend ${backend} does not start here`);
  }
  if (backend === "webgl" && !tf.env().getBool("WEBGL_RENDER_FLOAT32_ENABLED")) {
    throw new BackendError("webgl has only 16-bit floats on this device, so its answers would be wrong; use wasm or cpu");
  }
}

/** @param {any} tf @param {(name: string) => URL} place */
async function wasmStarts(tf, place) {
  try {
    await registerWasm(place);
    await makeCurrent(tf, "wasm");
    return true;
  } catch (err) {
    if (err instanceof BackendError) return false;
    throw err;
  }
}

/** Whether the page's Content-Security-Policy lets WebAssembly compile: the smallest module there is. */
function wasmIsAllowed() {
  try {
    return new WebAssembly.Module(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0)) instanceof WebAssembly.Module;
  } catch {
    return false;
  }
}

/**
 * @param {(name: string) => URL} place where files of the bundle lie
 * @throws {BackendError} WebAssembly is not there, the page's policy forbids it, or the module does not compile
 */
async function registerWasm(place) {
  if (!wasmIsAllowed()) throw new BackendError("WebAssembly does not compile here: the page's policy needs 'wasm-unsafe-eval'");
  const { prepare } = await import("./tfjs/wasm.js");
  await prepare(async (name) => {
    const bytes = await readBytes(place(`tfjs/${name}`));
    // TF.js would wait for ever for a module that does not compile, and end Node.
    await WebAssembly.compile(bytes).catch((/** @type {Error} */ err) => {
      throw new BackendError(`${name} does not compile here: ${err.message}. Copy the bundle again, or use the backend cpu`, { cause: err });
    });
    return bytes;
  });
}
