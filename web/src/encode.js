/**
 * Output values to predictions: what `POST /predict` answers, as an array of plain objects.
 */

import { BundleError } from "./errors.js";
import { MISSING_STRING, sizeOf } from "./value.js";

const BY_CLASS = ["probabilities", "scores"];

/**
 * One object a row: output name -> a scalar, an array, or `{str(class): value}` for probabilities and scores.
 * Numbers that JSON lacks are null. An int64 beyond 2^53 is rounded, as a client that parses the JSON would.
 *
 * @param {import("./manifest.js").Output[]} outputs
 * @param {Map<string, import("./value.js").Value>} values
 * @param {number} count rows
 * @returns {Record<string, any>[]}
 */
export function predictionsFrom(outputs, values, count) {
  const columns = outputs.map((output) => {
    const found = values.get(output.name);
    if (found === undefined) throw new BundleError(`the program makes no output ${JSON.stringify(output.name)}`);
    return /** @type {[string, any[]]} */ ([output.name, perRow(output, found)]);
  });
  return Array.from({ length: count }, (_, i) =>
    // fromEntries defines properties: an output or class called __proto__ is data like any other.
    Object.fromEntries(columns.map(([name, column]) => [name, column[i]])),
  );
}

/** @param {import("./manifest.js").Output} output @param {import("./value.js").Value} x */
function perRow(output, x) {
  const flat = plain(x);
  if (output.shape.length === 1) return flat;
  const width = sizeOf(x.shape.slice(1));
  const rows = Array.from({ length: x.shape[0] }, (_, i) => flat.slice(i * width, (i + 1) * width));
  const keys = output.keys;
  if (!BY_CLASS.includes(output.kind) || keys === null || keys.length !== width) return rows;
  return rows.map((row) => Object.fromEntries(row.map((p, k) => [keys[k], p])));
}

/** @param {import("./value.js").Value} x @returns {any[]} */
function plain(x) {
  switch (x.dtype) {
    case "double":
    case "float":
      return Array.from(x.data, (v) => (Number.isFinite(v) ? v : null));
    case "string":
      return x.data.map((/** @type {string} */ v) => (v === MISSING_STRING ? null : v));
    case "bool":
      return Array.from(x.data, Boolean);
    default:
      return Array.from(x.data, Number);
  }
}

/**
 * A double as Python's `repr`: 1.0, 1e-07, 1e+16, nan.
 * @param {number} x
 */
export function pythonFloat(x) {
  if (Number.isNaN(x)) return "nan";
  if (!Number.isFinite(x)) return x > 0 ? "inf" : "-inf";
  const sign = x < 0 || Object.is(x, -0) ? "-" : "";
  const [mantissa, power] = Math.abs(x).toExponential().split("e");
  const digits = mantissa.replace(".", "");
  const exponent = Number(power);
  if (exponent < -4 || exponent >= 16) {
    const fraction = digits.length > 1 ? `.${digits.slice(1)}` : "";
    return `${sign}${digits[0]}${fraction}e${exponent < 0 ? "-" : "+"}${String(Math.abs(exponent)).padStart(2, "0")}`;
  }
  if (exponent < 0) return `${sign}0.${"0".repeat(-exponent - 1)}${digits}`;
  const whole = digits.slice(0, exponent + 1).padEnd(exponent + 1, "0");
  return `${sign}${whole}.${digits.slice(exponent + 1) || "0"}`;
}
