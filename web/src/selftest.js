/**
 * The golden rows, replayed on this device: does this copy answer as the source model did?
 * The twin of `isoship_edge.selftest`.
 *
 * @typedef {{ok: boolean, rows: number, worst: number, ties: number, firstDifference: string | null}} Selftest
 *   `worst`: the largest |difference| of any number; `ties`: other labels inside the source model's own margin
 */

import { BundleError, InputError } from "./errors.js";
import { decode } from "./golden.js";
import { MISSING_STRING } from "./value.js";

/** The graph computes in float32, so its tolerances apply; a bundle that is all double has none. */
const PRECISIONS = ["float32", "double"];

/**
 * @param {import("./manifest.js").Manifest} manifest
 * @param {any} document golden.json
 * @param {(rows: any[]) => Promise<Map<string, import("./value.js").Value>>} answer every output for these rows
 * @returns {Promise<Selftest>}
 * @throws {BundleError} golden.json is damaged
 */
export async function selftest(manifest, document, answer) {
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
  const tieBelow = tieMargin(manifest);
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
    const allowed = toleranceOf(manifest, output.name);
    for (let i = 0; i < want.length; i++) {
      const { difference, fits } = compared(got.dtype, got.data[i], want[i], allowed);
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
  if (document.format > 1) throw new BundleError(`golden.json has format ${document.format}; this runtime reads formats up to 1`);
  const rows = document.rows.map(rowFrom);
  return {
    rows,
    expected: Object.fromEntries(Object.entries(document.expected).map(([name, values]) => [name, decode(values)])),
    margin: document.margin ? decode(document.margin) : rows.map(() => Infinity),
    refused: (document.refused ?? []).map((/** @type {any} */ entry) => ({ ...entry, row: rowFrom(entry.row) })),
  };
}

/** @param {object} row */
function rowFrom(row) {
  return Object.fromEntries(Object.entries(row).map(([name, value]) => [name, decode(value)]));
}

/** @param {import("./manifest.js").Manifest} manifest @param {string} output */
function toleranceOf(manifest, output) {
  const byPrecision = manifest.tolerances[output] ?? {};
  return PRECISIONS.map((precision) => byPrecision[precision]).find(Boolean) ?? { atol: 0, rtol: 0 };
}

/**
 * The margin up to which another label is a tie: the tolerance of what the label is decided by.
 * @param {import("./manifest.js").Manifest} manifest
 */
function tieMargin({ outputs, ...manifest }) {
  const deciding = outputs.filter(({ kind }) => kind === "probabilities" || kind === "scores");
  return Math.max(0, ...deciding.map(({ name }) => toleranceOf({ outputs, ...manifest }, name).atol));
}

/**
 * @param {string} dtype @param {any} got @param {any} want @param {{atol: number, rtol: number}} allowed
 * @returns {{difference: number, fits: boolean}}
 */
function compared(dtype, got, want, allowed) {
  if (dtype === "string") return { difference: 0, fits: got === (want ?? MISSING_STRING) };
  if (dtype === "bool" || typeof want === "boolean") return { difference: 0, fits: Boolean(got) === want };
  if (dtype === "int64" && typeof want === "bigint") {
    const apart = got > want ? got - want : want - got;
    return { difference: Number(apart), fits: Number(apart) <= allowed.atol + allowed.rtol * Math.abs(Number(want)) };
  }
  const [a, b] = [Number(got), Number(want)];
  if (!Number.isFinite(a) || !Number.isFinite(b)) return { difference: 0, fits: Object.is(a, b) };
  const difference = Math.abs(a - b);
  return { difference, fits: difference <= allowed.atol + allowed.rtol * Math.abs(b) };
}
