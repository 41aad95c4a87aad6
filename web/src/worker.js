/**
 * A bundle inside a worker. `loadInWorker` (worker/client.js) talks to it; the page stays responsive on big batches.
 */

import { load } from "./index.js";

/** @type {Promise<any> | null} */
let loading = null;

self.addEventListener("message", async ({ data: { id, method, args } }) => {
  try {
    const result = await answer(id, method, args);
    self.postMessage({ id, result, state: stateOf(await loading) });
  } catch (err) {
    const { name, message, row, column, input, index, seen, expected } = /** @type {any} */ (err);
    self.postMessage({ id, error: { name, message, row, column, input, index, seen, expected } });
  }
});

/** What may change as a model answers: a lost backend gives way to the next. @param {any} model */
function stateOf({ backend, trust = null }) {
  return { backend, trust };
}

/** @param {number} id @param {string} method @param {any[]} args */
async function answer(id, method, args) {
  if (method === "load") {
    const [{ reports, ...options }] = args;
    const onProgress = reports ? (/** @type {any} */ progress) => self.postMessage({ id, progress }) : undefined;
    loading = load({ ...options, onProgress });
    const { manifest, form, inputs, engine } = await loading;
    return { manifest, form, inputs, engine };
  }
  if (loading === null) throw new Error("the worker has loaded no model");
  const model = await loading;
  switch (method) {
    case "predict":
    case "predictTensors":
    case "explainInput":
    case "selftest":
      return model[method](...args);
    default:
      throw new Error(`the worker has no method ${method}`);
  }
}
