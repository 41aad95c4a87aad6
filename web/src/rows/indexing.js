/**
 * Operators that pick elements by place.
 */

import { BundleError } from "../errors.js";
import { around, axisOf, known, stridesOf, walked, whole } from "./values.js";

/**
 * @typedef {import("./values.js").Board} Board
 * @typedef {import("./values.js").Value} Value
 * @typedef {import("./values.js").Prepare} Prepare
 */

/** Whole slices along one axis, by their places from the front. @param {Board} board @param {Value} x @param {number} axis @param {number[]} taken */
function along(board, x, axis, taken) {
  const [before, length, after] = around(x.shape, axis);
  const shape = [...x.shape];
  shape[axis] = taken.length;
  board.fits(shape);
  const places = [];
  for (let outer = 0; outer < before; outer++) {
    for (const place of taken) for (let i = 0; i < after; i++) places.push((outer * length + place) * after + i);
  }
  return board.picked(x, shape, places);
}

/** @param {number} index @param {number} length @throws {BundleError} */
function front(index, length) {
  if (!(index >= -length && index < length)) throw new BundleError(`index ${index} outside an axis of ${length}`);
  return index < 0 ? index + length : index;
}

/** @param {Value} indices @throws {BundleError} */
function refuseOther({ dtype }) {
  if (dtype !== "int64" && dtype !== "int32") throw new BundleError(`its places are ${dtype}`);
}

/** Slices of x along an axis, whose places a row may bring. @param {Board} board @param {Value} x @param {Value} indices @param {number} axis @param {number[]} shape */
function taken(board, x, indices, axis, shape) {
  const [before, length, after] = around(x.shape, axis);
  refuseOther(indices);
  if (indices.data !== null) return along(board, x, axis, Array.from(indices.data, (i) => front(Number(i), length))).as(shape);
  const out = board.value(x.dtype, shape);
  const [p, q, o, stride, count] = [x.place, indices.place, out.place, x.stride, indices.size];
  const places = new Int32Array(count);
  board.runs.push((v, n) => {
    const [from, asked, to] = [v[p], v[q], v[o]];
    for (let r = 0, at = 0; r < n; r++) {
      for (let k = 0; k < count; k++) {
        const place = asked[r * count + k];
        places[k] = typeof place === "number" && place >= 0 && place < length ? place : front(Number(place), length);
      }
      for (let outer = 0; outer < before; outer++) {
        const start = r * stride + outer * length * after;
        if (after === 1) for (let k = 0; k < count; k++, at++) to[at] = from[start + places[k]];
        else for (let k = 0; k < count; k++) for (let i = 0; i < after; i++) to[at++] = from[start + places[k] * after + i];
      }
    }
  });
  return out;
}

/** @type {Prepare} */
function gather(board, [x, indices], attrs) {
  const axis = axisOf(attrs.axis, x.shape.length);
  return [taken(board, x, indices, axis, [...x.shape.slice(0, axis), ...indices.shape, ...x.shape.slice(axis + 1)])];
}

/** Along the last axis; a vector counts as one row. @type {Prepare} */
function extracted(board, [x, indices]) {
  const axis = x.shape.length - 1;
  return [taken(board, x, indices, axis, [...(axis > 0 ? x.shape.slice(0, axis) : [1]), indices.size])];
}

/** @type {Prepare} */
function gatherElements(board, [x, indices], attrs) {
  const axis = axisOf(attrs.axis, x.shape.length);
  refuseOther(indices);
  const [length, strides] = [x.shape[axis], stridesOf(x.shape)];
  const along = strides[axis];
  if (indices.shape.length !== x.shape.length || indices.shape.some((/** @type {number} */ asked, /** @type {number} */ i) => i !== axis && asked > x.shape[i])) {
    throw new BundleError(`indices of shape [${indices.shape}] for a value of [${x.shape}]`);
  }
  const starts = walked(indices.shape, strides.map((stride, i) => (i === axis ? 0 : stride)));
  const out = board.value(x.dtype, indices.shape);
  const [p, q, o, size, rowP, rowQ] = [x.place, indices.place, out.place, out.size, x.stride, indices.stride];
  board.runs.push((v, n) => {
    const [from, asked, to] = [v[p], v[q], v[o]];
    for (let r = 0, at = 0; r < n; r++) {
      for (let i = 0; i < size; i++) to[at++] = from[r * rowP + starts[i] + front(Number(asked[r * rowQ + i]), length) * along];
    }
  });
  return [out];
}

/** @type {Prepare} */
function slice(board, [x, ...bounds]) {
  const [starts, ends, axes, steps] = [0, 1, 2, 3].map((i) => known(bounds[i], "bounds"));
  if ([ends, axes, steps].some(({ length }) => length !== starts.length)) throw new BundleError("its bounds differ in length");
  return [axes.reduce((made, given, i) => {
    const axis = axisOf(given, made.shape.length);
    const [length, step] = [made.shape[axis], steps[i]];
    if (step === 0) throw new BundleError("it goes in steps of 0");
    const [lowest, highest] = step > 0 ? [0, length] : [-1, length - 1];
    const [first, last] = [starts[i], ends[i]].map((edge) => Math.min(Math.max(edge < 0 ? edge + length : edge, lowest), highest));
    const places = [];
    for (let place = first; step > 0 ? place < last : place > last; place += step) places.push(place);
    return along(board, made, axis, places);
  }, x)];
}

/** @type {Prepare} */
function split(board, [x, lengths], attrs) {
  const axis = axisOf(whole(attrs, "axis"), x.shape.length);
  const parts = known(lengths, "lengths");
  if (parts.some((length) => length < 0) || parts.reduce((sum, length) => sum + length, 0) !== x.shape[axis]) {
    throw new BundleError(`it splits an axis of ${x.shape[axis]} into ${parts}`);
  }
  let start = 0;
  return parts.map((length) => {
    start += length;
    return along(board, x, axis, Array.from({ length }, (_, i) => start - length + i));
  });
}

/** @type {Record<string, Prepare>} */
export const indexing = {
  Gather: gather,
  GatherElements: gatherElements,
  Slice: slice,
  Split: split,
  "ml.ArrayFeatureExtractor": extracted,
};
