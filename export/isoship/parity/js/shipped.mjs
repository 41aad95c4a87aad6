// The bundle's own index.js as shipped: rows in, HTTP's predictions out; of a bundle of tensors, a call and its outputs.

import { dataFrom, dataOf } from "./tensors.mjs";

/**
 * @param {any} index the module web/index.js @param {string} backend of TF.js, or rows for the row program
 * @returns {Promise<{answer: (request: any) => Promise<any>, stamp: Record<string, string>}>}
 */
export async function shippedModel(index, backend) {
  const model = await index.load(backend === "rows" ? { engine: "rows" } : { engine: "tfjs", backend, trial: false });
  const stamp = { backend: backend === "rows" ? backend : String(model.backend ?? backend) };
  /** @param {any[]} rows */
  const answerTo = async (rows) => ({ predictions: await model.predict(rows.map(decodeRow)) });
  /** @param {any} request one batch of rows, or several, each answered by itself; or a call of tensors */
  const answer = async ({ rows, batches, call, transport }) => {
    if (call) return { outputs: transport === "json" ? await model.predict(call) : sentFrom(await model.predictTensors(callFrom(call))) };
    if (rows) return answerTo(rows);
    const answers = [];
    for (const batch of batches) answers.push(await answerTo(batch).catch(errorOf));
    return { answers };
  };
  return { stamp, answer };
}

/** What predictTensors takes. @param {Record<string, {dtype: string, shape: number[], data: any}>} call */
export function callFrom(call) {
  return Object.fromEntries(Object.entries(call).map(([name, { dtype, shape, data }]) => [name, { data: dataFrom(dtype, data), shape }]));
}

/** What it gives, with numpy's names of dtypes. @param {Record<string, {dtype: string, shape: number[], data: any}>} made */
export function sentFrom(made) {
  const sent = Object.entries(made).map(([name, { dtype, shape, data }]) => [name, { dtype: NUMPY[dtype] ?? dtype, shape, data: dataOf(data) }]);
  return Object.fromEntries(sent);
}

const NUMPY = /** @type {Record<string, string>} */ ({ float: "float32", double: "float64" });

/** An error of predict as data: the input contract refused the rows, or something broke. @param {any} err */
export function errorOf(err) {
  const { name = "Error", message = String(err), row = null, column = null, input = null, index = null } = err ?? {};
  return { error: { name, message, row, column, input, index, stack: String(err?.stack ?? "") } };
}

const SPECIAL = /** @type {Record<string, number>} */ ({ nan: NaN, inf: Infinity, "-inf": -Infinity });

/** The golden encoding of a row's values; whole numbers become numbers, as JSON would have them. @param {any} row */
export function decodeRow(row) {
  return Object.fromEntries(Object.entries(row).map(([name, value]) => [name, decode(value)]));
}

/** @param {any} value */
function decode(value) {
  if (value === null || typeof value !== "object") return value;
  return value.$ === "int64" ? Number(value.v) : SPECIAL[value.$];
}
