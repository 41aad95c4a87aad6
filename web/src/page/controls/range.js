/**
 * The range of a column's numbers that means something: where the model changes its answer, else what the contract takes.
 */

/** An end beyond it means nothing to anyone, such as float32's largest number. */
const FAR = 1e15;

/**
 * @param {import("../../manifest.js").Column} column @param {import("../../program.js").Field | undefined} field
 * @returns {[number, number] | null}
 */
export function rangeOf(column, field) {
  const ends = [field?.min ?? column.minimum ?? column.exclusiveMinimum, field?.max ?? column.maximum ?? column.exclusiveMaximum];
  const [low, high] = ends;
  return isNear(low) && isNear(high) && low < high ? [low, high] : null;
}

/** Whether the contract has an end that a person may meet. @param {import("../../manifest.js").Column} column */
export function hasNearEnd({ minimum, maximum, exclusiveMinimum, exclusiveMaximum }) {
  return [minimum, maximum, exclusiveMinimum, exclusiveMaximum].some(isNear);
}

/** A power of ten that cuts a range in some hundred steps; whole for integers. @param {[number, number]} range @param {boolean} whole */
export function stepOf([low, high], whole) {
  const step = 10 ** Math.floor(Math.log10((high - low) / 100));
  return whole ? Math.max(1, step) : step;
}

/** A number on a step, without the digits that adding up steps leaves. @param {number} x @param {number} step */
export function onStep(x, step) {
  const digits = Math.max(0, -Math.floor(Math.log10(step)));
  return String(Number(x.toFixed(Math.min(100, digits))));
}

/** @param {any} end @returns {end is number} */
function isNear(end) {
  return typeof end === "number" && Math.abs(end) < FAR;
}
