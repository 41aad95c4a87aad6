/**
 * Categories to numbers and back.
 */

import { BundleError } from "../errors.js";
import { allocate, value } from "../value.js";

/** Made once a step: a Map compares NaN equal to NaN, and 0 to -0, as ONNX does. @type {WeakMap<object, Map<any, number>>} */
const TABLES = new WeakMap();

/** @param {import("./registry.js").Step} step @param {string} name @returns {import("../value.js").Value} */
function constant({ constants }, name) {
  const found = constants.get(name);
  if (found === undefined) throw new BundleError(`the program has no constant ${JSON.stringify(name)}`);
  return found;
}

/** Key -> its place among the step's `keys`; the first of equal ones wins. @param {import("./registry.js").Step} step */
function tableOf(step) {
  let table = TABLES.get(step.attrs);
  if (table === undefined) {
    table = new Map();
    const keys = constant(step, step.attrs.keys).data;
    for (let i = keys.length - 1; i >= 0; i--) table.set(keys[i], i);
    TABLES.set(step.attrs, table);
  }
  return table;
}

/** @type {import("./registry.js").Op} */
function labelEncoder([x], step) {
  const table = tableOf(step);
  const values = constant(step, step.attrs.values);
  const otherwise = constant(step, step.attrs.default).data[0];
  const out = allocate(values.dtype, x.data.length);
  for (let i = 0; i < out.length; i++) {
    const place = table.get(x.data[i]);
    out[i] = place === undefined ? otherwise : values.data[place];
  }
  return value(values.dtype, x.shape, out);
}

/** @type {import("./registry.js").Op} */
function oneHotEncoder([x], step) {
  const table = tableOf(step);
  const width = constant(step, step.attrs.keys).data.length;
  const out = allocate(step.attrs.to, x.data.length * width);
  const one = step.attrs.to === "int64" ? 1n : 1;
  for (let i = 0; i < x.data.length; i++) {
    const place = table.get(x.data[i]);
    if (place !== undefined) out[i * width + place] = one;
  }
  return value(step.attrs.to, [...x.shape, width], out);
}

/** @type {Record<string, import("./registry.js").Op>} */
export const lookup = { "ml.LabelEncoder": labelEncoder, "ml.OneHotEncoder": oneHotEncoder };
