/**
 * The interpreter of program.json: what runs in JavaScript, in double precision, before and after the TF.js graph
 * (docs/architecture.md, "The web form").
 *
 * @typedef {import("./value.js").Value} Value
 * @typedef {{op: string, inputs: string[], outputs: string[], attrs: Record<string, any>}} StepDocument
 * @typedef {{name: string, from: string, dtype: "float32" | "int32" | "bool", shape: (string | number)[]}} Feed
 * @typedef {{name: string, to: string, dtype: "float32" | "int32" | "bool", shape: (string | number)[]}} Fetch
 * @typedef {{column: string, kind: string, min?: number | null, max?: number | null,
 *   value?: any, choices?: any[]}} Field
 * @typedef {{constants: Map<string, Value>, prefix: StepDocument[], suffix: StepDocument[], feeds: Feed[],
 *   fetches: Fetch[], outputs: Record<string, string>, form: Field[]}} Program
 */

import { BundleError } from "./errors.js";
import { decode } from "./golden.js";
import { OPS } from "./ops/registry.js";
import { allocate, sizeOf, value } from "./value.js";

export const FORMAT = 1;

/**
 * Reads program.json, and says whether program.bin is needed beside it.
 * @param {any} document @param {() => Promise<ArrayBuffer>} readBinary called when a constant lives there
 * @returns {Promise<Program>}
 * @throws {BundleError} of a newer format, damaged, or with an operator that this runtime does not have
 */
export async function programFrom(document, readBinary) {
  if (document === null || typeof document !== "object" || !Number.isInteger(document.format)) {
    throw new BundleError("this is no isoship program: it has no integer `format`");
  }
  if (document.format > FORMAT) {
    throw new BundleError(`this bundle has program format ${document.format}; this runtime reads formats up to ${FORMAT}`);
  }
  const { constants = {}, prefix = [], suffix = [], feeds = [], fetches = [], outputs, form = [] } = document;
  refuseDamage({ constants, prefix, suffix, feeds, fetches, outputs, form });
  for (const { op } of [...prefix, ...suffix]) {
    if (!OPS.has(op)) throw new BundleError(`this runtime has no operator ${JSON.stringify(op)}; the bundle needs a newer one`);
  }
  const entries = Object.entries(constants);
  const binary = entries.some(([, constant]) => constant.data === undefined) ? await readBinary() : null;
  return {
    constants: new Map(entries.map(([name, constant]) => [name, readConstant(name, constant, binary)])),
    prefix, suffix, feeds, fetches, outputs, form,
  };
}

/**
 * What a program is read for must be there: a part that is missing is an error here, and not one of JavaScript's at the
 * first prediction.
 * @param {Record<string, any>} parts
 */
function refuseDamage({ constants, prefix, suffix, feeds, fetches, outputs, form }) {
  /** @param {any} x */
  const isObject = (x) => x !== null && typeof x === "object" && !Array.isArray(x);
  /** @param {any} x @param {string} type */
  const isListOf = (x, type) => Array.isArray(x) && x.every((item) => typeof item === type);
  /** @param {any} list @param {(item: any) => boolean} isWhole */
  const all = (list, isWhole) => Array.isArray(list) && list.every((item) => isObject(item) && isWhole(item));
  /** @param {string} end @returns {(item: any) => boolean} */
  const tensor = (end) => (item) => typeof item.name === "string" && typeof item[end] === "string" && typeof item.dtype === "string" && Array.isArray(item.shape);
  const step = (/** @type {any} */ s) => typeof s.op === "string" && isListOf(s.inputs, "string") && isListOf(s.outputs, "string");
  const constant = (/** @type {any} */ c) =>
    typeof c.dtype === "string" && isListOf(c.shape, "number") && (c.data === undefined ? isListOf([c.offset, c.length], "number") : Array.isArray(c.data));
  const whole = {
    constants: isObject(constants) && all(Object.values(constants), constant),
    prefix: all(prefix, step),
    suffix: all(suffix, step),
    feeds: all(feeds, tensor("from")),
    fetches: all(fetches, tensor("to")),
    outputs: isObject(outputs) && isListOf(Object.values(outputs), "string"),
    form: all(form, (field) => typeof field.column === "string" && typeof field.kind === "string"),
  };
  for (const [name, is] of Object.entries(whole)) {
    if (!is) throw new BundleError(`program.json is damaged: something is missing in its \`${name}\``);
  }
}

/** @param {string} name @param {any} constant @param {ArrayBuffer | null} binary */
function readConstant(name, constant, binary) {
  try {
    return constantFrom(constant, binary);
  } catch (err) {
    throw new BundleError(`program.json is damaged: constant ${name}: ${/** @type {Error} */ (err).message}`, { cause: err });
  }
}

