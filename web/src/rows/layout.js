/**
 * Operators that only rearrange: most of them are nothing at all on the flat data of one row.
 */

import { BundleError } from "../errors.js";
import { spreadTo } from "./elementwise.js";
import { around, axisOf, broadcast, known, sizeOf, stridesOf, walked, whole } from "./values.js";

/** @typedef {import("./values.js").Prepare} Prepare */

/** @type {Prepare} */
function reshape(_board, [x, wanted]) {
  const shape = known(wanted, "shape").map((length, i) => (length === 0 ? x.shape[i] : length));
  const free = shape.indexOf(-1);
  if (free >= 0) {
    const rest = sizeOf(shape.slice(0, free)) * sizeOf(shape.slice(free + 1));
    shape[free] = rest === 0 ? 0 : Math.floor(x.size / rest);
  }
  if (sizeOf(shape) !== x.size) throw new BundleError(`a value of shape [${x.shape}] has no shape [${shape}]`);
  return [x.as(shape)];
}

/** @type {Prepare} */
function flatten(_board, [x], attrs) {
  const given = whole(attrs, "axis");
  const axis = given < 0 ? given + x.shape.length : given;
  return [x.as([sizeOf(x.shape.slice(0, axis)), sizeOf(x.shape.slice(axis))])];
}

/** @type {Prepare} */
function squeeze(_board, [x, axes]) {
  const gone = new Set(known(axes, "axes").map((axis) => axisOf(axis, x.shape.length)));
  if ([...gone].some((axis) => x.shape[axis] !== 1)) throw new BundleError(`a value of shape [${x.shape}] has more than one element along ${[...gone]}`);
  return [x.as(x.shape.filter((/** @type {number} */ _, /** @type {number} */ axis) => !gone.has(axis)))];
}

/** @type {Prepare} */
function unsqueeze(_board, [x, axes]) {
  const wanted = known(axes, "axes");
  const rank = x.shape.length + wanted.length;
  const added = new Set(wanted.map((axis) => axisOf(axis, rank)));
  if (added.size !== wanted.length) throw new BundleError(`it adds an axis twice: ${wanted}`);
  const own = x.shape.values();
  return [x.as(Array.from({ length: rank }, (_, axis) => (added.has(axis) ? 1 : own.next().value)))];
}

/** @type {Prepare} */
function transpose(board, [x], { perm }) {
  if (!Array.isArray(perm) || perm.length !== x.shape.length || [...perm].sort((a, b) => a - b).some((axis, i) => axis !== i)) {
    throw new BundleError(`${JSON.stringify(perm)} is no order of ${x.shape.length} axes`);
  }
  const strides = stridesOf(x.shape);
  const shape = perm.map((axis) => x.shape[axis]);
  return [board.picked(x, shape, walked(shape, perm.map((axis) => strides[axis])))];
}

/** @type {Prepare} */
function concat(board, inputs, attrs) {
  const [first] = inputs;
  const axis = axisOf(attrs.axis, first.shape.length);
  const shape = [...first.shape];
  shape[axis] = inputs.reduce((sum, x) => sum + x.shape[axis], 0);
  for (const x of inputs) {
    if (x.dtype !== first.dtype || x.shape.length !== shape.length || shape.some((length, i) => i !== axis && length !== x.shape[i])) {
      throw new BundleError(`Concat of ${first.dtype} [${first.shape}] and ${x.dtype} [${x.shape}]`);
    }
  }
  const out = board.value(first.dtype, shape);
  const before = sizeOf(shape.slice(0, axis));
  const parts = inputs.map((x) => ({ place: x.place, stride: x.stride, length: before === 0 ? 0 : x.size / before }));
  const o = out.place;
  const width = before === 0 ? 0 : out.size / before;
  board.runs.push((v, n) => {
    const to = v[o];
    let first = 0;
    for (const { place, stride, length } of parts) {
      (to instanceof Float64Array ? copiedReals : copied)(v[place], stride, length, to, width, first, before, n);
      first += length;
    }
  });
  return [out];
}

/**
 * A part of each row into its place in wider rows.
 * @param {any} from @param {number} stride @param {number} length @param {any} to @param {number} width @param {number} first
 * @param {number} before such places in a row @param {number} n rows
 */
function copied(from, stride, length, to, width, first, before, n) {
  for (let r = 0; r < n; r++) {
    for (let outer = 0; outer < before; outer++) {
      const start = r * stride + outer * length;
      const at = (r * before + outer) * width + first;
      for (let i = 0; i < length; i++) to[at + i] = from[start + i];
    }
  }
}

/** The same for doubles alone, which an engine makes faster than what takes anything. @type {typeof copied} */
function copiedReals(from, stride, length, to, width, first, before, n) {
  for (let r = 0; r < n; r++) {
    for (let outer = 0; outer < before; outer++) {
      const start = r * stride + outer * length;
      const at = (r * before + outer) * width + first;
      for (let i = 0; i < length; i++) to[at + i] = from[start + i];
    }
  }
}

/** @type {Prepare} */
function expand(board, [x, wanted]) {
  const shape = broadcast(x.shape, known(wanted, "shape"));
  return [spreadTo(board, x, shape, false).as(shape)];
}

/** @type {Prepare} */
function tile(board, [x, repeats]) {
  return [known(repeats, "repeats").reduce((made, times, axis) => {
    const [before, length, after] = around(made.shape, axis);
    const shape = [...made.shape];
    shape[axis] *= times;
    board.fits(shape);
    return board.picked(made, shape, walked([before, times, length, after], [length * after, 0, after, 1]));
  }, x)];
}

/** @type {Prepare} */
function shapeOf(board, [x], { start, end }) {
  const part = x.shape.slice(start ?? 0, end ?? undefined);
  return [board.value("int64", [part.length], BigInt64Array.from(part, BigInt))];
}

/** @type {Record<string, Prepare>} */
export const layout = {
  Identity: (_board, [x]) => [x.as(x.shape)],
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
