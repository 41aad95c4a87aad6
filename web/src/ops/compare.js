/**
 * Comparisons and logic. NaN compares false with everything; strings compare by code units.
 */

import { value } from "../value.js";
import { broadcastShape, expanded, zip } from "./broadcast.js";

/**
 * @param {(x: any, y: any) => any} f
 * @returns {import("./registry.js").Op}
 */
function truth(f) {
  return ([a, b]) => zip(a, b, f, "bool");
}

/** @type {import("./registry.js").Op} */
function where([condition, a, b]) {
  const shape = broadcastShape([condition.shape, a.shape, b.shape]);
  const [c, x, y] = [condition, a, b].map((part) => expanded(part, shape));
  const out = y.slice();
  for (let i = 0; i < out.length; i++) if (c[i]) out[i] = x[i];
  return value(a.dtype, shape, out);
}

/** @type {Record<string, import("./registry.js").Op>} */
export const compare = {
  Equal: truth((x, y) => x === y),
  Less: truth((x, y) => x < y),
  LessOrEqual: truth((x, y) => x <= y),
  Greater: truth((x, y) => x > y),
  GreaterOrEqual: truth((x, y) => x >= y),
  And: truth((x, y) => x & y),
  Or: truth((x, y) => x | y),
  Xor: truth((x, y) => x ^ y),
  Not: ([x]) => value("bool", x.shape, x.data.map((/** @type {number} */ v) => 1 - v)),
  Where: where,
};
