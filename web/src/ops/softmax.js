/**
 * Softmax and its logarithm along one axis, the maximum subtracted first.
 */

import { allocate, around, axisFrom, value } from "../value.js";

/**
 * @param {boolean} log
 * @returns {import("./registry.js").Op}
 */
function normalised(log) {
  return ([x], { attrs }) => {
    const { before, length, after } = around(x.shape, axisFrom(attrs.axis, x.shape.length));
    const round = x.dtype === "float" ? Math.fround : (/** @type {number} */ v) => v;
    const out = allocate(x.dtype, x.data.length);
    for (let i = 0; i < before; i++) {
      for (let j = 0; j < after; j++) {
        const at = (/** @type {number} */ k) => (i * length + k) * after + j;
        let top = -Infinity;
        for (let k = 0; k < length; k++) top = Math.max(top, x.data[at(k)]);
        let sum = 0;
        for (let k = 0; k < length; k++) {
          const shifted = round(x.data[at(k)] - top);
          const e = round(Math.exp(shifted));
          out[at(k)] = log ? shifted : e;
          sum = round(sum + e);
        }
        const total = log ? round(Math.log(sum)) : sum;
        for (let k = 0; k < length; k++) out[at(k)] = round(log ? out[at(k)] - total : out[at(k)] / total);
      }
    }
    return value(x.dtype, x.shape, out);
  };
}

/** @type {Record<string, import("./registry.js").Op>} */
export const softmax = { Softmax: normalised(false), LogSoftmax: normalised(true) };
