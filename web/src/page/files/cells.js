/**
 * A cell of a file as the value that its column takes: the twin of `isoship_edge.encoding.cells`, both held by
 * tests/vectors/csv.json. What does not read stays text, which the model refuses by name.
 */

import { InputError } from "../../errors.js";

export const NUMBER = /^[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?$/;
const INFINITE = /^[+-]?inf$/i;
const AROUND = /^[ \t]+|[ \t]+$/g;

/**
 * @param {string | null} text null for an empty cell that is not in quotes
 * @param {import("../../manifest.js").Column} column
 * @returns {any} null for a missing value
 * @throws {InputError} more digits than a double holds, in a column of integers
 */
export function valueFromText(text, column) {
  if (text === null || text === "") return column.empty === "value" || (column.empty === "quoted" && text === "") ? "" : null;
  if (column.dtype === "string") return text;
  const word = text.replace(AROUND, "");
  const truth = /^true$/i.test(word) ? true : /^false$/i.test(word) ? false : null;
  if (truth !== null) return column.dtype === "bool" ? truth : Number(truth);
  if (column.dtype === "bool") return NUMBER.test(word) && [0, 1].includes(Number(word)) ? Number(word) === 1 : text;
  if (INFINITE.test(word)) return word.startsWith("-") ? -Infinity : Infinity;
  if (!NUMBER.test(word)) return text;
  const number = Number(word);
  // Digits that a double would round away are not the number that the file says.
  if (column.dtype === "int64" && !holds(number, word)) {
    const seen = `${word}, which has more digits than a double holds`;
    throw new InputError(`expected an integer, got ${seen}`, { column: column.name, seen, expected: "an integer" });
  }
  return number;
}

/**
 * Whether a whole number is what its decimal text says to the last digit, in whatever spelling: "9007199254740993.0" is
 * none that a double holds, nor is "0.99999999999999999999" one. Numbers that are not whole hold what they can.
 * @param {number} number @param {string} text one that `NUMBER` takes
 */
export function holds(number, text) {
  if (!Number.isInteger(number)) return true;
  const [mantissa, exponent = "0"] = text.replace(/^[+-]/, "").split(/e/i);
  const [whole, fraction = ""] = mantissa.split(".");
  const digits = BigInt(whole + fraction);
  // Powers of ten stay small below: with digits and a number that are not zero, the exponent is about the text's length.
  if (digits === 0n || number === 0) return digits === 0n;
  const shift = Number(exponent) - fraction.length;
  const size = BigInt(Math.abs(number));
  return shift < 0 ? digits === size * 10n ** BigInt(-shift) : digits * 10n ** BigInt(shift) === size;
}
