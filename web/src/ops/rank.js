/**
 * The two operators of our own (docs/architecture.md): what trees compare becomes an integer.
 */

import { value } from "../value.js";

/**
 * The number of thresholds below x (`left`: t < x; `right`: t <= x) among `count` ascending ones from `start`.
 * @param {ArrayLike<number>} thresholds @param {number} start @param {number} count @param {number} x @param {boolean} left
 */
function placeOf(thresholds, start, count, x, left) {
  let low = start;
  let high = start + count;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (left ? thresholds[middle] < x : thresholds[middle] <= x) low = middle + 1;
    else high = middle;
  }
  return low - start;
}

/** @type {import("./registry.js").Op} */
function ranks([features, thresholds], { attrs }) {
  const [n, width] = features.shape;
  const k = attrs.feature.length;
  const out = new Int32Array(n * k);
  for (let j = 0, start = 0; j < k; start += attrs.count[j], j++) {
    const [feature, count, left] = [attrs.feature[j], attrs.count[j], attrs.side[j] === "left"];
    const nan = attrs.nan[j] === "low" ? -1 : count;
    for (let i = 0; i < n; i++) {
      const x = features.data[i * width + feature];
      out[i * k + j] = x !== x ? nan : placeOf(thresholds.data, start, count, x, left);
    }
  }
  return value("int32", [n, k], out);
}

/** 1 where x is one of the `count` members from `start`, else 0; for NaN what `nan` says. @type {import("./registry.js").Op} */
function members([features, sets], { attrs }) {
  const [n, width] = features.shape;
  const k = attrs.feature.length;
  const out = new Int32Array(n * k);
  for (let j = 0, start = 0; j < k; start += attrs.count[j], j++) {
    const set = new Set(sets.data.subarray(start, start + attrs.count[j]));
    for (let i = 0; i < n; i++) {
      const x = features.data[i * width + attrs.feature[j]];
      out[i * k + j] = x !== x ? attrs.nan[j] : Number(set.has(x));
    }
  }
  return value("int32", [n, k], out);
}

/** @type {Record<string, import("./registry.js").Op>} */
export const rank = { "isoship.Rank": ranks, "isoship.Member": members };
