/**
 * Matrix products. Sums run in order of the inner index; float products and sums are rounded at each step.
 */

import { BundleError } from "../errors.js";
import { each, spreadTo, zipped } from "./elementwise.js";
import { broadcast, sizeOf, spread } from "./values.js";
import { isReal, narrowed } from "./widths.js";

/**
 * @typedef {import("./values.js").Board} Board
 * @typedef {import("./values.js").Value} Value
 * @typedef {import("./values.js").Prepare} Prepare
 * @typedef {{from: ArrayLike<number>, start: number, line: number, step: number}} Lines rows of the left matrix or columns
 *   of the right one: where the first begins, how far apart they and the elements of one lie
 */

/**
 * Every row of a with every column of b.
 * @param {Lines} a @param {number} m @param {Lines} b @param {number} p @param {number} inner @param {Float64Array} to @param {number} at
 */
function multiplied(a, m, b, p, inner, to, at) {
  const [x, stepX, y, stepY] = [a.from, a.step, b.from, b.step];
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < p; j++) {
      let sum = 0;
      for (let k = 0, left = a.start + i * a.line, right = b.start + j * b.line; k < inner; k++, left += stepX, right += stepY) sum += x[left] * y[right];
      to[at++] = sum;
    }
  }
}

/** The same in float. @type {typeof multiplied} */
function multipliedSingle(a, m, b, p, inner, to, at) {
  const [x, stepX, y, stepY] = [a.from, a.step, b.from, b.step];
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < p; j++) {
      let sum = 0;
      for (let k = 0, left = a.start + i * a.line, right = b.start + j * b.line; k < inner; k++, left += stepX, right += stepY) sum = Math.fround(sum + Math.fround(x[left] * y[right]));
      to[at++] = sum;
    }
  }
}

/**
 * Matrix by matrix. places: of each pair, where it lies among the matrices of a and of b.
 * @param {Board} board @param {Value} a @param {Value} b @param {[number, number, number]} sizes m, inner, p
 * @param {[number, number]} left line and step of a @param {[number, number]} right of b
 * @param {number[]} shape @param {[number[], number[]]} [places]
 */
function product(board, a, b, [m, inner, p], left, right, shape, places = [[0], [0]]) {
  if (!isReal(a.dtype) || a.dtype !== b.dtype) throw new BundleError(`it is asked for ${a.dtype} and ${b.dtype}`);
  const count = places[0].length;
  board.multiplied(count * m * inner * p);
  const out = board.value(a.dtype, shape);
  const multiply = a.dtype === "float" ? multipliedSingle : multiplied;
  const [of, with_, to] = [a.place, b.place, out.place];
  const [rowA, rowB, sizeA, sizeB, size] = [a.stride, b.stride, m * inner, inner * p, m * p];
  const x = { from: /** @type {any} */ (null), start: 0, line: left[0], step: left[1] };
  const y = { from: /** @type {any} */ (null), start: 0, line: right[0], step: right[1] };
  board.runs.push((v, n) => {
    x.from = v[of];
    y.from = v[with_];
    for (let r = 0; r < n; r++) {
      for (let i = 0; i < count; i++) {
        x.start = r * rowA + places[0][i] * sizeA;
        y.start = r * rowB + places[1][i] * sizeB;
        multiply(x, m, y, p, inner, v[to], (r * count + i) * size);
      }
    }
  });
  return out;
}

/** @type {Prepare} */
function matMul(board, [a, b]) {
  const wideA = a.shape.length === 1 ? [1, ...a.shape] : a.shape;
  const wideB = b.shape.length === 1 ? [...b.shape, 1] : b.shape;
  if (wideA.length < 2 || wideB.length < 2 || wideA.at(-1) !== wideB.at(-2)) throw new BundleError(`MatMul of [${a.shape}] and [${b.shape}]`);
  const [inner, p] = wideB.slice(-2);
  const batch = broadcast(wideA.slice(0, -2), wideB.slice(0, -2));
  const shape = [...batch, ...(a.shape.length > 1 ? a.shape.slice(-2, -1) : []), ...(b.shape.length > 1 ? b.shape.slice(-1) : [])];
  if (sizeOf(wideB.slice(0, -2)) === 1) {
    // Every row of a with the one matrix b.
    return [product(board, a, b, [sizeOf(wideA.slice(0, -1)), inner, p], [inner, 1], [1, p], shape)];
  }
  const all = () => Array.from({ length: sizeOf(batch) }, (_, i) => i);
  /** @type {[number[], number[]]} */
  const places = [spread(wideA.slice(0, -2), batch) ?? all(), spread(wideB.slice(0, -2), batch) ?? all()];
  return [product(board, a, b, [wideA[wideA.length - 2], inner, p], [inner, 1], [1, p], shape, places)];
}

/** @type {Prepare} */
function gemm(board, [a, b, c], { alpha, beta, transA, transB }) {
  if (!a || !b || a.shape.length !== 2 || b.shape.length !== 2) throw new BundleError("it is asked for other than two matrices");
  const [m, inner] = transA ? [a.shape[1], a.shape[0]] : a.shape;
  const [other, p] = transB ? [b.shape[1], b.shape[0]] : b.shape;
  if (inner !== other) throw new BundleError(`Gemm of [${a.shape}] and [${b.shape}]`);
  if (typeof alpha !== "number" || typeof beta !== "number") throw new BundleError("its alpha or beta is no number");
  const shape = [m, p];
  let made = product(board, a, b, [m, inner, p], transA ? [1, m] : [inner, 1], transB ? [inner, 1] : [1, p], shape);
  if (alpha !== 1) made = each(board, made, narrowed(a.dtype, (x) => alpha * x), a.dtype);
  if (!c) return [made];
  if (c.dtype !== a.dtype) throw new BundleError(`its bias is ${c.dtype}`);
  const bias = beta === 1 ? c : each(board, c, narrowed(a.dtype, (x) => beta * x), a.dtype);
  return [zipped(board, made, spreadTo(board, bias, shape), narrowed(a.dtype, (x, y) => x + y), a.dtype)];
}

/** @type {Record<string, Prepare>} */
export const products = { MatMul: matMul, Gemm: gemm };
