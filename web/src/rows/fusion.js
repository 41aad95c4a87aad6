/**
 * Steps that are one loop here, where the description has several: what lies between them is never written.
 */

import { arithmetic } from "./arithmetic.js";
import { products } from "./products.js";

/** @typedef {{op: string, inputs: string[], outputs: string[], attrs: any, prepare?: import("./values.js").Prepare}} Step */

/**
 * The steps, where x minus a row, divided by a row and multiplied by a matrix (a scaler and a linear model) is one.
 * @param {any[]} steps as they lie in rows.json @param {Record<string, any>} constants @param {Record<string, string>} outputs
 * @returns {Step[]}
 */
export function fused(steps, constants, outputs) {
  const uses = new Map();
  for (const name of [...Object.values(outputs), ...steps.flatMap(({ inputs, attrs }) => [...inputs, ...Object.values(attrs)])]) uses.set(name, (uses.get(name) ?? 0) + 1);
  const makers = new Map(steps.map((step) => [step.outputs[0], step]));
  /** What makes a value that nothing else uses, where it is this operator and its second operand is known. @param {string} name @param {string} op */
  const made = (name, op) => {
    const step = uses.get(name) === 1 ? makers.get(name) : undefined;
    return step?.op === op && Object.hasOwn(constants, step.inputs[1]) ? step : undefined;
  };
  const gone = new Set();
  const replaced = steps.map((step) => {
    const divided = step.op === "MatMul" && Object.hasOwn(constants, step.inputs[1]) ? made(step.inputs[0], "Div") : undefined;
    const shifted = divided === undefined ? undefined : made(divided.inputs[0], "Sub");
    if (shifted === undefined) return step;
    gone.add(divided).add(shifted);
    const inputs = [...shifted.inputs, divided.inputs[1], step.inputs[1]];
    return { ...step, inputs, prepare: scaledProduct };
  });
  return replaced.filter((step) => !gone.has(step));
}

/** The same bits as of the steps one after the other. @type {import("./values.js").Prepare} */
function scaledProduct(board, [x, low, scale, matrix]) {
  const [width, columns] = matrix.shape;
  const isRow = (/** @type {any} */ value) => value.dtype === "double" && value.size === width && value.shape.at(-1) === width;
  if (![x, low, scale].every(isRow) || x.shape.length !== 2 || x.data !== null || matrix.dtype !== "double" || matrix.shape.length !== 2) {
    const { Sub, Div } = arithmetic;
    return products.MatMul(board, [Div(board, [Sub(board, [x, low], {})[0], scale], {})[0], matrix], {});
  }
  board.multiplied(width * columns);
  const out = board.value("double", [1, columns]);
  const [p, o, from, by, weights] = [x.place, out.place, low.data, scale.data, matrix.data];
  const multiply = columns === 1 ? ofOneColumn : ofColumns;
  board.runs.push((v, n) => multiply(v[p], from, by, weights, n, width, columns, v[o]));
  return [out];
}

/** @param {Float64Array} x @param {Float64Array} from @param {Float64Array} by @param {Float64Array} weights @param {number} n rows @param {number} width @param {number} _columns @param {Float64Array} to */
function ofOneColumn(x, from, by, weights, n, width, _columns, to) {
  for (let r = 0; r < n; r++) {
    const start = r * width;
    let sum = 0;
    for (let i = 0; i < width; i++) sum += ((x[start + i] - from[i]) / by[i]) * weights[i];
    to[r] = sum;
  }
}

/** @type {typeof ofOneColumn} */
function ofColumns(x, from, by, weights, n, width, columns, to) {
  to.fill(0, 0, n * columns);
  for (let r = 0; r < n; r++) {
    const [start, at] = [r * width, r * columns];
    for (let i = 0, k = 0; i < width; i++) {
      const scaled = (x[start + i] - from[i]) / by[i];
      for (let j = 0; j < columns; j++) to[at + j] += scaled * weights[k++];
    }
  }
}
