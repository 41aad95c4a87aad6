/**
 * The signature of tensors: what each input is called, holds and may hold. The twin of `isoship_edge.tensors.signature`;
 * both pass tests/vectors/tensors.json.
 *
 * @typedef {{name: string, dtype: string, shape: (string | number)[], nan: boolean, infinity: boolean,
 *   minimum: number | null, maximum: number | null, image: {color: string} | null,
 *   largest: Record<string, number> | null}} Input `shape`: sizes, and names of dimensions that may be of any size;
 *   `largest`: a named dimension's largest size, where there is one
 * @typedef {import("../manifest.js").Output} Output
 * @typedef {{dtype: string, shape: number[], data: any}} Tensor flat data in row-major order, of `ARRAYS`' class; strings
 *   are an Array
 */

import { BundleError } from "../errors.js";

/** dtype -> how its values lie in memory: float16 as its bits, bool as bytes of 0 and 1. @type {Record<string, any>} */
export const ARRAYS = {
  double: Float64Array, float: Float32Array, float16: Uint16Array,
  int64: BigInt64Array, int32: Int32Array, int16: Int16Array, int8: Int8Array,
  uint64: BigUint64Array, uint32: Uint32Array, uint16: Uint16Array, uint8: Uint8Array,
  bool: Uint8Array,
};
export const FLOATS = ["double", "float", "float16"];
/** @type {Record<string, number>} */
export const COLORS = { gray: 1, rgb: 3, rgba: 4 };
const DTYPES = [...Object.keys(ARRAYS), "string"];

/**
 * The inputs of a manifest whose signature is tensors.
 * @param {import("../manifest.js").Manifest} manifest @returns {Input[]}
 * @throws {BundleError} one is damaged
 */
export function inputsOf({ signature, outputs }) {
  for (const { name, kind, dtype, shape } of outputs) {
    if (kind !== "tensor" || !DTYPES.includes(dtype)) damaged(`output ${JSON.stringify(name)} has kind ${JSON.stringify(kind)} and dtype ${JSON.stringify(dtype)}`);
    checkDims(shape, `shape of ${JSON.stringify(name)}`);
  }
  const made = (signature.inputs ?? []).map(inputFrom);
  if (new Set(made.map(({ name }) => name)).size !== made.length) damaged("two inputs have one name");
  return made;
}

/** @param {any} entry @returns {Input} */
function inputFrom(entry) {
  if (entry === null || typeof entry !== "object" || typeof entry.name !== "string") damaged("an input is no object with a name");
  const { name, dtype, shape } = entry;
  const what = `input ${JSON.stringify(name)}`;
  if (!DTYPES.includes(dtype)) damaged(`${what} has dtype ${JSON.stringify(dtype)}`);
  for (const end of ["minimum", "maximum"]) {
    if (end in entry && (typeof entry[end] !== "number" || ["bool", "string"].includes(dtype))) damaged(`${what} cannot have the ${end} ${JSON.stringify(entry[end])}`);
  }
  for (const key of ["nan", "infinity"]) {
    if (key in entry && (typeof entry[key] !== "boolean" || !FLOATS.includes(dtype))) damaged(`${what} is no float, or says of NaN or infinities what is no boolean`);
  }
  checkDims(shape, `shape of ${JSON.stringify(name)}`);
  const { nan = false, infinity = false, minimum = null, maximum = null, image = null, largest = null } = entry;
  if (image !== null && !(dtype === "uint8" && [3, 4].includes(shape.length) && Object.hasOwn(COLORS, image.color) && shape.at(-1) === COLORS[image.color])) {
    damaged(`${what} cannot have the image ${JSON.stringify(image)}`);
  }
  for (const [dim, size] of Object.entries(largest ?? {})) {
    if (!shape.includes(dim) || !Number.isInteger(size) || size < 1) damaged(`${what} cannot have a ${dim} of at most ${JSON.stringify(size)}`);
  }
  return { name, dtype, shape, nan, infinity, minimum, maximum, image, largest };
}

/** Sizes from 0 up, and names that are not empty. @param {any} shape @param {string} what */
function checkDims(shape, what) {
  if (!Array.isArray(shape)) damaged(`${what} is no list`);
  for (const size of shape) {
    if (!(Number.isInteger(size) && size >= 0 && size < 2 ** 31) && !(typeof size === "string" && size !== "")) damaged(`${what} holds ${JSON.stringify(size)}`);
  }
}

/** @param {string} why @returns {never} */
function damaged(why) {
  throw new BundleError(`this manifest is damaged: ${why}`);
}
