/**
 * Steps that are one loop here, where the description has several: what lies between them is never written.
 */

import { arithmetic } from "./arithmetic.js";
import { oneHot } from "./one_hot.js";
import { products } from "./products.js";

/** @typedef {{op: string, inputs: string[], outputs: string[], attrs: any, prepare?: import("./values.js").Prepare}} Step */

/**
 * The steps, where x minus a row, divided by a row and multiplied by a matrix (a scaler and a linear model) is one, and so
 * are texts as columns of zeros and ones (`one_hot.js`).
 * @param {any[]} steps as they lie in rows.json @param {Record<string, any>} constants @param {Record<string, string>} outputs
 * @returns {Step[]}
 */
export function fused(steps, constants, outputs) {
  const uses = new Map();
  for (const name of [...Object.values(outputs), ...steps.flatMap(({ inputs, attrs }) => [...inputs, ...Object.values(attrs)])]) uses.set(name, (uses.get(name) ?? 0) + 1);
  const makers = new Map(steps.map((step) => [step.outputs[0], step]));
  /** What makes a value that nothing else uses, where it is this operator. @param {string} name @param {string} op */
  const madeOf = (name, op) => {
    const step = uses.get(name) === 1 ? makers.get(name) : undefined;
    return step?.op === op ? step : undefined;
  };
  /** The same where its second operand is known. @param {string} name @param {string} op */
  const made = (name, op) => {
    const step = madeOf(name, op);
    return step !== undefined && Object.hasOwn(constants, step.inputs[1]) ? step : undefined;
  };
  const gone = new Set();
  /** What a Cast of ones for categories begins with; undefined where it is another Cast. @param {any} cast */
  const encoded = (cast) => {
    const equal = made(cast.inputs[0], "Equal");
    const written = equal && made(equal.inputs[0], "Gather");
    if (written?.attrs.axis !== 1) return undefined;
    const looked = madeOf(written.inputs[0], "Gather");
    const moved = looked && Object.hasOwn(constants, looked.inputs[0]) && looked.attrs.axis === 0 ? made(looked.inputs[1], "Add") : undefined;
    const label = madeOf(moved?.inputs[0] ?? written.inputs[0], "ml.LabelEncoder");
    if (label === undefined) return undefined;
    for (const step of [equal, written, looked, moved, label]) if (step !== undefined) gone.add(step);
    const { keys, values, default: otherwise } = label.attrs;
    return [label.inputs[0], keys, values, otherwise, written.inputs[1], equal.inputs[1], ...(moved ? [moved.inputs[1], looked?.inputs[0]] : [])];
  };
  const replaced = steps.map((step) => {
    const texts = step.op === "Cast" ? encoded(step) : undefined;
    if (texts !== undefined) return { ...step, inputs: texts, prepare: oneHot };
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
