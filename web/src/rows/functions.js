/**
 * Functions of one element. exp, log and their kin are the engine's: their last bit may differ between platforms.
 */

import { each } from "./elementwise.js";
import { narrowed } from "./widths.js";

/** @typedef {import("./values.js").Prepare} Prepare */

/** @param {(x: number) => number} f of a real, or of an int32 @param {(x: bigint) => bigint} [big] of an int64 @returns {Prepare} */
function ofEach(f, big) {
  return (board, [x]) => [each(board, x, x.dtype === "int64" && big ? big : narrowed(x.dtype, f), x.dtype)];
}

/** Halves to even. @param {number} x */
export function round(x) {
  if (!Number.isFinite(x) || Math.abs(x) >= 2 ** 52) return x;
  const down = Math.floor(x);
  const rest = x - down;
  const rounded = rest < 0.5 || (rest === 0.5 && down % 2 === 0) ? down : down + 1;
  return rounded === 0 && (x < 0 || Object.is(x, -0)) ? -0 : rounded;
}

/** Without overflow on either side. @param {number} x */
export function sigmoid(x) {
  if (x >= 0) return 1 / (1 + Math.exp(-x));
  const e = Math.exp(x);
  return e / (1 + e);
}

/** @param {number} x */
export function softplus(x) {
  return x > 0 ? x + Math.log1p(Math.exp(-x)) : Math.log1p(Math.exp(x));
}

/** @type {Prepare} */
function isInf(board, [x], { detect_positive, detect_negative }) {
  return [each(board, x, (value) => Number((detect_positive && value === Infinity) || (detect_negative && value === -Infinity)), "bool")];
}

/** @type {Record<string, Prepare>} */
export const functions = {
  Abs: ofEach(Math.abs, (x) => (x < 0n ? -x : x)),
  Neg: ofEach((x) => -x, (x) => -x),
  Sign: ofEach(Math.sign, (x) => (x > 0n ? 1n : x < 0n ? -1n : 0n)),
  Floor: ofEach(Math.floor),
  Ceil: ofEach(Math.ceil),
  Round: ofEach(round),
  Sqrt: ofEach(Math.sqrt),
  Reciprocal: ofEach((x) => 1 / x),
  Relu: ofEach((x) => (x < 0 ? 0 : x)),
  Exp: ofEach(Math.exp),
  Log: ofEach(Math.log),
  Sin: ofEach(Math.sin),
  Cos: ofEach(Math.cos),
  Tanh: ofEach(Math.tanh),
  Sigmoid: ofEach(sigmoid),
  Softplus: ofEach(softplus),
  IsNaN: (board, [x]) => [each(board, x, (value) => Number(value !== value), "bool")],
  IsInf: isInf,
};
