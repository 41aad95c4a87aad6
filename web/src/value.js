/**
 * Values of the JavaScript program: a dtype, a shape and flat data in row-major order.
 *
 * | dtype | data |
 * |---|---|
 * | double | Float64Array |
 * | float | Float64Array, every element a float32 value (`Math.fround` after each step) |
 * | int64 | BigInt64Array: exact, and wraps as ONNX Runtime does |
 * | int32 | Int32Array |
 * | bool | Uint8Array of 0 and 1 |
 * | string | Array of strings; `MISSING_STRING` stands for missing |
 *
 * @typedef {"double" | "float" | "int64" | "int32" | "bool" | "string"} DType
 * @typedef {{dtype: DType, shape: number[], data: any}} Value
 */

import { BundleError } from "./errors.js";

/** Stands for a missing string (`isoship_edge.manifest.MISSING_STRING`). */
export const MISSING_STRING = "\ufdd0";

/** @param {number[]} shape */
export function sizeOf(shape) {
  return shape.reduce((product, length) => product * length, 1);
}

/**
 * Zeroed data for `size` elements.
 * @param {DType} dtype @param {number} size @returns {any}
 */
export function allocate(dtype, size) {
  switch (dtype) {
    case "double":
    case "float":
      return new Float64Array(size);
    case "int64":
      return new BigInt64Array(size);
    case "int32":
      return new Int32Array(size);
    case "bool":
      return new Uint8Array(size);
    case "string":
      return new Array(size).fill("");
    default:
      throw new BundleError(`unknown dtype ${JSON.stringify(dtype)}`);
  }
}

/** @param {DType} dtype @param {number[]} shape @param {any} data @returns {Value} */
export function value(dtype, shape, data) {
  if (data.length !== sizeOf(shape)) {
    throw new BundleError(`${data.length} elements do not fill the shape [${shape}]`);
  }
  return { dtype, shape, data };
}

/** @param {Value} x */
export function isReal(x) {
  return x.dtype === "double" || x.dtype === "float";
}

/**
 * An axis counted from the front.
 * @param {number} axis @param {number} rank
 */
export function axisFrom(axis, rank) {
  const front = axis < 0 ? axis + rank : axis;
  if (front < 0 || front >= Math.max(rank, 1)) throw new BundleError(`axis ${axis} of a value of rank ${rank}`);
  return front;
}

/**
 * The elements of an int64 or int32 value as numbers (shapes, axes, indices).
 * @param {Value} x @returns {number[]}
 */
export function numbersOf(x) {
  return Array.from(x.data, Number);
}

/**
 * A shape seen as [before, length, after] around one axis.
 * @param {number[]} shape @param {number} axis
 */
export function around(shape, axis) {
  return {
    before: sizeOf(shape.slice(0, axis)),
    length: shape[axis] ?? 1,
    after: sizeOf(shape.slice(axis + 1)),
  };
}
