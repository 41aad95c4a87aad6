/**
 * The encoding of golden values, the twin of `isoship_edge.encoding.golden`; both pass tests/vectors/golden_values.json.
 *
 * | value | encoded |
 * |---|---|
 * | finite double | a JSON number |
 * | NaN, Infinity, -Infinity | `{"$": "nan"}`, `{"$": "inf"}`, `{"$": "-inf"}` |
 * | int64 (a BigInt here) | `{"$": "int64", "v": "<decimal>"}` |
 * | string, boolean, missing | JSON string, boolean, null |
 */

import { BundleError } from "./errors.js";

/** @type {Record<string, number>} */
const SPECIAL = { nan: NaN, inf: Infinity, "-inf": -Infinity };
const INT64_MIN = -(2n ** 63n);
const INT64_MAX = 2n ** 63n - 1n;
const DECIMAL = /^-?[0-9]+$/;

/**
 * A value, or nested arrays of values, as what `JSON.stringify` may write. Minus zero: see `stringify`.
 * @param {any} value @returns {any}
 */
export function encode(value) {
  if (Array.isArray(value)) return value.map(encode);
  if (typeof value === "number") {
    if (Number.isFinite(value)) return value;
    return { $: Number.isNaN(value) ? "nan" : value > 0 ? "inf" : "-inf" };
  }
  if (typeof value === "bigint") {
    if (value < INT64_MIN || value > INT64_MAX) throw new RangeError(`${value} is outside int64`);
    return { $: "int64", v: value.toString() };
  }
  if (value === null || typeof value === "string" || typeof value === "boolean") return value;
  throw new TypeError(`no golden encoding for ${typeof value}`);
}

/**
 * The inverse of `encode`: doubles as numbers, int64 as BigInt, missing as null.
 * @param {any} value @returns {any}
 * @throws {BundleError} an unknown tag
 */
export function decode(value) {
  if (Array.isArray(value)) return value.map(decode);
  if (value !== null && typeof value === "object") {
    if (Object.hasOwn(SPECIAL, value.$)) return SPECIAL[value.$];
    if (value.$ === "int64" && typeof value.v === "string" && DECIMAL.test(value.v)) {
      const whole = BigInt(value.v);
      if (whole >= INT64_MIN && whole <= INT64_MAX) return whole;
    }
    throw new BundleError(`unknown golden value ${JSON.stringify(value)}`);
  }
  return value;
}

/**
 * JSON text of an encoded value in which minus zero keeps its sign (`JSON.stringify` writes 0).
 * @param {any} encoded @returns {string}
 */
export function stringify(encoded) {
  if (Array.isArray(encoded)) return `[${encoded.map(stringify).join(",")}]`;
  return Object.is(encoded, -0) ? "-0.0" : JSON.stringify(encoded);
}
