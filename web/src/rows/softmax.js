/**
 * Softmax, its logarithm, and the logarithm of a sum of powers, the maximum subtracted first.
 */

import { BundleError } from "../errors.js";
import { greatest } from "./arithmetic.js";
import { reduced, summed } from "./reductions.js";
import { around, axisOf } from "./values.js";
import { isReal, roundingOf } from "./widths.js";

/** @typedef {import("./values.js").Prepare} Prepare */

/** @param {boolean} logarithm @returns {Prepare} */
function normalised(logarithm) {
  return (board, [x], { axis }) => {
    if (!isReal(x.dtype)) throw new BundleError(`it is asked for ${x.dtype}`);
    const [before, length, after] = around(x.shape, axisOf(axis, x.shape.length));
    const out = board.value(x.dtype, x.shape);
    const [p, o, stride, size, round] = [x.place, out.place, x.stride, x.size, roundingOf(x.dtype)];
    board.runs.push((v, n) => {
      const [from, to] = [v[p], v[o]];
      for (let r = 0; r < n; r++) {
        for (let outer = 0; outer < before; outer++) {
          for (let inner = 0; inner < after; inner++) {
            const start = outer * length * after + inner;
            const [source, target] = [r * stride + start, r * size + start];
            let top = -Infinity;
            for (let k = 0; k < length; k++) top = greatest(top, from[source + k * after]);
            let total = 0;
            for (let k = 0; k < length; k++) {
              const shifted = round(from[source + k * after] - top);
              const power = round(Math.exp(shifted));
              to[target + k * after] = logarithm ? shifted : power;
              total = round(total + power);
            }
            if (logarithm) total = round(Math.log(total));
            for (let k = 0; k < length; k++) {
              const made = to[target + k * after];
              to[target + k * after] = round(logarithm ? made - total : made / total);
            }
          }
        }
      }
    });
    return [out];
  };
}

/** @type {import("./reductions.js").Fold} */
function logSumExp(x, start, offsets, round, dtype) {
  let top = -Infinity;
  for (let k = 0; k < offsets.length; k++) top = greatest(top, x[start + offsets[k]]);
  if (!Number.isFinite(top)) top = Number.isNaN(top) ? NaN : 0;
  const total = summed(x, start, offsets, round, dtype, (y) => round(Math.exp(round(y - top))));
  return round(round(Math.log(total)) + top);
}

/** @type {Record<string, Prepare>} */
export const softmax = {
  Softmax: normalised(false),
  LogSoftmax: normalised(true),
  ReduceLogSumExp: reduced(logSumExp, true),
};
