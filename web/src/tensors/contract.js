/**
 * The input contract of a call: names, dtypes, shapes and values, in the words of `isoship_edge.tensors.contract`.
 *
 * @typedef {import("./signature.js").Input} Input
 * @typedef {import("./signature.js").Tensor} Tensor
 */

import { InputError } from "../errors.js";
import { got, listed, quoted } from "../words.js";
import { floatsOf } from "./float16.js";
import { FLOATS } from "./signature.js";

/**
 * @param {Map<string, Tensor>} inputs @param {Input[]} expected
 * @throws {InputError} the first input that is at fault, and where in it
 */
export function check(inputs, expected) {
  checkNames([...inputs.keys()], expected);
  const tensors = expected.map(({ name }) => /** @type {Tensor} */ (inputs.get(name)));
  expected.forEach((spec, i) => {
    if (tensors[i].dtype !== spec.dtype) throw refusal(spec.name, `dtype ${spec.dtype}`, `dtype ${tensors[i].dtype}`);
  });
  checkShapes(tensors.map(({ shape }) => shape), expected);
  expected.forEach((spec, i) => checkValues(spec, tensors[i]));
}

/** An unknown name before an absent one. @param {string[]} names @param {Input[]} expected */
export function checkNames(names, expected) {
  const known = expected.map(({ name }) => name);
  for (const name of names) if (!known.includes(name)) throw refusal(name, `one of the inputs ${listed(known)}`, "an unknown input");
  for (const name of known) if (!names.includes(name)) throw refusal(name, "a tensor", "nothing (the input is absent)");
}

/** @param {number[][]} shapes one for each input @param {Input[]} expected */
function checkShapes(shapes, expected) {
  /** @type {Map<string, [number, string]>} */
  const sizes = new Map();
  expected.forEach((spec, i) => {
    const shape = shapes[i];
    const wrong = (/** @type {string} */ more = "") => refusal(spec.name, `shape ${shown(spec.shape)}${more}`, `shape ${shown(shape)}`);
    if (shape.length !== spec.shape.length) throw wrong();
    spec.shape.forEach((dim, axis) => {
      const size = shape[axis];
      if (typeof dim === "number") {
        if (size !== dim) throw wrong();
        return;
      }
      if (size === 0) throw wrong(` with ${dim} at least 1`);
      if (spec.largest !== null && Object.hasOwn(spec.largest, dim) && size > spec.largest[dim]) throw wrong(` with ${dim} at most ${spec.largest[dim]}`);
      const [first, where] = sizes.get(dim) ?? [size, spec.name];
      sizes.set(dim, [first, where]);
      if (first !== size) throw wrong(` with ${where === spec.name ? `one size of ${dim}` : `${dim} = ${first} as in ${quoted(where)}`}`);
    });
  });
}

/** @param {Input} spec @param {Tensor} tensor */
function checkValues(spec, { dtype, shape, data }) {
  const { nan, infinity } = spec;
  const real = FLOATS.includes(dtype);
  const bounded = spec.minimum !== null || spec.maximum !== null;
  if (!bounded && (!real || (nan && infinity))) return;
  const values = dtype === "float16" ? floatsOf(data) : data;
  const [low, high] = [spec.minimum ?? -Infinity, spec.maximum ?? Infinity];
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (value >= low && value <= high && (!real || Math.abs(value) !== Infinity)) continue;
    if (real && (Number.isNaN(value) ? nan : infinity && Math.abs(value) === Infinity)) continue;
    throw refusal(spec.name, expectedOf(spec), got(value), indexOf(i, shape));
  }
}

/** @param {Input} spec */
function expectedOf({ dtype, infinity, minimum, maximum }) {
  const what = !FLOATS.includes(dtype) ? "an integer" : infinity ? "a number" : "a finite number";
  const [low, high] = [minimum, maximum].map((end) => (Object.is(end, -0) ? 0 : end));
  if (low !== null && high !== null) return `${what} from ${low} to ${high}`;
  if (low !== null) return `${what} of at least ${low}`;
  return high === null ? what : `${what} of at most ${high}`;
}

/**
 * What an input is refused for. `index`: where in it.
 * @param {string} name @param {string} expected @param {string} seen @param {number[] | null} [index]
 */
export function refusal(name, expected, seen, index = null) {
  return new InputError(`${place(name, index)}: expected ${expected}, got ${seen}`, { input: name, index, seen, expected });
}

/** @param {string} name @param {number[] | null} index */
function place(name, index) {
  return `input ${quoted(name)}${index === null || index.length === 0 ? "" : ` at [${index.join(", ")}]`}`;
}

/** The index of an element by its place in row-major order. @param {number} at @param {number[]} shape */
export function indexOf(at, shape) {
  /** @type {number[]} */
  const index = [];
  for (const size of [...shape].reverse()) {
    index.unshift(at % size);
    at = Math.floor(at / size);
  }
  return index;
}

/** A shape as messages write it: [N, 3]. @param {(string | number)[]} shape */
export function shown(shape) {
  return `[${shape.join(", ")}]`;
}
