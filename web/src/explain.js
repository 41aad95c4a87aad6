/**
 * All that is wrong with rows, where `predict` names the first of it: for forms, and for people who ask why.
 *
 * @typedef {{message: string, row: number | null, column: string | null, input: string | null, index: number[] | null,
 *   seen: string | null, expected: string | null}} Problem as an InputError says it
 */

import { accepted, refuseOther, refuseOtherKeys } from "./contract.js";
import { InputError } from "./errors.js";

/**
 * @param {unknown} given a row, or an array of rows @param {import("./manifest.js").Signature} signature
 * @returns {Problem[]} row by row: unknown keys, then columns in order
 */
export function problemsIn(given, { columns }) {
  /** @type {Problem[]} */
  const found = [];
  const rows = Array.isArray(given) ? given : [given];
  /** @param {() => unknown} work what may be refused */
  const note = (work) => {
    try {
      work();
    } catch (err) {
      found.push(problemFrom(err));
    }
  };
  rows.forEach((row, i) => {
    if (row === null || typeof row !== "object" || Array.isArray(row)) return note(() => refuseOther(row, i));
    for (const key of Object.keys(row)) note(() => refuseOtherKeys([key], columns, i));
    for (const column of columns) note(() => accepted(row, column, i));
  });
  return found;
}

/** @param {unknown} err @returns {Problem} @throws it is no refusal of an input */
export function problemFrom(err) {
  if (!(err instanceof InputError)) throw err;
  const { message, row, column, input, index, seen, expected } = err;
  return { message, row, column, input, index, seen, expected };
}