/** @param {any} constant @param {ArrayBuffer | null} binary @returns {Value} */
function constantFrom({ dtype, shape, data, offset, length }, binary) {
  if (data === undefined) {
    if (binary === null || offset + length > binary.byteLength) throw new BundleError("program.bin is shorter than program.json says");
    return value(dtype, shape, littleEndian(dtype, new DataView(binary, offset, length), sizeOf(shape)));
  }
  const flat = decode(data);
  const filled = allocate(dtype, flat.length);
  for (let i = 0; i < flat.length; i++) {
    filled[i] = dtype === "int64" ? BigInt(flat[i]) : dtype === "float" ? Math.fround(flat[i]) : dtype === "int32" ? Number(flat[i]) : flat[i];
  }
  return value(dtype, shape, filled);
}

/** @param {import("./value.js").DType} dtype @param {DataView} view @param {number} size */
function littleEndian(dtype, view, size) {
  const width = dtype === "double" || dtype === "int64" ? 8 : dtype === "bool" ? 1 : 4;
  if (dtype === "string" || view.byteLength !== size * width) throw new BundleError(`program.bin holds no ${dtype} constant of ${size} elements there`);
  const data = allocate(dtype, size);
  for (let i = 0; i < size; i++) {
    const at = i * width;
    if (dtype === "double") data[i] = view.getFloat64(at, true);
    else if (dtype === "float") data[i] = view.getFloat32(at, true);
    else if (dtype === "int64") data[i] = view.getBigInt64(at, true);
    else if (dtype === "int32") data[i] = view.getInt32(at, true);
    else data[i] = view.getUint8(at);
  }
  return data;
}

/**
 * Runs steps in order and adds what they make to `values`.
 * @param {StepDocument[]} steps @param {Map<string, Value>} constants @param {Map<string, Value>} values
 */
export function run(steps, constants, values) {
  for (const { op, inputs, outputs, attrs } of steps) {
    const operands = inputs.map((name) => (name === "" ? null : lookUp(name, constants, values)));
    const kernel = OPS.get(op);
    if (kernel === undefined) throw new BundleError(`this runtime has no operator ${JSON.stringify(op)}`);
    let made;
    try {
      made = kernel(operands, { attrs: attrs ?? {}, constants, outputs: outputs.length });
    } catch (err) {
      throw new BundleError(`${op} -> ${outputs.join(", ")}: ${/** @type {Error} */ (err).message}`, { cause: err });
    }
    const list = Array.isArray(made) ? made : [made];
    outputs.forEach((name, i) => values.set(name, list[i]));
  }
}

/**
 * @param {string} name @param {Map<string, Value>} constants @param {Map<string, Value>} values
 * @returns {Value}
 */
export function lookUp(name, constants, values) {
  const found = values.get(name) ?? constants.get(name);
  if (found === undefined) throw new BundleError(`the program uses ${JSON.stringify(name)} before anything makes it`);
  return found;
}

/**
 * A value as what a TF.js graph takes: float32 (rounded once, here), int32 or bool.
 * @param {Value} x @param {Feed} feed
 * @returns {{data: Float32Array | Int32Array | Uint8Array, shape: number[]}}
 */
export function feedFrom(x, feed) {
  if (x.shape.length !== feed.shape.length || feed.shape.some((length, i) => typeof length === "number" && length !== x.shape[i])) {
    throw new BundleError(`the graph takes ${feed.name} as [${feed.shape}], the program makes [${x.shape}]`);
  }
  if (feed.dtype === "bool") return { data: Uint8Array.from(x.data, Number), shape: x.shape };
  if (feed.dtype === "float32") return { data: Float32Array.from(x.data, Number), shape: x.shape };
  const data = Int32Array.from(x.data, Number);
  for (let i = 0; i < data.length; i++) {
    if (data[i] !== Number(x.data[i])) throw new BundleError(`${feed.name} holds ${x.data[i]}, which is no int32`);
  }
  return { data, shape: x.shape };
}

/**
 * What a TF.js graph made, as a value.
 * @param {ArrayLike<number>} data @param {number[]} shape @param {Fetch["dtype"]} dtype @returns {Value}
 */
export function valueFromFetch(data, shape, dtype) {
  if (dtype === "float32") return value("float", shape, Float64Array.from(data));
  if (dtype === "int32") return value("int32", shape, Int32Array.from(data));
  return value("bool", shape, Uint8Array.from(data));
}
