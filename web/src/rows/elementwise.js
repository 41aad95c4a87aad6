/**
 * Functions of one element, or of two with numpy's broadcasting, as steps.
 */

import { BundleError } from "../errors.js";
import { broadcast, spread } from "./values.js";

/**
 * @typedef {(x: any, to: any, size: number) => void} Loop over the first elements of x
 * @typedef {(x: any, y: any, to: any, n: number, size: number, at: Steps) => void} PairLoop over the elements of n rows
 * @typedef {{rowX: number, stepX: number, rowY: number, stepY: number}} Steps how far apart rows and elements lie; 0 where
 *   there is one for all
 */

/**
 * f of every element; it gives numbers of the dtype's width.
 * @param {import("./values.js").Board} board @param {import("./values.js").Value} x
 * @param {(x: any) => any} f @param {import("./values.js").DType} dtype the result's
 * @param {Loop} [loop] the same in one loop of its own, which an engine makes faster than calls of f
 */
export function each(board, x, f, dtype, loop = loopOf(f)) {
  const out = board.value(dtype, x.shape);
  const [p, o, size] = [x.place, out.place, x.size];
  if (x.data === null) board.runs.push((v, n) => loop(v[p], v[o], n * size));
  else board.runs.push((v, n) => repeated(loop, v[p], v[o], n, size));
  return out;
}

/** @param {(x: any) => any} f @returns {Loop} */
function loopOf(f) {
  return (x, to, size) => {
    for (let i = 0; i < size; i++) to[i] = f(x[i]);
  };
}

/** What a constant becomes, for every row. @param {Loop} loop @param {any} x @param {any} to @param {number} n @param {number} size */
function repeated(loop, x, to, n, size) {
  loop(x, to, size);
  for (let i = size; i < n * size; i++) to[i] = to[i - size];
}

/**
 * f of every two elements that broadcasting brings together.
 * @param {import("./values.js").Board} board @param {import("./values.js").Value} a @param {import("./values.js").Value} b
 * @param {(x: any, y: any) => any} f @param {import("./values.js").DType} dtype the result's
 * @param {PairLoop} [loop] the same in one loop of its own
 * @throws {BundleError} they do not broadcast, or one of them is a text that is to become a number
 */
export function zipped(board, a, b, f, dtype, loop = pairLoopOf(f)) {
  if (dtype === "string" || (a.dtype === "string") !== (b.dtype === "string")) throw new BundleError(`it is asked for ${a.dtype} and ${b.dtype}`);
  const shape = broadcast(a.shape, b.shape);
  const [left, right] = [spreadTo(board, a, shape), spreadTo(board, b, shape)];
  const out = board.value(dtype, shape);
  const [p, q, o, size] = [left.place, right.place, out.place, out.size];
  // One element alone stays where it is.
  const at = { rowX: left.stride, stepX: Number(left.size === size), rowY: right.stride, stepY: Number(right.size === size) };
  board.runs.push((v, n) => loop(v[p], v[q], v[o], n, size, at));
  return out;
}

/** @param {(x: any, y: any) => any} f @returns {PairLoop} */
function pairLoopOf(f) {
  return (x, y, to, n, size, { rowX, stepX, rowY, stepY }) => {
    for (let r = 0, at = 0; r < n; r++) {
      for (let i = 0; i < size; i++) to[at++] = f(x[r * rowX + i * stepX], y[r * rowY + i * stepY]);
    }
  };
}

/**
 * x written out to a shape that it broadcasts to. single: one element alone may stay one.
 * @param {import("./values.js").Board} board @param {import("./values.js").Value} x @param {number[]} shape @param {boolean} [single]
 * @throws {BundleError} it does not
 */
export function spreadTo(board, x, shape, single = true) {
  board.fits(shape);
  if (String(broadcast(x.shape, shape)) !== String(shape)) throw new BundleError(`[${x.shape}] does not broadcast to [${shape}]`);
  const places = spread(x.shape, shape);
  if (places === null || (single && x.size === 1 && places.length > 0)) return x;
  if (x.data !== null) return board.value(x.dtype, shape, pickedFrom(x.data, places));
  return board.picked(x, shape, places);
}

/** @param {any} data @param {number[]} places */
function pickedFrom(data, places) {
  if (Array.isArray(data)) return places.map((place) => data[place]);
  const made = new data.constructor(places.length);
  places.forEach((place, i) => (made[i] = data[place]));
  return made;
}
