/**
 * What the graph of model.json takes and gives, by program.json: which node stands for which tensor of the signature, and
 * what TF.js, which has float32, int32 and bool, holds in the place of its dtype.
 *
 * | dtype of the signature | in TF.js | on the way in | on the way out |
 * |---|---|---|---|
 * | float | float32 | as it is | as it is |
 * | double | float32 | rounded; a number that float32 does not hold is refused | as it is |
 * | float16 | float32 | exact | rounded to nearest |
 * | int64, uint64, int32, uint32 | int32 | what is beyond 2^24 is refused | each must fit |
 * | int16, uint16, int8, uint8 | int32 | as it is | each must fit |
 * | bool | bool | as it is | as it is |
 *
 * webgl and webgpu hold int32 in float32, and what a graph adds and multiplies must stay within int32: hence 2^24.
 *
 * @typedef {import("./signature.js").Tensor} Tensor
 * @typedef {{name: string, dtype: string, node: string, tfjs: "float32" | "int32" | "bool"}} Port
 */

import { BundleError, InputError } from "../errors.js";
import { got } from "../words.js";
import { indexOf, refusal } from "./contract.js";
import { bitsOf, floatsOf } from "./float16.js";
import { span } from "./nested.js";
import { ARRAYS, FLOATS } from "./signature.js";

export const FORMAT = 2;
/** Integers that every backend holds, and for which no int32 in the graph overflows (isoship/tfjs/network/intervals.py). */
const HELD = 2 ** 24;

/** A value that the model accepts and TF.js cannot hold. */
export class NotHeld extends InputError {}

/**
 * @param {any} document program.json @param {{name: string, dtype: string}[]} expected the signature's, or the outputs
 * @param {"inputs" | "outputs"} side
 * @returns {Port[]} in their order
 * @throws {BundleError} one is missing, or damaged
 */
export function portsFrom(document, expected, side) {
  if (document?.format !== FORMAT || !Array.isArray(document[side])) {
    throw new BundleError(`program.json is damaged: it has the format ${JSON.stringify(document?.format)} and ${side} that are no list; a bundle of tensors has format ${FORMAT}`);
  }
  return expected.map(({ name, dtype }) => {
    const found = document[side].find((/** @type {any} */ port) => port?.name === name);
    if (found === undefined) throw new BundleError(`program.json has no ${side.slice(0, -1)} ${JSON.stringify(name)}, which the manifest promises`);
    if (found.dtype !== dtype || found.tfjs !== heldAs(dtype) || typeof found.node !== "string") {
      throw new BundleError(`program.json is damaged: ${JSON.stringify(name)} is ${found.dtype} as ${found.tfjs} there, and ${dtype} in manifest.json`);
    }
    return { name, dtype, node: found.node, tfjs: found.tfjs };
  });
}

/** What TF.js holds in the place of a dtype; undefined of strings, which it computes nothing with. @param {string} dtype */
function heldAs(dtype) {
  return dtype === "string" ? undefined : dtype === "bool" ? "bool" : FLOATS.includes(dtype) ? "float32" : "int32";
}

/**
 * A tensor as what its node is fed with.
 * @param {Port} port @param {Tensor} tensor
 * @returns {import("../graph/graph.js").Fed}
 * @throws {NotHeld} TF.js has no such number
 */
export function fedFrom({ name, dtype, node, tfjs }, { shape, data }) {
  if (tfjs === "bool" || dtype === "float") return { name: node, dtype: tfjs, shape, data };
  if (tfjs === "float32") {
    const held = dtype === "float16" ? floatsOf(data) : new Float32Array(data);
    if (dtype === "double") {
      const lost = held.findIndex((value, i) => !Number.isFinite(value) && Number.isFinite(data[i]));
      if (lost >= 0) throw notHeld(name, "a number that float32 holds, in which TensorFlow.js computes", data[lost], lost, shape);
    }
    return { name: node, dtype: tfjs, shape, data: held };
  }
  const [least, most] = span(dtype);
  if (least < -HELD || most > HELD) {
    for (let i = 0; i < data.length; i++) {
      if (data[i] >= -HELD && data[i] <= HELD) continue;
      throw notHeld(name, `an integer from ${-HELD} to ${HELD}, as TensorFlow.js holds them`, data[i], i, shape);
    }
  }
  return { name: node, dtype: tfjs, shape, data: dtype === "int32" ? data : Int32Array.from(data, Number) };
}

/** @param {string} name @param {string} expected @param {any} value @param {number} at @param {number[]} shape */
function notHeld(name, expected, value, at, shape) {
  const { message, ...where } = refusal(name, expected, got(value), indexOf(at, shape));
  return new NotHeld(message, where);
}

/**
 * What a node gave, as a tensor of the manifest's dtype in memory of its own.
 * @param {Port} port @param {import("../graph/graph.js").Read} read @param {(string | number)[]} expected the manifest's shape
 * @returns {Tensor}
 * @throws {BundleError} it is no such tensor
 */
export function tensorFrom({ name, dtype }, { shape, data }, expected) {
  if (shape.length !== expected.length || expected.some((size, i) => typeof size === "number" && size !== shape[i])) {
    throw new BundleError(`output ${name} is [${shape}], the manifest says [${expected}]`);
  }
  const made = { dtype, shape: [...shape] };
  switch (dtype) {
    case "float":
    case "double":
    case "bool":
    case "int32":
      return { ...made, data: new ARRAYS[dtype](data) };
    case "float16":
      return { ...made, data: Uint16Array.from(data, bitsOf) };
    default: {
      const [low, high] = span(dtype);
      const wrong = data.findIndex((/** @type {number} */ value) => value < low || value > high);
      if (wrong >= 0) throw new BundleError(`output ${name} holds ${data[wrong]}, which is no ${dtype}`);
      return { ...made, data: dtype.endsWith("64") ? ARRAYS[dtype].from(data, BigInt) : new ARRAYS[dtype](data) };
    }
  }
}

/**
 * The backends of TF.js that the graph is right on.
 * @param {any} document program.json @returns {string[]} @throws {BundleError} it is damaged
 */
export function backendsFrom(document) {
  const found = document?.backends;
  if (!Array.isArray(found) || found.length === 0 || found.some((name) => typeof name !== "string")) {
    throw new BundleError("program.json is damaged: it does not say on which backends its graph is right");
  }
  return found;
}
