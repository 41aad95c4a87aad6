/**
 * Columns beside each other times a matrix, where some are zeros and ones for texts (`one_hot.js`): the ones are added and
 * the zeros are not, and neither the columns nor their row is ever written.
 */

import { layout } from "./layout.js";
import { oneHot, onesOf } from "./one_hot.js";
import { products } from "./products.js";

/**
 * The same bits as of the steps one after the other: each sum begins at 0, runs in the columns' order, and a product of 0
 * with a finite number changes no sum.
 * @type {import("./values.js").Prepare}
 */
export function encodedProduct(board, given, { parts }) {
  const matrix = given[given.length - 1];
  /** @type {any[][]} */
  const taken = [];
  for (let at = 0, i = 0; i < parts.length; at += parts[i++]) taken.push(given.slice(at, at + parts[i]));
  const ones = taken.map((inputs) => (inputs.length > 1 ? onesOf(inputs, "double") : null));
  const widths = taken.map((inputs) => (inputs.length > 1 ? inputs[5].size : inputs[0].size));
  const [height, columns] = matrix.shape;
  const fits = taken.every((inputs, i) => (inputs.length > 1 ? ones[i] !== null : inputs[0].dtype === "double" && inputs[0].shape.length === 2 && inputs[0].data === null));
  const isPlain = matrix.dtype === "double" && matrix.shape.length === 2 && height === widths.reduce((sum, width) => sum + width, 0) && matrix.data.every(Number.isFinite);
  if (!fits || !isPlain) {
    const wide = taken.map((inputs) => (inputs.length > 1 ? oneHot(board, inputs, { to: "double" })[0] : inputs[0]));
    return products.MatMul(board, [layout.Concat(board, wide, { axis: 1 })[0], matrix], {});
  }
  board.multiplied(height * columns);
  const out = board.value("double", [1, columns]);
  const o = out.place;
  board.runs.push((v, n) => v[o].fill(0, 0, n * columns));
  let first = 0;
  taken.forEach(([x], i) => {
    const weights = matrix.data.subarray(first * columns, (first + widths[i]) * columns);
    const [p, count, found] = [x.place, x.size, ones[i]];
    if (found === null) board.runs.push((v, n) => addReals(v[p], count, weights, columns, n, v[o]));
    else board.runs.push((v, n) => found.forEach(({ known, other }, k) => addOnes(v[p], k, count, known, other, weights, columns, n, v[o])));
    first += widths[i];
  });
  return [out];
}

/** @param {Float64Array} x @param {number} width @param {Float64Array} weights @param {number} columns @param {number} n rows @param {Float64Array} to */
function addReals(x, width, weights, columns, n, to) {
  for (let r = 0; r < n; r++) {
    for (let j = 0; j < columns; j++) {
      let sum = to[r * columns + j];
      for (let i = 0, k = j; i < width; i++, k += columns) sum += x[r * width + i] * weights[k];
      to[r * columns + j] = sum;
    }
  }
}

/**
 * One column of texts.
 * @param {string[]} x @param {number} k which of `width` @param {number} width @param {Map<string, number>} known @param {number} other
 * @param {Float64Array} weights @param {number} columns @param {number} n rows @param {Float64Array} to
 */
function addOnes(x, k, width, known, other, weights, columns, n, to) {
  for (let r = 0; r < n; r++) {
    const place = known.get(x[r * width + k]) ?? other;
    if (place < 0) continue;
    for (let j = 0; j < columns; j++) to[r * columns + j] += weights[place * columns + j];
  }
}
