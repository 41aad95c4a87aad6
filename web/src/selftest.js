/**
 * The golden rows, replayed on this device: does this copy answer as the source model did?
 * The twin of `isoship_edge.inference.selftest`.
 *
 * @typedef {{ok: boolean, rows: number, worst: number, ties: number, firstDifference: string | null}} Selftest
 *   `worst`: the largest |difference| of any number; `ties`: other labels inside the source model's own margin
 */

import { compared, tieMargin } from "./agreement.js";
import { BundleError, InputError } from "./errors.js";
import { decode } from "./golden.js";

/**
 * @param {import("./manifest.js").Manifest} manifest
 * @param {any} document golden.json
 * @param {(rows: any[]) => Promise<Map<string, import("./value.js").Value>>} answer every output for these rows
 * @param {string} precision of the answers: whose tolerances count
 * @returns {Promise<Selftest>}
 * @throws {BundleError} golden.json is damaged
 */
export async function selftest(manifest, document, answer, precision) {
  const golden = read(document);
  if (document.digest !== manifest.digest) {
    return failed(`golden.json belongs to digest ${document.digest}, the bundle has ${manifest.digest}`);
  }
  let values;
  try {
    values = await answer(golden.rows);
  } catch (err) {
    if (!(err instanceof InputError)) throw err;
    return failed(`the golden rows are not answered: ${err.message}`);
  }
  const tolerances = tolerancesOf(manifest, precision);
  const tieBelow = tieMargin(manifest.outputs, tolerances, precision);
  let worst = 0;
  let ties = 0;
  /** @type {string | null} */
  let wrong = null;
  for (const output of manifest.outputs) {
    if (!Object.hasOwn(golden.expected, output.name)) continue;
    const got = values.get(output.name);
    const want = golden.expected[output.name].flat(Infinity);
    if (got === undefined || got.data.length !== want.length) {
      wrong ??= `${output.name}: ${got?.data.length ?? 0} values for ${want.length} expected`;
      continue;
    }
    const width = Math.max(1, want.length / Math.max(1, golden.rows.length));
    for (let i = 0; i < want.length; i++) {
      const { difference, fits } = compared(output, tolerances[output.name], got.data[i], want[i]);
      worst = Math.max(worst, difference);
      if (fits) continue;
      const row = Math.floor(i / width);
      if (output.kind === "label" && golden.margin[row] <= tieBelow) ties++;
      else wrong ??= `row ${row}, ${output.name}: expected ${want[i]}, got ${got.data[i]}`;
    }
  }
  for (const { row, column, why } of golden.refused) {
    try {
      await answer([row]);
      wrong ??= `a row is answered that the model refuses: ${why} in ${JSON.stringify(column)}`;
    } catch (err) {
      if (!(err instanceof InputError)) throw err;
      if (column != null && err.column !== column) {
        wrong ??= `a row is refused for ${JSON.stringify(err.column)} that the model refuses for ${JSON.stringify(column)}`;
      }
    }
  }
  return { ok: wrong === null, rows: golden.rows.length + golden.refused.length, worst, ties, firstDifference: wrong };
}

/** @param {string} why @returns {Selftest} */
function failed(why) {
  return { ok: false, rows: 0, worst: 0, ties: 0, firstDifference: why };
}

/** @param {any} document */
function read(document) {
  if (document === null || typeof document !== "object" || !Number.isInteger(document.format) || !Array.isArray(document.rows)) {
    throw new BundleError("golden.json is damaged: it has no integer `format` or no `rows`");
  }
  if (document.rows.some(isNoObject) || isNoObject(document.expected) || (document.refused ?? []).some?.((/** @type {any} */ entry) => isNoObject(entry?.row)) !== false) {
    throw new BundleError("golden.json is damaged: its `rows`, `expected` or `refused` are not all there");
  }
  if (document.format > 1) throw new BundleError(`golden.json has format ${document.format}; this runtime reads formats up to 1`);
  const rows = document.rows.map(rowFrom);
  return {
    rows,
    expected: Object.fromEntries(Object.entries(document.expected).map(([name, values]) => [name, decode(values)])),
    margin: document.margin ? decode(document.margin) : rows.map(() => Infinity),
    refused: (document.refused ?? []).map((/** @type {any} */ entry) => ({ ...entry, row: rowFrom(entry.row) })),
  };
}

/** @param {any} x */
function isNoObject(x) {
  return x === null || typeof x !== "object" || Array.isArray(x);
}

/** @param {object} row */
function rowFrom(row) {
  return Object.fromEntries(Object.entries(row).map(([name, value]) => [name, decode(value)]));
}

/** @param {import("./manifest.js").Manifest} manifest @param {string} precision */
function tolerancesOf({ tolerances }, precision) {
  const chosen = Object.entries(tolerances).map(([name, byPrecision]) => [name, byPrecision[precision] ?? byPrecision.double]);
  return Object.fromEntries(chosen.filter(([, tolerance]) => tolerance !== undefined));
}
