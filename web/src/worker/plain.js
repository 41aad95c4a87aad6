/**
 * Copies of what cannot be sent to a worker as it is: the values behind Proxies, in plain arrays and objects.
 */

import { InputError } from "../errors.js";
import { got } from "../words.js";

/** Deeper than any tensor or row: a list that holds itself ends here. */
const DEEPEST = 64;

/**
 * @param {any} given @param {number} [depth]
 * @returns {any} the same arrays and objects, without their Proxies; typed arrays and values as they are
 * @throws {InputError} something in it is of this thread alone: a function, a symbol
 */
export function plainCopy(given, depth = 0) {
  if (typeof given === "function" || typeof given === "symbol" || depth > DEEPEST) {
    const expected = "values that can be sent to a worker";
    throw new InputError(`rows: expected ${expected}, got ${got(given)}`, { seen: got(given), expected });
  }
  if (given === null || typeof given !== "object" || ArrayBuffer.isView(given)) return given;
  if (Array.isArray(given)) return Array.from(given, (held) => plainCopy(held, depth + 1));
  // fromEntries defines properties: a column called __proto__ is data like any other.
  return Object.fromEntries(Object.entries(given).map(([key, held]) => [key, plainCopy(held, depth + 1)]));
}
