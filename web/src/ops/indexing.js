/**
 * Operators that pick elements by place.
 */

import { BundleError } from "../errors.js";
import { allocate, around, axisFrom, numbersOf, sizeOf, value } from "../value.js";

/** @param {number} index @param {number} length */
function place(index, length) {
  const front = index < 0 ? index + length : index;
  if (front < 0 || front >= length) throw new BundleError(`index ${index} outside an axis of ${length}`);
  return front;
}

/**
 * Takes whole slices along one axis.
 * @param {import("../value.js").Value} x @param {number} axis @param {number[]} places from the front
 */
function taken(x, axis, places) {
  const { before, length, after } = around(x.shape, axis);
  const out = allocate(x.dtype, before * places.length * after);
  let at = 0;
  for (let i = 0; i < before; i++) {
    for (const p of places) {
      const from = (i * length + p) * after;
      for (let j = 0; j < after; j++) out[at++] = x.data[from + j];
    }
  }
  return out;
}

/** @type {import("./registry.js").Op} */
function gather([x, indices], { attrs }) {
  const axis = axisFrom(attrs.axis, x.shape.length);
  const places = numbersOf(indices).map((index) => place(index, x.shape[axis]));
  const shape = [...x.shape.slice(0, axis), ...indices.shape, ...x.shape.slice(axis + 1)];
  return value(x.dtype, shape, taken(x, axis, places));
}

/** @type {import("./registry.js").Op} */
function gatherElements([x, indices], { attrs }) {
  const axis = axisFrom(attrs.axis, x.shape.length);
  const out = allocate(x.dtype, indices.data.length);
  const position = new Array(x.shape.length).fill(0);
  const strides = x.shape.map((/** @type {number} */ _, /** @type {number} */ i) => sizeOf(x.shape.slice(i + 1)));
  for (let i = 0; i < out.length; i++) {
    let from = 0;
    for (let k = 0; k < position.length; k++) {
      from += strides[k] * (k === axis ? place(Number(indices.data[i]), x.shape[axis]) : position[k]);
    }
    out[i] = x.data[from];
    for (let k = position.length - 1; k >= 0; k--) {
      if (++position[k] < indices.shape[k]) break;
      position[k] = 0;
    }
  }
  return value(x.dtype, indices.shape, out);
}

/** @param {number} x @param {number} low @param {number} high */
function clamped(x, low, high) {
  return Math.min(Math.max(x, low), high);
}

/** @type {import("./registry.js").Op} */
function slice([x, starts, ends, axes, steps]) {
  const from = numbersOf(starts);
  const to = numbersOf(ends);
  const along = axes ? numbersOf(axes) : from.map((_, i) => i);
  const by = steps ? numbersOf(steps) : from.map(() => 1);
  return along.reduce((part, given, i) => {
    const axis = axisFrom(given, part.shape.length);
    const length = part.shape[axis];
    const [start, end] = [from[i], to[i]].map((edge) => (edge < 0 ? edge + length : edge));
    const places = [];
    if (by[i] > 0) {
      for (let p = clamped(start, 0, length); p < clamped(end, 0, length); p += by[i]) places.push(p);
    } else {
      for (let p = clamped(start, -1, length - 1); p > clamped(end, -1, length - 1); p += by[i]) places.push(p);
    }
    const shape = [...part.shape];
    shape[axis] = places.length;
    return value(part.dtype, shape, taken(part, axis, places));
  }, x);
}

/** @type {import("./registry.js").Op} */
function split([x, lengths], { attrs }) {
  const axis = axisFrom(attrs.axis, x.shape.length);
  let start = 0;
  return numbersOf(lengths).map((length) => {
    const places = Array.from({ length }, (_, i) => start + i);
    start += length;
    const shape = [...x.shape];
    shape[axis] = length;
    return value(x.dtype, shape, taken(x, axis, places));
  });
}

/** Takes along the last axis; a vector counts as one row. @type {import("./registry.js").Op} */
function arrayFeatureExtractor([x, indices]) {
  const axis = x.shape.length - 1;
  const places = numbersOf(indices).map((index) => place(index, x.shape[axis]));
  const shape = axis === 0 ? [1, places.length] : [...x.shape.slice(0, axis), places.length];
  return value(x.dtype, shape, taken(x, axis, places));
}

/** @type {Record<string, import("./registry.js").Op>} */
export const indexing = {
  Gather: gather,
  GatherElements: gatherElements,
  Slice: slice,
  Split: split,
  "ml.ArrayFeatureExtractor": arrayFeatureExtractor,
};
