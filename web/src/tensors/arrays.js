/**
 * The caller's arrays as tensors, never converted: a dtype has one class of typed array (`ARRAYS`). What is no typed array
 * is read as JSON is.
 *
 * @typedef {import("./signature.js").Input} Input
 * @typedef {import("./signature.js").Tensor} Tensor
 */

import { got } from "../words.js";
import { indexOf, refusal, shown } from "./contract.js";
import { elements, isList, tensorFromNested } from "./nested.js";
import { ARRAYS } from "./signature.js";

/**
 * @param {Input} spec
 * @param {any} given `{data, shape}`, a typed array where the signature and its length say the shape, or nested lists
 * @returns {Tensor} over a copy: the caller's array may change while the answer is on its way
 * @throws {import("../errors.js").InputError} it is no such tensor
 */
export function tensorFromArray(spec, given) {
  if (ArrayBuffer.isView(given)) return typed(spec, given, shapeOf(spec, /** @type {any} */ (given).length));
  if (given === null || typeof given !== "object" || Array.isArray(given)) return tensorFromNested(spec, given);
  const { data, shape } = given;
  if (!isList(data) || !isList(shape)) throw refusal(spec.name, "{ data, shape }, a typed array or nested lists", got(given));
  const sizes = Array.from(shape, Number);
  const size = sizes.reduce((product, one) => product * one, 1);
  if (sizes.some((one) => !Number.isInteger(one) || one < 0) || size !== data.length) {
    throw refusal(spec.name, `${size} values for shape ${shown(sizes)}`, `${data.length}`);
  }
  return Array.isArray(data) ? { dtype: spec.dtype, shape: sizes, data: elements(spec, data, sizes) } : typed(spec, data, sizes);
}

/** @param {Input} spec @param {any} data @param {number[]} shape @returns {Tensor} */
function typed(spec, data, shape) {
  const wanted = ARRAYS[spec.dtype];
  const clamped = spec.dtype === "uint8" && data instanceof Uint8ClampedArray; // pixels of a canvas
  if (wanted === undefined || !(data instanceof wanted || clamped)) {
    throw refusal(spec.name, wanted === undefined ? "an array of strings" : `an array of class ${wanted.name}`, `one of class ${data.constructor.name}`);
  }
  if (spec.dtype === "bool") {
    const wrong = data.findIndex((/** @type {number} */ held) => held > 1);
    if (wrong >= 0) throw refusal(spec.name, "a byte of 0 or 1", `a number ${data[wrong]}`, indexOf(wrong, shape));
  }
  return { dtype: spec.dtype, shape, data: clamped ? new Uint8Array(data) : data.slice() };
}

/** The one shape of the signature that so many values fill. @param {Input} spec @param {number} length @returns {number[]} */
function shapeOf(spec, length) {
  const named = spec.shape.filter((size) => typeof size === "string");
  const fixed = spec.shape.reduce((/** @type {number} */ product, size) => product * (typeof size === "number" ? size : 1), 1);
  if (named.length > 1) throw refusal(spec.name, `{ data, shape }, as ${shown(spec.shape)} has ${named.length} sizes with names`, `an array of ${length}`);
  const size = length / fixed;
  const fits = named.length === 0 ? length === fixed : Number.isInteger(size);
  if (!fits) throw refusal(spec.name, `values for shape ${shown(spec.shape)}`, `${length}`);
  return spec.shape.map((one) => (typeof one === "string" ? size : one));
}
