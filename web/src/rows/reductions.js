/**
 * Operators along axes. Sums run in index order, at the width of the dtype.
 */

import { BundleError } from "../errors.js";
import { greatest, least } from "./arithmetic.js";
import { around, axisOf, known, stridesOf, walked } from "./values.js";
import { isReal, roundingOf } from "./widths.js";

/**
 * @typedef {import("./values.js").Prepare} Prepare
 * @typedef {(x: any, start: number, offsets: Int32Array, round: (x: any) => any, dtype: string) => any} Fold of the elements
 *   at `start + offsets`, rounded to their width after each step
 */

/** @param {any} x @param {number} start @param {Int32Array} offsets @param {(x: any) => any} round @param {string} dtype @param {(x: any) => any} [f] of each, before */
export function summed(x, start, offsets, round, dtype, f) {
  if (dtype === "double" && f === undefined) {
    let sum = 0;
    for (let k = 0; k < offsets.length; k++) sum += x[start + offsets[k]];
    return sum;
  }
  /** @type {any} */
  let total = dtype === "int64" ? 0n : 0;
  for (let k = 0; k < offsets.length; k++) {
    const element = x[start + offsets[k]];
    total = round(total + (f === undefined ? element : f(element)));
  }
  return total;
}

/** @param {Record<"int64" | "int32", (x: any) => any>} forms @param {string} dtype */
function roundOf(forms, dtype) {
  return dtype === "int64" || dtype === "int32" ? forms[dtype] : roundingOf(dtype);
}

/** Integers wrap after each step, so that none grows. */
const WRAP = { int64: (/** @type {bigint} */ x) => BigInt.asIntN(64, x), int32: (/** @type {number} */ x) => x | 0 };

/** @type {Fold} */
function product(x, start, offsets, round, dtype) {
  /** @type {any} */
  let total = dtype === "int64" ? 1n : 1;
  for (let k = 0; k < offsets.length; k++) {
    const element = x[start + offsets[k]];
    total = dtype === "int32" ? Math.imul(total, element) : round(total * element);
  }
  return total;
}

/** An operator that makes one number of those along its axes. @param {Fold} fold @param {boolean} [realsOnly] @returns {Prepare} */
export function reduced(fold, realsOnly = false) {
  return (board, [x, axes], { keepdims }) => {
    if (x.dtype === "bool" || x.dtype === "string" || (realsOnly && !isReal(x.dtype))) throw new BundleError(`it is asked for ${x.dtype}`);
    const rank = x.shape.length;
    const gone = new Set(known(axes, "axes").map((axis) => axisOf(axis, rank)));
    const order = Array.from({ length: rank }, (_, axis) => axis);
    const [along, kept] = [order.filter((axis) => gone.has(axis)), order.filter((axis) => !gone.has(axis))];
    const strides = stridesOf(x.shape);
    const places = (/** @type {number[]} */ of) => walked(of.map((axis) => x.shape[axis]), of.map((axis) => strides[axis]));
    const [offsets, starts] = [Int32Array.from(places(along)), places(kept)];
    const shape = keepdims ? x.shape.map((/** @type {number} */ length, /** @type {number} */ axis) => (gone.has(axis) ? 1 : length)) : kept.map((axis) => x.shape[axis]);
    const out = board.value(x.dtype, shape);
    const [p, o, stride, dtype, round] = [x.place, out.place, x.stride, x.dtype, roundOf(WRAP, x.dtype)];
    board.runs.push((v, n) => {
      const [from, to] = [v[p], v[o]];
      for (let r = 0, at = 0; r < n; r++) for (const start of starts) to[at++] = fold(from, r * stride + start, offsets, round, dtype);
    });
    return [out];
  };
}

