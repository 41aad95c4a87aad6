/**
 * Constants of the row program: small ones in rows.json, large ones in rows.bin, which is looked at and not copied.
 */

import { BundleError } from "../errors.js";
import { decode } from "../golden.js";
import { sizeOf } from "./values.js";

/** What rows.bin holds of each dtype, and what rows.json is read into. @type {Record<string, any>} */
const ARRAYS = {
  double: Float64Array, float: Float32Array, int64: BigInt64Array, int32: Int32Array, bool: Uint8Array,
  uint8: Uint8Array, uint16: Uint16Array, uint32: Uint32Array,
};
const KINDS = /** @type {Record<string, string>} */ ({ string: "string", bool: "boolean", int64: "bigint" });
const LITTLE_ENDIAN = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/**
 * The flat data of a constant.
 * @param {any} entry @param {ArrayBuffer | null} binary rows.bin
 * @returns {any}
 * @throws {BundleError} data, dtype and shape do not fit, or rows.bin is shorter than rows.json says
 */
export function constantFrom({ dtype, shape, data, offset, length }, binary) {
  const made = data === undefined ? outOf(binary, dtype, offset, length) : inline(data, dtype);
  if (made.length !== sizeOf(shape)) throw new BundleError(`${made.length} elements do not fill the shape [${shape}]`);
  return made;
}

/** @param {ArrayBuffer | null} binary @param {string} dtype @param {any} offset @param {any} length */
function outOf(binary, dtype, offset, length) {
  if (!Object.hasOwn(ARRAYS, dtype)) throw new BundleError(`rows.bin holds no ${dtype}`);
  const width = ARRAYS[dtype].BYTES_PER_ELEMENT;
  const whole = [offset, length].every((x) => Number.isInteger(x) && x >= 0);
  if (!whole || binary === null || offset + length > binary.byteLength) throw new BundleError("rows.bin is shorter than rows.json says");
  if (length % width !== 0) throw new BundleError(`${length} bytes are no ${dtype}`);
  if (LITTLE_ENDIAN && offset % width === 0) return new ARRAYS[dtype](binary, offset, length / width);
  const bytes = new Uint8Array(binary.slice(offset, offset + length));
  if (!LITTLE_ENDIAN) for (let i = 0; i < length; i += width) bytes.subarray(i, i + width).reverse();
  return new ARRAYS[dtype](bytes.buffer);
}

/** Integers but int64 have no tag in rows.json. @param {any} written @param {string} dtype */
function inline(written, dtype) {
  if (!Array.isArray(written)) throw new BundleError("its data is no list");
  const flat = written.map(decode);
  const kind = Object.hasOwn(KINDS, dtype) ? KINDS[dtype] : "number";
  if (flat.some((x) => typeof x !== kind)) throw new BundleError(`a constant of ${dtype} holds something else`);
  if (dtype === "string") return flat;
  if (!Object.hasOwn(ARRAYS, dtype)) throw new BundleError(`unknown dtype ${JSON.stringify(dtype)}`);
  const made = ARRAYS[dtype].from(flat);
  if (!["double", "float", "bool"].includes(dtype) && flat.some((x, i) => x !== made[i])) throw new BundleError(`it holds what is no ${dtype}`);
  return made;
}
