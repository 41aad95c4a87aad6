/**
 * Rows to columns, by the signature and nothing else: what does not fit is refused, never bent.
 *
 * What a value may be is said in contract.js.
 */

import { ACCEPT, accepted, refuse, refuseOther, refuseOtherKeys } from "./contract.js";
import { value } from "./value.js";
import { got, listed } from "./words.js";

export const MATRIX_INPUT = "X";

/**
 * The model's inputs from an array of plain objects: one value [N, 1] a column, or `X` [N, F].
 *
 * @param {unknown} rows
 * @param {import("./manifest.js").Signature} signature
 * @returns {Map<string, import("./value.js").Value>}
 * @throws {InputError} for the first row that does not fit, in it unknown keys before columns in order
 */
export function inputsFromRows(rows, signature) {
  if (!Array.isArray(rows)) refuse(null, null, got(rows), "an array");
  const list = /** @type {any[]} */ (rows);
  const { columns } = signature;
  const [low, high] = rangesOf(columns);
  const inputs = emptyInputs(signature, list.length);
  for (let i = 0; i < list.length; i++) {
    const row = list[i];
    refuseOther(row, i);
    const keys = Object.keys(row);
    // Most rows have the columns in order, and nothing is to be looked up then.
    const inOrder = keys.length === columns.length && columns.every(({ name }, j) => name === keys[j]);
    if (!inOrder) refuseOtherKeys(keys, columns, i);
    for (let j = 0; j < columns.length; j++) {
      const column = columns[j];
      const { data, step, offset } = inputs[j];
      const x = inOrder || Object.hasOwn(row, column.name) ? row[column.name] : undefined;
      if (typeof x === "number" && x >= low[j] && x <= high[j]) data[i * step + offset] = x;
      else data[i * step + offset] = stored(accepted(row, column, i), data);
    }
  }
  return inputsFrom(inputs, list.length, signature);
}

/** What is written: a matrix holds doubles alone. @param {any} accepted @param {any} data @returns {any} */
function stored(accepted, data) {
  return data instanceof Float64Array ? Number(accepted) : accepted;
}

/**
 * The ends between which a number of a column is accepted, whatever else is said of it: NaN where something is.
 * @param {import("./manifest.js").Column[]} columns @returns {[Float64Array, Float64Array]}
 */
function rangesOf(columns) {
  const known = RANGES.get(columns);
  if (known !== undefined) return known;
  const plain = columns.map(({ dtype, categories, exclusiveMinimum, exclusiveMaximum }) =>
    dtype === "double" && categories === null && exclusiveMinimum === null && exclusiveMaximum === null);
  /** @type {[Float64Array, Float64Array]} */
  const made = [
    Float64Array.from(columns, ({ minimum }, j) => (plain[j] ? (minimum ?? -Number.MAX_VALUE) : NaN)),
    Float64Array.from(columns, ({ maximum }, j) => (plain[j] ? (maximum ?? Number.MAX_VALUE) : NaN)),
  ];
  RANGES.set(columns, made);
  return made;
}

/** @type {WeakMap<object, [Float64Array, Float64Array]>} */
const RANGES = new WeakMap();

/**
 * Where the values of each column go: arrays of their own, or a column of a matrix.
 * @param {import("./manifest.js").Signature} signature @param {number} rows
 * @returns {{data: any, step: number, offset: number}[]}
 */
function emptyInputs({ columns, layout }, rows) {
  if (layout === "columns") return columns.map(({ dtype }) => ({ data: EMPTY[dtype](rows), step: 1, offset: 0 }));
  const data = new Float64Array(rows * columns.length);
  return columns.map((_, offset) => ({ data, step: columns.length, offset }));
}

/**
 * The model's inputs from an array a column, all of one length; of a model whose columns are all double also from `X`, row
 * by row in the columns' order. NaN is missing here, as null is: typed arrays have no other.
 *
 * @param {unknown} given
 * @param {import("./manifest.js").Signature} signature
 * @param {number} [atOnce] so many rows are answered before a caller can change his array: it needs no copy then
 * @returns {Map<string, import("./value.js").Value>}
 * @throws {InputError} unknown or absent columns, arrays of several lengths, or the first value that does not fit, by column
 */
