/**
 * Arithmetic of two or more values. Reals in double precision, rounded to float32 where the dtype is float;
 * int32 and int64 wrap.
 */

import { LARGEST, power } from "../rows/arithmetic.js";
import { isReal, value } from "../value.js";
import { zip } from "./broadcast.js";

/**
 * The function of one dtype from the real, the int32 and the BigInt form.
 * @param {import("../value.js").DType} dtype
 * @param {(x: number, y: number) => number} real
 * @param {(x: number, y: number) => number} small
 * @param {(x: bigint, y: bigint) => bigint} big
 * @returns {(x: any, y: any) => any}
 */
function forDType(dtype, real, small, big) {
  if (dtype === "int64") return big;
  if (dtype === "int32") return small;
  return dtype === "float" ? (x, y) => Math.fround(real(x, y)) : real;
}

/**
 * @param {(x: number, y: number) => number} real
 * @param {(x: number, y: number) => number} small
 * @param {(x: bigint, y: bigint) => bigint} big
 * @returns {import("./registry.js").Op}
 */
function pairwise(real, small, big) {
  return ([a, b]) => zip(a, b, forDType(a.dtype, real, small, big), a.dtype);
}

/**
 * @param {(x: number, y: number) => number} real NaN wins
 * @param {(x: bigint, y: bigint) => bigint} big
 * @returns {import("./registry.js").Op}
 */
function folded(real, big) {
  return (inputs) => inputs.reduce((a, b) => zip(a, b, a.dtype === "int64" ? big : real, a.dtype));
}

/** @type {import("./registry.js").Op} */
function mod([a, b], { attrs }) {
  if (isReal(a)) return zip(a, b, forDType(a.dtype, (x, y) => x % y, (x, y) => x % y, (x, y) => x % y), a.dtype);
  if (attrs.fmod) return zip(a, b, (x, y) => x % y, a.dtype);
  if (a.dtype === "int64") return zip(a, b, (x, y) => ((x % y) + y) % y, a.dtype);
  return zip(a, b, (x, y) => ((x % y) + y) % y, a.dtype);
}

/** The result has the dtype of the base. @type {import("./registry.js").Op} */
function pow([a, b]) {
  const f = (/** @type {any} */ x, /** @type {any} */ y) => power(Number(x), Number(y));
  if (a.dtype === "int64") return zip(a, b, (x, y) => BigInt(Math.trunc(f(x, y))), a.dtype);
  return zip(a, b, a.dtype === "float" ? (x, y) => Math.fround(f(x, y)) : f, a.dtype);
}

/** The lower limit first, then the upper one, which decides where they cross. @type {import("./registry.js").Op} */
function clip([x, low, high]) {
  const data = x.data.slice();
  const least = low?.data[0] ?? -(LARGEST[x.dtype] ?? NaN);
  const most = high?.data[0] ?? LARGEST[x.dtype] ?? NaN;
  for (let i = 0; i < data.length; i++) {
    if (data[i] < least) data[i] = least;
    if (data[i] > most) data[i] = most;
  }
  return value(x.dtype, x.shape, data);
}

/** @type {Record<string, import("./registry.js").Op>} */
export const arithmetic = {
  Add: pairwise((x, y) => x + y, (x, y) => x + y, (x, y) => x + y),
  Sub: pairwise((x, y) => x - y, (x, y) => x - y, (x, y) => x - y),
  Mul: pairwise((x, y) => x * y, Math.imul, (x, y) => x * y),
  Div: pairwise((x, y) => x / y, (x, y) => Math.trunc(x / y), (x, y) => x / y),
  Mod: mod,
  Pow: pow,
  Min: folded(Math.min, (x, y) => (x < y ? x : y)),
  Max: folded(Math.max, (x, y) => (x > y ? x : y)),
  Clip: clip,
};
