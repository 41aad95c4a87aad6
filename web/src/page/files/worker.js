/**
 * Files of the page, in a worker of its own: a bundle, loaded as the page has it, and one file after the other.
 *
 * The page says {id, file, name, how}, where `how` is what `load` takes; what is said back carries the id. Who wants no more of a
 * file ends the worker.
 */

import { load } from "../../index.js";
import { score } from "./score.js";

/** @type {Promise<import("../../index.js").Model> | null} */
let loading = null;

self.addEventListener("message", async ({ data: { id, file, name, how } }) => {
  try {
    loading ??= load(how).catch((err) => {
      loading = null; // the next file may ask again
      throw err;
    });
    const model = await loading;
    const started = performance.now();
    const onProgress = (/** @type {import("./score.js").Progress} */ progress) => self.postMessage({ id, progress });
    const scored = await score(model, file, name, { onProgress });
    const seconds = (performance.now() - started) / 1000;
    self.postMessage({ id, scored: { ...scored, seconds, engine: model.engine, backend: model.backend } });
  } catch (err) {
    self.postMessage({ id, failed: /** @type {Error} */ (err).message });
  }
});
