/**
 * TF.js and its backends: loaded when a model needs them, one at a time.
 *
 * A copy of TF.js has one current backend, so work that depends on it takes turns.
 *
 * @typedef {"auto" | "cpu" | "wasm" | "webgl" | "webgpu"} BackendName
 * @typedef {BackendName | BackendName[]} Wanted in order of preference
 */

import { BackendError } from "../errors.js";

const BACKENDS = ["auto", "cpu", "wasm", "webgl", "webgpu"];
/** Those that compute on the graphics processor, whose driver nobody has tried but its owner. */
export const GRAPHICS = ["webgpu", "webgl"];

/** A graphics backend that lost its context or device: it will never answer again. */
export class BackendLost extends BackendError {}

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
 * The backends to try, in order.
 * @param {Wanted} wanted `auto` stands for what suits the graph without graphics, or for the backend that is current in `tf`
 * @param {number} weightBytes of the graph @param {readonly string[]} right backends that the graph is right on
 * @param {any} [tf] the caller's own TF.js
 * @returns {string[]}
 * @throws {BackendError} one is unknown, or the graph is right on none of them
 */
export function candidatesOf(wanted, weightBytes, right, tf) {
  const names = [wanted].flat();
  const unknown = names.find((name) => !BACKENDS.includes(name));
  if (unknown !== undefined || names.length === 0) throw new BackendError(`unknown backend ${JSON.stringify(unknown ?? wanted)}: ${BACKENDS.join(", ")}`);
  const unasked = tf !== undefined ? [tf.getBackend()] : weightBytes >= WASM_FROM_WEIGHT_BYTES ? ["wasm", "cpu"] : ["cpu"];
  const found = [...new Set(names.flatMap((name) => (name === "auto" ? unasked : [name])))];
  const fitting = found.filter((name) => right.includes(name));
  if (fitting.length === 0) throw new BackendError(`this model's graph is made for ${right.join(" and ")} alone, not for ${found.join(" or ")}`);
  return fitting;
}

/**
 * TF.js with a backend current. Call it inside `inTurn`.
 *
 * @param {string} backend @param {(name: string) => Promise<ArrayBuffer>} fetched reads a file of the bundle
 * @param {any} [tf] the caller's own TF.js
 * @returns {Promise<any>} TF.js
 * @throws {BackendError} the backend is not there, or cannot carry float32
 */
export async function openBackend(backend, fetched, tf) {
  if (tf === undefined) {
    tf = await import("../tfjs/core.js");
    if (backend === "wasm") await registerWasm(fetched);
    if (backend === "webgl") await import("../tfjs/webgl.js");
    if (backend === "webgpu") await import("../tfjs/webgpu.js");
  } else await tf.ready();
  await makeCurrent(tf, backend);
  return tf;
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

/** Whether the page's Content-Security-Policy lets WebAssembly compile: the smallest module there is. */
function wasmIsAllowed() {
  try {
    return new WebAssembly.Module(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0)) instanceof WebAssembly.Module;
  } catch {
    return false;
  }
}

/**
 * @param {(name: string) => Promise<ArrayBuffer>} fetched reads a file of the bundle
 * @throws {BackendError} WebAssembly is not there, the page's policy forbids it, or the module does not compile
 */
async function registerWasm(fetched) {
  if (!wasmIsAllowed()) throw new BackendError("WebAssembly does not compile here: the page's policy needs 'wasm-unsafe-eval'");
  const { prepare } = await import("../tfjs/wasm.js");
  await prepare(async (name) => {
    const bytes = await fetched(`tfjs/${name}`);
    // TF.js would wait for ever for a module that does not compile, and end Node.
    await WebAssembly.compile(bytes).catch((/** @type {Error} */ err) => {
      throw new BackendError(`${name} does not compile here: ${err.message}. Copy the bundle again, or use the backend cpu`, { cause: err });
    });
    return bytes;
  });
}
