/**
 * Arithmetic of two or more values. Reals in double precision, rounded to float32 where the dtype is float.
 */

import { BundleError } from "../errors.js";
import { zipped } from "./elementwise.js";
import { isReal, narrowed } from "./widths.js";

/** @typedef {import("./values.js").Prepare} Prepare */

/**
 * @param {(x: number, y: number) => number} real @param {(x: number, y: number) => number} [small] of int32
 * @param {(x: bigint, y: bigint) => bigint} [big] of int64 @param {import("./elementwise.js").PairLoop} [loop] of double
 * @returns {Prepare}
 */
function pairwise(real, small, big, loop) {
  return (board, [a, b]) => {
    if (a.dtype !== b.dtype) throw new BundleError(`it is asked for ${a.dtype} and ${b.dtype}`);
    const f = isReal(a.dtype) ? narrowed(a.dtype, real) : a.dtype === "int64" ? big : small;
    if (f === undefined) throw new BundleError(`it is asked for ${a.dtype}`);
    return [zipped(board, a, b, f, a.dtype, a.dtype === "double" ? loop : undefined)];
  };
}

/** Toward zero. @param {number} x @param {number} y @throws {RangeError} by zero, as BigInts do */
function quotient(x, y) {
  if (y === 0) throw new RangeError("division by zero");
  return Math.trunc(x / y);
}

/** With the sign of x. @param {number} x @param {number} y @throws {RangeError} by zero */
function remainder(x, y) {
  if (y === 0) throw new RangeError("division by zero");
  return x % y;
}

/** @type {Prepare} */
function mod(board, inputs, attrs) {
  if (isReal(inputs[0].dtype)) return pairwise((x, y) => x % y)(board, inputs, attrs);
  const [small, big] = [remainder, (/** @type {bigint} */ x, /** @type {bigint} */ y) => x % y];
  if (attrs.fmod) return pairwise(small, small, big)(board, inputs, attrs);
  // With the sign of y.
  return pairwise(small, (x, y) => remainder(remainder(x, y) + y, y), (x, y) => ((x % y) + y) % y)(board, inputs, attrs);
}

/** C's pow, which JavaScript has otherwise for 1 and NaN. ONNX Runtime squares and cubes by multiplication, so both are exact. @param {number} x @param {number} y */
export function power(x, y) {
  if (y === 2) return x * x;
  if (y === 3) return x * x * x;
  return x === 1 || (x === -1 && Math.abs(y) === Infinity) ? 1 : x ** y;
}

/** The result has the dtype of the base. @type {Prepare} */
function pow(board, [a, b]) {
  if (!isReal(a.dtype) || !isReal(b.dtype)) throw new BundleError(`there is no Pow of ${a.dtype} by ${b.dtype}`);
  return [zipped(board, a, b, narrowed(a.dtype, power), a.dtype)];
}

/** The smaller one; NaN wins. @param {any} x @param {any} y */
export function least(x, y) {
  return x < y || x !== x ? x : y;
}

/** The larger one; NaN wins. @param {any} x @param {any} y */
export function greatest(x, y) {
  return x > y || x !== x ? x : y;
}

/** @param {(x: any, y: any) => any} f @returns {Prepare} */
function folded(f) {
  return (board, inputs) => [inputs.reduce((made, other) => pairwise(f, f, f)(board, [made, other], {})[0])];
}

/** The largest finite value: an absent limit of Clip still ends infinities (ONNX: "numeric_limits::lowest()"). */
export const LARGEST = /** @type {Record<string, number>} */ ({ double: Number.MAX_VALUE, float: 3.4028234663852886e38 });

/** The lower limit first, then the upper one, which decides where they cross. @type {Prepare} */
function clip(board, [x, low, high]) {
  if ([low, high].some((limit) => limit !== null && (limit.dtype !== x.dtype || limit.size !== 1))) throw new BundleError("its limits are of another dtype or shape");
  const end = LARGEST[x.dtype] ?? Infinity; // a BigInt compares with it, and is never beyond
  const [least_, most] = [low ?? board.constant(x.dtype, [], [-end]), high ?? board.constant(x.dtype, [], [end])];
  const out = board.value(x.dtype, x.shape);
  const [p, q, s, o, size] = [x.place, least_.place, most.place, out.place, x.size];
  const strides = [x.stride, least_.stride, most.stride];
  board.runs.push((v, n) => {
    const [from, to] = [v[p], v[o]];
    for (let r = 0, at = 0; r < n; r++) {
      const [start, stop] = [v[q][r * strides[1]], v[s][r * strides[2]]];
      for (let i = 0; i < size; i++) {
        let made = from[r * strides[0] + i];
        if (made < start) made = start;
        if (made > stop) made = stop;
        to[at++] = made;
      }
    }
  });
  return [out];
}

/** @type {import("./elementwise.js").PairLoop} */
function added(x, y, to, n, size, { rowX, stepX, rowY, stepY }) {
  for (let r = 0, at = 0; r < n; r++) {
    for (let i = 0, p = r * rowX, q = r * rowY; i < size; i++, p += stepX, q += stepY) to[at++] = x[p] + y[q];
  }
}

/** @type {import("./elementwise.js").PairLoop} */
function subtracted(x, y, to, n, size, { rowX, stepX, rowY, stepY }) {
  for (let r = 0, at = 0; r < n; r++) {
    for (let i = 0, p = r * rowX, q = r * rowY; i < size; i++, p += stepX, q += stepY) to[at++] = x[p] - y[q];
  }
}

/** @type {import("./elementwise.js").PairLoop} */
function times(x, y, to, n, size, { rowX, stepX, rowY, stepY }) {
  for (let r = 0, at = 0; r < n; r++) {
    for (let i = 0, p = r * rowX, q = r * rowY; i < size; i++, p += stepX, q += stepY) to[at++] = x[p] * y[q];
  }
}

/** @type {import("./elementwise.js").PairLoop} */
function divided(x, y, to, n, size, { rowX, stepX, rowY, stepY }) {
  for (let r = 0, at = 0; r < n; r++) {
    for (let i = 0, p = r * rowX, q = r * rowY; i < size; i++, p += stepX, q += stepY) to[at++] = x[p] / y[q];
  }
}

/** @type {Record<string, Prepare>} */
export const arithmetic = {
  Add: pairwise((x, y) => x + y, (x, y) => x + y, (x, y) => x + y, added),
  Sub: pairwise((x, y) => x - y, (x, y) => x - y, (x, y) => x - y, subtracted),
  Mul: pairwise((x, y) => x * y, Math.imul, (x, y) => x * y, times),
  Div: pairwise((x, y) => x / y, quotient, (x, y) => x / y, divided),
  Mod: mod,
  Pow: pow,
  Min: folded(least),
  Max: folded(greatest),
  Clip: clip,
};
