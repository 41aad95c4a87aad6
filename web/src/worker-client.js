/**
 * A bundle in a worker of its own, with the same methods as in the page.
 */

import { BackendError, BundleError, InputError, IsoshipError } from "./errors.js";

/** @type {Record<string, new (message: string, where?: any) => Error>} */
const ERRORS = { BackendError, BundleError, InputError, IsoshipError };

/**
 * @param {{baseUrl?: string | URL, engine?: import("./index.js").EngineName, backend?: import("./graph/backend.js").BackendName, worker?: Worker}} [options]
 *   `baseUrl` is relative to the page; `worker`: one that runs worker.js, as your bundler makes it
 */
export async function loadInWorker({ baseUrl, engine, backend, worker = ownWorker() } = {}) {
  /** @type {Map<number, {resolve: (result: any) => void, reject: (err: Error) => void}>} */
  const waiting = new Map();
  let last = 0;
  worker.addEventListener("message", ({ data: { id, result, error } }) => {
    const call = waiting.get(id);
    waiting.delete(id);
    if (error) call?.reject(errorFrom(error));
    else call?.resolve(result);
  });
  worker.addEventListener("error", (event) => {
    const err = new IsoshipError(`the worker stopped: ${event.message || "its script did not load"}`);
    for (const { reject } of waiting.values()) reject(err);
    waiting.clear();
  });
  /** @param {string} method @param {any[]} args @returns {Promise<any>} */
  const ask = (method, ...args) =>
    new Promise((resolve, reject) => {
      waiting.set(++last, { resolve, reject });
      worker.postMessage({ id: last, method, args });
    });
  const dispose = () => {
    worker.terminate();
    for (const { reject } of waiting.values()) reject(new IsoshipError("the worker was disposed of"));
    waiting.clear();
  };
  const absolute = baseUrl === undefined ? undefined : new URL(baseUrl, document.baseURI).href;
  try {
    const { manifest, form, engine: chosen, backend: running } = await ask("load", { baseUrl: absolute, engine, backend });
    return {
      manifest, form, engine: chosen, backend: running, dispose,
      predict: (/** @type {any[]} */ rows) => ask("predict", rows),
      predictTensors: (/** @type {any} */ given) => ask("predictTensors", given),
      selftest: () => ask("selftest"),
    };
  } catch (err) {
    dispose();
    throw err;
  }
}

/** Beside this file. Not a literal in `new URL`, which bundlers follow: each makes workers in a way of its own. */
const WORKER = "./worker.js";

function ownWorker() {
  return new Worker(new URL(WORKER, import.meta.url), { type: "module" });
}

/** @param {any} error what crossed over from the worker */
function errorFrom({ name, message, ...where }) {
  const known = Object.hasOwn(ERRORS, name) ? ERRORS[name] : IsoshipError;
  return known === InputError ? new InputError(message, where) : new known(message);
}
