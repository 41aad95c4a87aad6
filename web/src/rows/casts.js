/**
 * Changes of dtype.
 */

import { BundleError } from "../errors.js";
import { each } from "./elementwise.js";
import { isReal } from "./widths.js";

/**
 * Toward zero. What the type does not hold becomes its least number, as on the x86 processors on which a graph is
 * proven: others answer otherwise there, and a row program must not.
 * @param {number} bits
 */
function cut(bits) {
  const end = 2 ** (bits - 1);
  return (/** @type {number} */ x) => (x >= -end && x < end ? Math.trunc(x) : -end);
}

const [whole64, whole32] = [cut(64), cut(32)];

/** The nearest float32. Integers that a double does not hold are rounded to odd first, so that they round once. @param {bigint} x */
function singleOf(x) {
  if (x >= -(2n ** 53n) && x <= 2n ** 53n) return Math.fround(Number(x));
  return Math.fround(Number(((x >> 11n) | BigInt((x & 2047n) !== 0n)) << 11n));
}

/** @type {import("./values.js").Prepare} */
function cast(board, [x], { to }) {
  if (to === x.dtype) return [x];
  const loop = x.dtype === "double" && to === "float" ? rounded : isReal(x.dtype) && to === "int32" ? cutToInt32 : undefined;
  return [each(board, x, conversion(x.dtype, to), to, loop)];
}

/** What trees compare. @type {import("./elementwise.js").Loop} */
function rounded(x, to, size) {
  for (let i = 0; i < size; i++) to[i] = Math.fround(x[i]);
}

/** What trees give, as places. @type {import("./elementwise.js").Loop} */
function cutToInt32(x, to, size) {
  for (let i = 0; i < size; i++) {
    const value = x[i];
    to[i] = value >= -(2 ** 31) && value < 2 ** 31 ? value : -(2 ** 31); // written to it, a number is cut
  }
}

/** @param {string} from @param {any} to @returns {(x: any) => any} @throws {BundleError} there is none */
function conversion(from, to) {
  if (to === "string" && from === "int64") return String;
  if (to === "string" || from === "string") throw new BundleError(`there is no Cast from ${from} to ${to}`);
  switch (to) {
    case "double":
      return from === "float" ? (x) => x : Number;
    case "float":
      return from === "int64" ? singleOf : Math.fround;
    case "int64":
      return isReal(from) ? (x) => BigInt(whole64(x)) : BigInt;
    case "int32":
      return isReal(from) ? whole32 : from === "int64" ? (x) => Number(BigInt.asIntN(32, x)) : (x) => x;
    case "bool":
      return (x) => Number(x != 0); // of numbers and BigInts alike; NaN is true: it is not 0
    default:
      throw new BundleError(`there is no Cast from ${from} to ${to}`);
  }
}

/** @type {Record<string, import("./values.js").Prepare>} */
export const casts = { Cast: cast };
