/**
 * Operators that only rearrange: the elements stay as they are.
 */

import { BundleError } from "../errors.js";
import { allocate, around, axisFrom, numbersOf, sizeOf, value } from "../value.js";
import { broadcastShape, expanded } from "./broadcast.js";

/** @type {import("./registry.js").Op} */
function reshape([x, wanted]) {
  const shape = numbersOf(wanted).map((length, i) => (length === 0 ? x.shape[i] : length));
  const free = shape.indexOf(-1);
  if (free >= 0) {
    const rest = shape.reduce((product, length, i) => (i === free ? product : product * length), 1);
    shape[free] = rest === 0 ? 0 : x.data.length / rest;
  }
  return value(x.dtype, shape, x.data);
}

/** @type {import("./registry.js").Op} */
function flatten([x], { attrs }) {
  const axis = attrs.axis < 0 ? attrs.axis + x.shape.length : attrs.axis;
  return value(x.dtype, [sizeOf(x.shape.slice(0, axis)), sizeOf(x.shape.slice(axis))], x.data);
}

/** @type {import("./registry.js").Op} */
function squeeze([x, axes]) {
  const drop = axes && numbersOf(axes).map((axis) => axisFrom(axis, x.shape.length));
  const shape = x.shape.filter((/** @type {number} */ length, /** @type {number} */ axis) =>
    drop ? !drop.includes(axis) : length !== 1,
  );
  return value(x.dtype, shape, x.data);
}

/** @type {import("./registry.js").Op} */
function unsqueeze([x, axes]) {
  const rank = x.shape.length + axes.data.length;
  const added = numbersOf(axes).map((axis) => axisFrom(axis, rank));
  const own = x.shape.values();
  const shape = Array.from({ length: rank }, (_, axis) => (added.includes(axis) ? 1 : own.next().value));
  return value(x.dtype, shape, x.data);
}

/** @type {import("./registry.js").Op} */
function transpose([x], { attrs }) {
  const perm = attrs.perm;
  const shape = perm.map((/** @type {number} */ axis) => x.shape[axis]);
  const strides = perm.map((/** @type {number} */ axis) => sizeOf(x.shape.slice(axis + 1)));
  const out = allocate(x.dtype, x.data.length);
  const position = new Array(shape.length).fill(0);
  for (let i = 0, at = 0; i < out.length; i++) {
    out[i] = x.data[at];
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      at += strides[axis];
      if (++position[axis] < shape[axis]) break;
      at -= strides[axis] * shape[axis];
      position[axis] = 0;
    }
  }
  return value(x.dtype, shape, out);
}

/** @type {import("./registry.js").Op} */
function concat(inputs, { attrs }) {
  const axis = axisFrom(attrs.axis, inputs[0].shape.length);
  const shape = [...inputs[0].shape];
  shape[axis] = inputs.reduce((sum, x) => sum + x.shape[axis], 0);
  const out = allocate(inputs[0].dtype, sizeOf(shape));
  const row = sizeOf(shape.slice(axis));
  let offset = 0;
  for (const x of inputs) {
    if (x.dtype !== inputs[0].dtype) throw new BundleError(`Concat of ${inputs[0].dtype} and ${x.dtype}`);
    const { before, length, after } = around(x.shape, axis);
    const run = length * after;
    for (let i = 0; i < before; i++) {
      for (let j = 0; j < run; j++) out[i * row + offset + j] = x.data[i * run + j];
    }
    offset += run;
  }
  return value(inputs[0].dtype, shape, out);
}

/** @type {import("./registry.js").Op} */
function expand([x, wanted]) {
  const shape = broadcastShape([x.shape, numbersOf(wanted)]);
  return value(x.dtype, shape, expanded(x, shape));
}

/** @type {import("./registry.js").Op} */
function tile([x, repeats]) {
  return numbersOf(repeats).reduce(
    (tiled, times, axis) => concat(Array(times).fill(tiled), { attrs: { axis }, constants: new Map(), outputs: 1 }),
    x,
  );
}

/** @type {import("./registry.js").Op} */
function shapeOf([x], { attrs }) {
  const part = x.shape.slice(attrs.start ?? 0, attrs.end ?? undefined);
  return value("int64", [part.length], BigInt64Array.from(part, BigInt));
}

/** @type {Record<string, import("./registry.js").Op>} */
export const layout = {
  Identity: ([x]) => x,
  Reshape: reshape,
  Flatten: flatten,
  Squeeze: squeeze,
  Unsqueeze: unsqueeze,
  Transpose: transpose,
  Concat: concat,
  Expand: expand,
  Tile: tile,
  Shape: shapeOf,
};
