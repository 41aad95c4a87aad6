/**
 * How far the model's files have come, shown where they take longer than a moment.
 */

import { byId } from "./dom.js";

/** Milliseconds: a bar that only flashes tells nobody anything. */
const MOMENT = 300;

/**
 * @returns {{onProgress: (at: {file: string, loaded: number, total: number | null}) => void, done: () => void}}
 *   what `load` reports to, and what ends it
 */
export function watchLoading() {
  const bar = /** @type {HTMLProgressElement} */ (byId("loaded"));
  const timer = setTimeout(() => (byId("loading").hidden = false), MOMENT);
  return {
    onProgress({ loaded, total }) {
      if (total !== null && total > 0) {
        bar.max = total;
        bar.value = Math.min(loaded, total);
      } else bar.removeAttribute("value");
      byId("loaded-bytes").textContent = total === null ? megabytes(loaded) : `${megabytes(loaded)} of ${megabytes(total)}`;
    },
    done() {
      clearTimeout(timer);
      byId("loading").hidden = true;
    },
  };
}

/** @param {number} bytes */
function megabytes(bytes) {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
