/**
 * The widths of numbers: float by `Math.fround`; int64, int32 and bool by the typed array that a result is written to,
 * which wraps as ONNX Runtime does.
 */

/** @param {string} dtype */
export function isReal(dtype) {
  return dtype === "double" || dtype === "float";
}

/**
 * A function of one or two numbers in the width of its dtype.
 * @template {(...x: any[]) => any} F @param {string} dtype @param {F} f @returns {F}
 */
export function narrowed(dtype, f) {
  return dtype === "float" ? /** @type {F} */ ((x, y) => Math.fround(f(x, y))) : f;
}

/** What rounds a real of this dtype. @param {string} dtype @returns {(x: number) => number} */
export function roundingOf(dtype) {
  return dtype === "float" ? Math.fround : (x) => x;
}
