/**
 * When an answer agrees with the expected one: labels are compared, numbers are subtracted.
 * The twin of `isoship_edge.inference.agreement`; both pass tests/vectors/agreement.json.
 */

import { MISSING_STRING } from "./value.js";

/**
 * Margins up to this are ties where a model has no scores whose tolerance could say so (clusterers by distance).
 * @type {Record<string, number>}
 */
const UNDECIDED = { double: 1e-9, float32: 1e-6 };

/**
 * The source's margin up to which another label is a tie: the tolerance of the scores that decide the label.
 * @param {import("./manifest.js").Output[]} outputs
 * @param {Record<string, import("./manifest.js").Tolerance>} tolerances @param {string} precision
 */
export function tieMargin(outputs, tolerances, precision) {
  const deciding = outputs.filter(({ kind }) => kind === "probabilities" || kind === "scores");
  const known = deciding.filter(({ name }) => Object.hasOwn(tolerances, name)).map(({ name }) => tolerances[name].atol);
  return known.length === 0 ? UNDECIDED[precision] : Math.max(...known);
}

/**
 * @param {import("./manifest.js").Output} output @param {{atol: number, rtol: number} | undefined} tolerance
 * @param {any} got an element of a value's data (value.js) @param {any} want as golden.js decodes it
 * @returns {{difference: number, fits: boolean}} `difference` is 0 where a value has no size
 */
export function compared(output, tolerance, got, want) {
  if (output.kind === "label" || !["double", "float"].includes(output.dtype)) {
    const expected = output.dtype === "bool" ? Number(want) : (want ?? MISSING_STRING);
    const bothNaN = Number.isNaN(got) && Number.isNaN(expected);
    return { difference: 0, fits: got === expected || bothNaN };
  }
  if (!Number.isFinite(got) || !Number.isFinite(want)) return { difference: 0, fits: Object.is(got, want) };
  const difference = Math.abs(got - want);
  const allowed = tolerance === undefined ? 0 : tolerance.atol + tolerance.rtol * Math.abs(want);
  return { difference, fits: difference <= allowed };
}
