/**
 * A bundle inside a worker. `loadInWorker` (worker-client.js) talks to it; the page stays responsive on big batches.
 */

import { load } from "./index.js";

/** @type {Promise<import("./index.js").Model> | null} */
let loading = null;

self.addEventListener("message", async ({ data: { id, method, args } }) => {
  try {
    self.postMessage({ id, result: await answer(method, args) });
  } catch (err) {
    const { name, message, row, column, input, index, seen, expected } = /** @type {any} */ (err);
    self.postMessage({ id, error: { name, message, row, column, input, index, seen, expected } });
  }
});

/** @param {string} method @param {any[]} args */
async function answer(method, args) {
  if (method === "load") {
    loading = load(...args);
    const { manifest, form, engine, backend } = await loading;
    return { manifest, form, engine, backend };
  }
  if (loading === null) throw new Error("the worker has loaded no model");
  const model = await loading;
  switch (method) {
    case "predict":
      return model.predict(args[0]);
    case "predictTensors":
      return model.predictTensors(args[0]);
    case "selftest":
      return model.selftest();
    default:
      throw new Error(`the worker has no method ${method}`);
  }
}
