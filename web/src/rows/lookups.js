/**
 * Categories to numbers and back.
 */

import { BundleError } from "../errors.js";
import { isReal } from "./widths.js";

/** @typedef {import("./values.js").Prepare} Prepare */

/**
 * Key -> its place; the first of equal keys wins. A Map compares NaN equal to NaN, and 0 to -0, as ONNX does.
 * @param {any} keys @returns {Map<any, number>}
 */
function tableOf(keys) {
  const table = new Map();
  for (let i = keys.length - 1; i >= 0; i--) table.set(keys[i], i);
  return table;
}

/** @param {import("./values.js").Value | undefined} value @param {string} what @throws {BundleError} it is no constant */
function table(value, what) {
  if (!value || value.data === null) throw new BundleError(`its ${what} are no constant`);
  return value;
}

/** @type {Prepare} */
function labelEncoder(board, [x], attrs) {
  const [keys, values, otherwise] = [table(attrs.keys, "keys"), table(attrs.values, "values"), table(attrs.default, "default")];
  if (keys.size !== values.size || otherwise.size < 1 || otherwise.dtype !== values.dtype) throw new BundleError("its tables do not fit");
  const [places, data, absent] = [tableOf(keys.data), values.data, otherwise.data[0]];
  const out = board.value(values.dtype, x.shape);
  const [p, o, size, stride] = [x.place, out.place, x.size, x.stride];
  board.runs.push((v, n) => {
    const [from, to] = [v[p], v[o]];
    for (let r = 0, at = 0; r < n; r++) {
      for (let i = 0; i < size; i++) {
        const place = places.get(from[r * stride + i]);
        to[at++] = place === undefined ? absent : data[place];
      }
    }
  });
  return [out];
}

/** @type {Prepare} */
function oneHotEncoder(board, [x], { keys, to: dtype }) {
  const places = tableOf(table(keys, "keys").data);
  if (!isReal(dtype) && !["int64", "int32"].includes(dtype)) throw new BundleError(`it makes ${JSON.stringify(dtype)}`);
  const width = keys.size;
  const [zero, one] = dtype === "int64" ? [0n, 1n] : [0, 1];
  const out = board.value(dtype, [...x.shape, width]);
  const [p, o, size, stride] = [x.place, out.place, x.size, x.stride];
  board.runs.push((v, n) => {
    const [from, to] = [v[p], v[o]];
    to.fill(zero, 0, n * size * width);
    for (let r = 0, at = 0; r < n; r++) {
      for (let i = 0; i < size; i++, at += width) {
        const place = places.get(from[r * stride + i]);
        if (place !== undefined) to[at + place] = one;
      }
    }
  });
  return [out];
}

/** @type {Record<string, Prepare>} */
export const lookups = { "ml.LabelEncoder": labelEncoder, "ml.OneHotEncoder": oneHotEncoder };
