/**
 * What a column accepts, value by value, and the words of what it refuses: the input contract of manifest.json.
 *
 * The twin of `isoship_edge.encoding.decode`, in the same words (tests/vectors/rows.json). A BigInt counts as an integer,
 * which JSON does not have; NaN is no number here: null is missing.
 */

import { InputError } from "./errors.js";
import { MISSING_STRING } from "./value.js";
import { expectedOf, got, integerWithin, listed, quoted, within } from "./words.js";

const LARGEST_INTEGER = 2 ** 53;
const LONE_SURROGATE = /\p{Surrogate}/u;

/** @type {Record<string, (value: any, column: import("./manifest.js").Column, row: number) => any>} */
export const ACCEPT = { double, int64, bool, string };

/** @param {any} x @param {import("./manifest.js").Column} column @param {number} row */
function double(x, column, row) {
  if (x === null && column.missing) return NaN;
  if (typeof x !== "number") refuseValue(row, column, x);
  if (!Number.isFinite(x)) {
    if (Number.isNaN(x) || !column.infinity) refuseValue(row, column, x, "a finite number");
  } else if (!inside(x, column)) {
    refuseValue(row, column, x, within("a number", column));
  }
  checkCategory(row, column, x);
  return x;
}

/** @param {any} x @param {import("./manifest.js").Column} column @param {number} row */
function int64(x, column, row) {
  if (typeof x !== "bigint" && !Number.isInteger(x)) refuseValue(row, column, x);
  const lowest = Math.max(-LARGEST_INTEGER, column.minimum ?? -LARGEST_INTEGER);
  const highest = Math.min(LARGEST_INTEGER, column.maximum ?? LARGEST_INTEGER);
  if (x > highest || x < lowest) refuseValue(row, column, x, integerWithin(lowest, highest));
  checkCategory(row, column, x, Number(x));
  return BigInt(x);
}

/** @param {number} x @param {import("./manifest.js").Column} column */
function inside(x, { minimum, maximum, exclusiveMinimum, exclusiveMaximum }) {
  return (
    (minimum === null || x >= minimum) &&
    (maximum === null || x <= maximum) &&
    (exclusiveMinimum === null || x > exclusiveMinimum) &&
    (exclusiveMaximum === null || x < exclusiveMaximum)
  );
}

/** @param {any} x @param {import("./manifest.js").Column} column @param {number} row */
function bool(x, column, row) {
  if (typeof x !== "boolean") refuseValue(row, column, x);
  checkCategory(row, column, x);
  return x ? 1 : 0;
}

/** @param {any} x @param {import("./manifest.js").Column} column @param {number} row */
function string(x, column, row) {
  if (x === null && column.missing) return MISSING_STRING;
  if (typeof x !== "string") refuseValue(row, column, x);
  for (const [found, seen, expected] of FAULTS) {
    if (found(x)) refuse(row, column.name, seen, expectedOf(column, expected));
  }
  checkCategory(row, column, x);
  return x;
}

/** What ONNX tensors cannot carry; the other runtimes refuse the same. @type {[(x: string) => boolean, string, string][]} */
const FAULTS = [
  [(x) => x.includes("\0"), "a string with a NUL character", "text without NUL"],
  [(x) => LONE_SURROGATE.test(x), "a string with a lone surrogate", "well-formed Unicode text"],
  [(x) => x.includes(MISSING_STRING), "a string with U+FDD0", "text without the reserved character U+FDD0"],
];

/** @param {number} row @param {import("./manifest.js").Column} column @param {any} x @param {any} [comparable] */
function checkCategory(row, column, x, comparable = x) {
  if (column.categories !== null && !column.categories.includes(comparable)) {
    refuseValue(row, column, x, `one of ${listed(column.categories)}`);
  }
}

/**
 * @param {number} row @param {import("./manifest.js").Column} column @param {unknown} seen @param {string} [expected]
 * @returns {never}
 */
function refuseValue(row, column, seen, expected) {
  refuse(row, column.name, got(seen), expectedOf(column, expected));
}

/**
 * @param {string[]} keys of a row @param {import("./manifest.js").Column[]} columns @param {number} i
 * @throws {InputError} one of them is no column
 */
export function refuseOtherKeys(keys, columns, i) {
  const known = new Set(columns.map(({ name }) => name));
  for (const key of keys) {
    if (!known.has(key)) refuse(i, key, "an unknown key", `one of the columns ${listed([...known])}`);
  }
}

/**
 * The value of a row in a column, as it is stored.
 * @param {Record<string, any>} row @param {import("./manifest.js").Column} column @param {number} i the row's place
 * @throws {InputError} it is absent, or not accepted
 */
export function accepted(row, column, i) {
  if (!Object.hasOwn(row, column.name)) refuse(i, column.name, "nothing (the key is absent)", expectedOf(column));
  return ACCEPT[column.dtype](row[column.name], column, i);
}

/** @param {unknown} row @param {number} i its place @throws {InputError} it is no object */
export function refuseOther(row, i) {
  if (row === null || typeof row !== "object" || Array.isArray(row)) refuse(i, null, got(row), "an object");
}

/**
 * @param {number | null} row @param {string | null} column @param {string} seen @param {string} expected
 * @returns {never} @throws {InputError}
 */
export function refuse(row, column, seen, expected) {
  const place = row === null ? "rows" : column === null ? `row ${row}` : `row ${row}, column ${quoted(column)}`;
  throw new InputError(`${place}: expected ${expected}, got ${seen}`, { row, column, seen, expected });
}