export function inputsFromColumns(given, signature, atOnce = 0) {
  if (given === null || typeof given !== "object") refuse(null, null, got(given), "an array of rows, or an object of arrays");
  const arrays = /** @type {Record<string, any>} */ (given);
  const { columns, layout } = signature;
  const names = Object.keys(arrays);
  if (layout === "matrix" && names.length === 1 && names[0] === MATRIX_INPUT && columns.length > 1) return matrixFrom(arrays.X, signature, atOnce);
  for (const name of names) {
    if (!columns.some((column) => column.name === name)) refuse(null, name, "an unknown column", `one of the columns ${listed(columns.map((column) => column.name))}`);
  }
  const lists = columns.map(({ name }) => (Object.hasOwn(arrays, name) ? arrays[name] : undefined));
  const count = lists[0]?.length ?? 0;
  lists.forEach((list, j) => {
    if (!isArray(list)) refuse(null, columns[j].name, list === undefined ? "nothing" : got(list), "an array");
    if (list.length !== count) refuse(null, columns[j].name, `${list.length} values`, `${count} values, as in the first column`);
  });
  const inputs = emptyInputs(signature, count);
  const [low, high] = rangesOf(columns);
  columns.forEach((column, j) => fill(inputs[j], lists[j], 1, 0, count, column, low[j], high[j]));
  return inputsFrom(inputs, count, signature);
}

/** @param {any} values @param {import("./manifest.js").Signature} signature @param {number} atOnce */
function matrixFrom(values, signature, atOnce) {
  const { columns } = signature;
  const width = columns.length;
  if (!isArray(values) || values.length % width !== 0) refuse(null, MATRIX_INPUT, isArray(values) ? `${values.length} values` : got(values), `an array of ${width} values a row`);
  const [low, high] = rangesOf(columns);
  if (values instanceof Float64Array) {
    const mayChange = values.length > atOnce * width || !(values.buffer instanceof ArrayBuffer); // another thread's, too
    const data = mayChange ? new Float64Array(values) : values;
    if (allWithin(data, low, high)) return inputsFrom([{ data }], values.length / width, signature);
  }
  const inputs = emptyInputs(signature, values.length / width);
  columns.forEach((column, j) => fill(inputs[j], values, width, j, values.length / width, column, low[j], high[j]));
  return inputsFrom(inputs, values.length / width, signature);
}

/** Whether no number of any row needs a second look. @param {Float64Array} x rows of as many numbers as there are ends @param {Float64Array} low @param {Float64Array} high */
function allWithin(x, low, high) {
  for (let at = 0; at < x.length; at += low.length) {
    for (let j = 0; j < low.length; j++) if (!(x[at + j] >= low[j] && x[at + j] <= high[j])) return false;
  }
  return true;
}

/**
 * The values of a column out of an array.
 * @param {{data: any, step: number, offset: number}} to @param {any} from @param {number} step @param {number} offset
 * @param {number} count @param {import("./manifest.js").Column} column @param {number} low @param {number} high
 */
function fill({ data, step: stepTo, offset: at }, from, step, offset, count, column, low, high) {
  if (column.dtype === "string") return fillTexts(data, from, count, column);
  for (let i = 0; i < count; i++) {
    const x = from[i * step + offset];
    if (typeof x === "number" && x >= low && x <= high) data[i * stepTo + at] = x;
    else data[i * stepTo + at] = stored(ACCEPT[column.dtype](ofElement(x, column), column, i), data);
  }
}

/** @param {string[]} data @param {any} from @param {number} count @param {import("./manifest.js").Column} column */
function fillTexts(data, from, count, column) {
  const open = column.categories === null;
  for (let i = 0; i < count; i++) {
    const x = from[i];
    data[i] = open && typeof x === "string" && isPlain(x) ? x : ACCEPT.string(x, column, i);
  }
}

/** Whether a text needs no second look. @param {string} x */
function isPlain(x) {
  for (let i = 0; i < x.length; i++) {
    const code = x.charCodeAt(i);
    if (code === 0 || code >= 0xd800) return false;
  }
  return true;
}

/** @param {any} x */
function isArray(x) {
  return Array.isArray(x) || (ArrayBuffer.isView(x) && !(x instanceof DataView));
}

/** An element of an array as a row would have it. @param {any} x @param {import("./manifest.js").Column} column */
function ofElement(x, { dtype }) {
  if (dtype === "double") return x !== x ? null : x;
  return dtype === "bool" && (x === 0 || x === 1) ? x === 1 : x;
}

/** @param {{data: any}[]} filled @param {number} count rows @param {import("./manifest.js").Signature} signature */
function inputsFrom(filled, count, { columns, layout }) {
  if (layout === "matrix") return new Map([[MATRIX_INPUT, value("double", [count, columns.length], filled[0].data)]]);
  return new Map(columns.map((column, j) => [column.input ?? column.name, value(column.dtype, [count, 1], filled[j].data)]));
}

/** @type {Record<string, (n: number) => any>} */
const EMPTY = {
  double: (n) => new Float64Array(n),
  int64: (n) => new BigInt64Array(n),
  bool: (n) => new Uint8Array(n),
  string: (n) => new Array(n),
};
