/**
 * The values of one column at which the model is asked, every other column being as it is in the form.
 */

import { brief } from "../answer/figures.js";
import { onStep, rangeOf } from "../controls/range.js";

/** Points across a range; the value in the form is one more. */
export const POINTS = 101;

/**
 * @typedef {{values: any[], isCurve: boolean, said: string}} Points `said`: where they are, in words
 * @param {import("../form.js").Control} control @param {any} current the value in the form
 * @returns {Points}
 */
export function pointsFor({ column, field, choices }, current) {
  if (choices !== undefined) {
    const listed = column.missing ? [...choices, null] : [...choices];
    return { values: listed.includes(current) ? listed : [current, ...listed], isCurve: false, said: "every choice" };
  }
  const range = rangeOf(column, field);
  const [low, high] = range === null ? around(typeof current === "number" ? current : Number(field?.value ?? 0), column) : widened(range, current);
  const whole = column.dtype === "int64";
  const values = whole ? integers(Math.ceil(low), Math.floor(high)) : spread(low, high, POINTS);
  if (typeof current === "number" && Number.isFinite(current)) values.push(current);
  const said = range === null
    ? `from ${brief(low)} to ${brief(high)}, around the value in the form: the model itself names no range`
    : `from ${brief(low)} to ${brief(high)}, ${typeof field?.min === "number" ? "where the model changes its answer" : "which the model takes"}`;
  return { values: [...new Set(values)].sort((a, b) => a - b), isCurve: true, said };
}

/** Whether a column can be varied: text without known values cannot. @param {import("../form.js").Control} control */
export function canVary({ column, choices }) {
  return choices !== undefined || column.dtype === "double" || column.dtype === "int64";
}

/**
 * As far from a value as that is from zero, within what the contract takes.
 * @param {number} value @param {import("../../manifest.js").Column} column @returns {[number, number]}
 */
function around(value, { dtype, minimum, exclusiveMinimum, maximum, exclusiveMaximum }) {
  const half = dtype === "int64" ? Math.max(5, Math.abs(value)) : Math.abs(value) || 1;
  const low = Math.max(value - half, minimum ?? exclusiveMinimum ?? -Infinity);
  const high = Math.min(value + half, maximum ?? exclusiveMaximum ?? Infinity);
  return low < high ? [low, high] : [value - half, value + half];
}

/** @param {[number, number]} range @param {any} value @returns {[number, number]} the value is in it */
function widened([low, high], value) {
  return typeof value === "number" && Number.isFinite(value) ? [Math.min(low, value), Math.max(high, value)] : [low, high];
}

/** @param {number} low @param {number} high @param {number} count */
function spread(low, high, count) {
  const step = 10 ** Math.floor(Math.log10((high - low) / count) - 2); // no digits that only the division makes
  const between = Array.from({ length: count - 2 }, (_, i) => Number(onStep(low + ((high - low) * (i + 1)) / (count - 1), step)));
  return [low, ...between, high];
}

/** @param {number} low @param {number} high */
function integers(low, high) {
  if (high - low < POINTS) return Array.from({ length: high - low + 1 }, (_, i) => low + i);
  return spread(low, high, POINTS).map(Math.round);
}
