/**
 * Graphics processors behind TF.js's webgl and webgpu: which one it is, and when it is lost.
 */

import { BackendLost } from "./backend.js";

/**
 * What computes: the words that the browser has for it.
 * @param {string} backend webgl or webgpu
 * @returns {Promise<string>} "" where the browser does not say
 */
export async function adapterOf(backend) {
  if (backend === "webgpu") {
    const info = (await /** @type {any} */ (globalThis.navigator)?.gpu?.requestAdapter())?.info;
    return info === undefined ? "" : [info.vendor, info.architecture, info.device, info.description].filter(Boolean).join(" ");
  }
  const canvas = globalThis.OffscreenCanvas ? new OffscreenCanvas(1, 1) : globalThis.document?.createElement("canvas");
  const gl = /** @type {WebGL2RenderingContext | null | undefined} */ (canvas?.getContext("webgl2"));
  if (!gl) return "";
  const named = gl.getExtension("WEBGL_debug_renderer_info");
  const words = String(gl.getParameter(named?.UNMASKED_RENDERER_WEBGL ?? gl.RENDERER));
  gl.getExtension("WEBGL_lose_context")?.loseContext(); // a browser has a dozen of them for all of a page
  return words;
}

/**
 * Rejects when the current backend of TF.js is lost, and settles in no other way: TF.js waits for ever then.
 * @param {any} tf @param {string} backend webgl or webgpu
 * @returns {Promise<never>}
 */
export function lossOf(tf, backend) {
  const instance = tf.backend();
  /** @type {Promise<never>} */
  const lost = new Promise((_, reject) => {
    const say = (/** @type {string} */ why) => reject(new BackendLost(`${backend} was lost: ${why.replace(/\.$/, "")}. load() the model again, or use wasm or cpu`));
    if (backend === "webgpu") void instance.device.lost.then((/** @type {any} */ info) => say(info.message || info.reason || "no reason is known"));
    else {
      const { gl } = instance.gpgpu;
      const words = "the browser took its context away";
      if (gl.isContextLost()) say(words);
      gl.canvas.addEventListener("webglcontextlost", () => say(words), { once: true });
    }
  });
  return lost;
}

/** @type {WeakSet<object>} */
const forgotten = new WeakSet();

/**
 * Lets TF.js start a backend anew that was lost. @param {any} tf @param {string} backend @param {any} instance that was lost
 */
export function forget(tf, backend, instance) {
  if (forgotten.has(instance)) return; // by another of its models. TF.js's own findBackend would start it
  forgotten.add(instance);
  const factory = tf.findBackendFactory(backend);
  tf.removeBackend(backend);
  tf.registerBackend(backend, factory);
}
