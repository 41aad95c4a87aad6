/**
 * Comparisons and logic. NaN compares false with everything.
 */

import { BundleError } from "../errors.js";
import { each, spreadTo, zipped } from "./elementwise.js";
import { broadcast } from "./values.js";

/** @typedef {import("./values.js").Prepare} Prepare */

/** @param {(x: any, y: any) => any} f @returns {Prepare} */
function truth(f) {
  return (board, [a, b]) => {
    if (a.dtype !== b.dtype) throw new BundleError(`it is asked for ${a.dtype} and ${b.dtype}`);
    return [zipped(board, a, b, f, "bool")];
  };
}

/** @type {Prepare} */
function where(board, inputs) {
  if (inputs[1].dtype !== inputs[2].dtype) throw new BundleError(`Where of ${inputs[1].dtype} and ${inputs[2].dtype}`);
  const shape = broadcast(...inputs.map((x) => x.shape));
  const [condition, a, b] = inputs.map((x) => spreadTo(board, x, shape, false));
  const out = board.value(a.dtype, shape);
  const [c, p, q, o, size] = [condition.place, a.place, b.place, out.place, out.size];
  const [rowC, rowP, rowQ] = [condition.stride, a.stride, b.stride];
  board.runs.push((v, n) => {
    const [choices, x, y, to] = [v[c], v[p], v[q], v[o]];
    for (let r = 0, at = 0; r < n; r++) {
      for (let i = 0; i < size; i++) to[at++] = choices[r * rowC + i] ? x[r * rowP + i] : y[r * rowQ + i];
    }
  });
  return [out];
}

/** @type {Record<string, Prepare>} */
export const comparisons = {
  Equal: truth((x, y) => x === y),
  Less: truth((x, y) => x < y),
  LessOrEqual: truth((x, y) => x <= y),
  Greater: truth((x, y) => x > y),
  GreaterOrEqual: truth((x, y) => x >= y),
  And: truth((x, y) => x & y),
  Or: truth((x, y) => x | y),
  Xor: truth((x, y) => x ^ y),
  Not: (board, [x]) => [each(board, x, (value) => 1 - value, "bool")],
  Where: where,
};
