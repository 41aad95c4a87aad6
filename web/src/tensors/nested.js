/**
 * Nested lists to tensors by the signature, and tensors to nested lists: the twin of `isoship_edge.tensors.nested`. Arrays
 * of numbers may be typed ones.
 *
 * @typedef {import("./signature.js").Input} Input
 * @typedef {import("./signature.js").Tensor} Tensor
 */

import { got } from "../words.js";
import { indexOf, refusal, shown } from "./contract.js";
import { bitsOf, floatsOf } from "./float16.js";
import { ARRAYS, FLOATS } from "./signature.js";

/**
 * A tensor of the input's dtype and rank; sizes and ranges are `contract.js`'s to check.
 * @param {Input} spec @param {any} value @returns {Tensor}
 * @throws {import("../errors.js").InputError} the lists are no such tensor; the first place that is wrong
 */
export function tensorFromNested(spec, value) {
  let flat = [value];
  /** @type {number[]} */
  const shape = [];
  for (let depth = 0; depth < spec.shape.length; depth++) {
    const size = isList(flat[0]) ? flat[0].length : 0;
    /** @type {any[]} */
    const inner = [];
    flat.forEach((held, i) => {
      const expected = shape.length < spec.shape.length ? `an array (shape ${shown(spec.shape)})` : scalar(spec);
      if (!isList(held)) throw refusal(spec.name, expected, got(held), indexOf(i, shape));
      if (held.length !== size) throw refusal(spec.name, `an array of ${size}, as its first neighbour is`, `one of ${held.length}`, indexOf(i, shape));
      for (const one of held) inner.push(one);
    });
    flat = inner;
    shape.push(size);
  }
  return { dtype: spec.dtype, shape, data: elements(spec, flat, shape) };
}

/** @param {any} x @returns {x is ArrayLike<any> & Iterable<any>} */
export function isList(x) {
  return Array.isArray(x) || (ArrayBuffer.isView(x) && !(x instanceof DataView));
}

/**
 * Flat values of JSON as the data of a tensor.
 * @param {Input} spec @param {ArrayLike<any>} flat @param {number[]} shape
 * @throws {import("../errors.js").InputError} the first value that the dtype does not hold
 */
export function elements(spec, flat, shape) {
  const read = readerOf(spec);
  if (spec.dtype === "string") return Array.from(flat, (value, i) => read(value, i, shape));
  const data = new ARRAYS[spec.dtype](flat.length);
  for (let i = 0; i < flat.length; i++) data[i] = read(flat[i], i, shape);
  return data;
}

/** @param {Input} spec @returns {(value: any, at: number, shape: number[]) => any} */
function readerOf(spec) {
  const { dtype } = spec;
  /** @param {any} value @param {number} at @param {number[]} shape @returns {never} */
  const refuse = (value, at, shape) => {
    throw refusal(spec.name, scalar(spec), got(value), indexOf(at, shape));
  };
  if (dtype === "string") return (value, at, shape) => (typeof value === "string" ? value : refuse(value, at, shape));
  if (dtype === "bool") return (value, at, shape) => (typeof value === "boolean" ? Number(value) : refuse(value, at, shape));
  if (FLOATS.includes(dtype)) {
    return (value, at, shape) => {
      const real = value === null && spec.nan ? NaN : typeof value === "bigint" ? Number(value) : value;
      if (typeof real !== "number") return refuse(value, at, shape);
      const rounded = dtype === "float" ? Math.fround(real) : dtype === "float16" && Math.abs(real) >= 65520 ? Infinity : real;
      if (!Number.isFinite(rounded) && (Number.isFinite(real) || typeof value === "bigint")) return refuse(value, at, shape);
      return dtype === "float16" ? bitsOf(real) : real;
    };
  }
  const [low, high] = span(dtype);
  const big = dtype.endsWith("64");
  return (value, at, shape) => {
    const whole = typeof value === "bigint" || Number.isInteger(value) ? BigInt(value) : null;
    if (whole === null || whole < low || whole > high) return refuse(value, at, shape);
    return big ? whole : Number(whole);
  };
}

/** The least and the greatest value of an integer dtype. @param {string} dtype @returns {[bigint, bigint]} */
export function span(dtype) {
  const bits = 8n * BigInt(ARRAYS[dtype].BYTES_PER_ELEMENT);
  return dtype[0] === "u" ? [0n, 2n ** bits - 1n] : [-(2n ** (bits - 1n)), 2n ** (bits - 1n) - 1n];
}

/** @param {Input} spec */
function scalar({ dtype, nan }) {
  if (dtype === "bool") return "true or false";
  if (dtype === "string") return "a string";
  if (FLOATS.includes(dtype)) return `a number that ${dtype} holds${nan ? " or null" : ""}`;
  const [low, high] = span(dtype);
  return `an integer from ${low} to ${high}`;
}

/** The tensor as lists in lists, a scalar where its rank is 0; NaN and infinities are null. @param {Tensor} tensor */
export function nested({ dtype, shape, data }) {
  const flat = plain(dtype, data);
  return shape.length === 0 ? flat[0] : grouped(flat, shape, 0, 0);
}

/** @param {string} dtype @param {any} data @returns {any[]} */
function plain(dtype, data) {
  if (dtype === "bool") return Array.from(data, Boolean);
  if (dtype === "string") return data;
  if (!FLOATS.includes(dtype)) return Array.from(data, Number);
  return Array.from(dtype === "float16" ? floatsOf(data) : data, (v) => (Number.isFinite(v) ? v : null));
}

/** @param {any[]} flat @param {number[]} shape @param {number} axis @param {number} start @returns {any[]} */
function grouped(flat, shape, axis, start) {
  if (axis === shape.length - 1) return flat.slice(start, start + shape[axis]);
  const step = shape.slice(axis + 1).reduce((product, size) => product * size, 1);
  return Array.from({ length: shape[axis] }, (_, i) => grouped(flat, shape, axis + 1, start + i * step));
}
