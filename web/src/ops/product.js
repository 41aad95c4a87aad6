/**
 * Matrix products. Sums run in order of the inner index; float products and sums round to float32 at each step.
 */

import { BundleError } from "../errors.js";
import { sizeOf, value } from "../value.js";

/**
 * [M, K] x [K, P]. Strides let either operand be read transposed.
 * @param {any} a @param {number} m @param {number} k @param {[number, number]} as
 * @param {any} b @param {number} p @param {[number, number]} bs
 * @param {boolean} single
 */
function multiplied(a, m, k, as, b, p, bs, single) {
  const out = new Float64Array(m * p);
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < p; j++) {
      let sum = 0;
      if (single) {
        for (let l = 0; l < k; l++) {
          sum = Math.fround(sum + Math.fround(a[i * as[0] + l * as[1]] * b[l * bs[0] + j * bs[1]]));
        }
      } else {
        for (let l = 0; l < k; l++) sum += a[i * as[0] + l * as[1]] * b[l * bs[0] + j * bs[1]];
      }
      out[i * p + j] = sum;
    }
  }
  return out;
}

/** @type {import("./registry.js").Op} */
function matMul([a, b]) {
  if (b.shape.length > 2) throw new BundleError(`MatMul with a right operand of rank ${b.shape.length}`);
  const k = b.shape[0];
  const p = b.shape[1] ?? 1;
  if (a.shape.at(-1) !== k) throw new BundleError(`MatMul of [${a.shape}] and [${b.shape}]`);
  const rows = a.shape.slice(0, -1);
  const out = multiplied(a.data, sizeOf(rows), k, [k, 1], b.data, p, [p, 1], a.dtype === "float");
  return value(a.dtype, [...rows, ...b.shape.slice(1)], out);
}

/** @type {import("./registry.js").Op} */
function gemm([a, b, c], { attrs }) {
  const [m, k] = attrs.transA ? [a.shape[1], a.shape[0]] : a.shape;
  const p = attrs.transB ? b.shape[0] : b.shape[1];
  if (k !== (attrs.transB ? b.shape[1] : b.shape[0])) throw new BundleError(`Gemm of [${a.shape}] and [${b.shape}]`);
  const single = a.dtype === "float";
  const round = single ? Math.fround : (/** @type {number} */ x) => x;
  const [alpha, beta] = [attrs.alpha ?? 1, attrs.beta ?? 1];
  const out = multiplied(
    a.data, m, k, attrs.transA ? [1, m] : [k, 1],
    b.data, p, attrs.transB ? [1, k] : [p, 1], single,
  );
  const [rows, columns] = c ? [c.shape.at(-2) ?? 1, c.shape.at(-1) ?? 1] : [1, 1];
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < p; j++) {
      let sum = alpha === 1 ? out[i * p + j] : round(alpha * out[i * p + j]);
      if (c) {
        const term = c.data[(rows === 1 ? 0 : i * columns) + (columns === 1 ? 0 : j)];
        sum = round(sum + (beta === 1 ? term : round(beta * term)));
      }
      out[i * p + j] = sum;
    }
  }
  return value(a.dtype, [m, p], out);
}

/** @type {Record<string, import("./registry.js").Op>} */
export const product = { MatMul: matMul, Gemm: gemm };