/** @param {(x: any, y: any) => any} f @returns {Fold} */
function extreme(f) {
  return (x, start, offsets) => {
    if (offsets.length === 0) throw new BundleError("nothing is the largest of nothing");
    let made = x[start + offsets[0]];
    for (let k = 1; k < offsets.length; k++) made = f(made, x[start + offsets[k]]);
    return made;
  };
}

/** @param {any} x */
function magnitude(x) {
  return x < 0 ? -x : x;
}

/** @param {any} x @param {number} start @param {Int32Array} offsets @param {(x: any) => any} round @param {string} dtype */
function squares(x, start, offsets, round, dtype) {
  return summed(x, start, offsets, round, dtype, dtype === "int32" ? (y) => Math.imul(y, y) : (y) => round(y * y));
}

/** @param {(x: any, best: any) => boolean} better @returns {Prepare} */
function extremeAt(better) {
  return (board, [x], { axis: given, keepdims, select_last_index }) => {
    const axis = axisOf(given, x.shape.length);
    const [before, length, after] = around(x.shape, axis);
    if (length === 0) throw new BundleError("nothing is the largest of nothing");
    const shape = [...x.shape];
    shape.splice(axis, 1, ...(keepdims ? [1] : []));
    const out = board.value("int64", shape);
    const [p, o, stride] = [x.place, out.place, x.stride];
    board.runs.push((v, n) => {
      const [from, to] = [v[p], v[o]];
      for (let r = 0, at = 0; r < n; r++) {
        for (let outer = 0; outer < before; outer++) {
          for (let inner = 0; inner < after; inner++) {
            const start = r * stride + outer * length * after + inner;
            let [best, held] = [0, from[start]];
            for (let k = 1; k < length; k++) {
              const candidate = from[start + k * after];
              if (better(candidate, held) || (select_last_index && candidate === held)) [best, held] = [k, candidate];
            }
            to[at++] = BigInt(best);
          }
        }
      }
    });
    return [out];
  };
}

/** One after the other, the first as it is: 0 + -0 would lose a sign. @type {Prepare} */
function cumSum(board, [x, along], { exclusive, reverse }) {
  const [before, length, after] = around(x.shape, axisOf(known(along, "axis")[0], x.shape.length));
  const out = board.value(x.dtype, x.shape);
  const [p, o, stride, size, round] = [x.place, out.place, x.stride, x.size, roundOf(WRAP, x.dtype)];
  const zero = x.dtype === "int64" ? 0n : 0;
  const [first, step] = reverse ? [(length - 1) * after, -after] : [0, after];
  board.runs.push((v, n) => {
    const [from, to] = [v[p], v[o]];
    for (let r = 0; r < n; r++) {
      for (let outer = 0; outer < before; outer++) {
        for (let inner = 0; inner < after; inner++) {
          let place = outer * length * after + inner + first;
          /** @type {any} */
          let total = zero;
          for (let k = 0; k < length; k++, place += step) {
            if (exclusive) to[r * size + place] = total;
            const element = from[r * stride + place];
            total = k === 0 ? element : round(total + element);
            if (!exclusive) to[r * size + place] = total;
          }
        }
      }
    }
  });
  return [out];
}

/** @type {Record<string, Prepare>} */
export const reductions = {
  ReduceSum: reduced(summed),
  ReduceMean: reduced((x, start, offsets, round, dtype) => round(summed(x, start, offsets, round, dtype) / offsets.length), true),
  ReduceMax: reduced(extreme(greatest)),
  ReduceMin: reduced(extreme(least)),
  ReduceProd: reduced(product),
  ReduceSumSquare: reduced(squares),
  ReduceL1: reduced((x, start, offsets, round, dtype) => summed(x, start, offsets, round, dtype, magnitude)),
  ReduceL2: reduced((x, start, offsets, round, dtype) => round(Math.sqrt(squares(x, start, offsets, round, dtype))), true),
  ArgMax: extremeAt((x, best) => x > best),
  ArgMin: extremeAt((x, best) => x < best),
  CumSum: cumSum,
};
