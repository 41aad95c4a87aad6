/**
 * Operators along axes. Sums run in index order, at the width of the dtype.
 */

import { allocate, around, axisFrom, numbersOf, sizeOf, value } from "../value.js";

/**
 * @typedef {(elements: any[], round: (x: number) => number, dtype: string) => any} Fold of the elements along the axes
 */

/** @param {any[]} elements @param {(x: number) => number} round @param {string} dtype */
function sum(elements, round, dtype) {
  if (dtype === "int64") return elements.reduce((total, x) => total + x, 0n);
  let total = 0;
  for (const x of elements) total = round(total + x);
  return total;
}

/** @type {Fold} */
function prod(elements, round, dtype) {
  if (dtype === "int64") return elements.reduce((total, x) => total * x, 1n);
  if (dtype === "int32") return elements.reduce(Math.imul, 1);
  return elements.reduce((total, x) => round(total * x), 1);
}

/** @param {(x: number, y: number) => number} real NaN wins @param {(x: bigint, y: bigint) => bigint} big @returns {Fold} */
function extreme(real, big) {
  return (elements, _, dtype) =>
    dtype === "int64" ? elements.reduce((x, y) => big(x, y)) : elements.reduce((x, y) => real(x, y));
}

/** @type {Fold} */
function logSumExp(elements, round) {
  let top = elements.reduce((x, y) => Math.max(x, y), -Infinity);
  if (!Number.isFinite(top)) top = Number.isNaN(top) ? NaN : 0;
  const total = sum(elements.map((x) => round(Math.exp(round(x - top)))), round, "double");
  return round(round(Math.log(total)) + top);
}

/** @param {any} x */
function magnitude(x) {
  return x < 0 ? -x : x;
}

/** @param {Fold} fold @returns {import("./registry.js").Op} */
function reduced(fold) {
  return ([x, axes], { attrs }) => {
    const given = axes ? numbersOf(axes).map((axis) => axisFrom(axis, x.shape.length)) : [];
    if (given.length === 0 && attrs.noop_with_empty_axes) return x;
    /** @type {boolean[]} */
    const gone = x.shape.map((/** @type {number} */ _, /** @type {number} */ axis) => given.length === 0 || given.includes(axis));
    const kept = x.shape.filter((/** @type {number} */ _, /** @type {number} */ axis) => !gone[axis]);
    /** @type {any[][]} */
    const groups = Array.from({ length: sizeOf(kept) }, () => []);
    const strides = gone.map(() => 0);
    for (let axis = gone.length - 1, stride = 1; axis >= 0; axis--) {
      if (gone[axis]) continue;
      strides[axis] = stride;
      stride *= x.shape[axis];
    }
    const position = gone.map(() => 0);
    for (let i = 0, at = 0; i < x.data.length; i++) {
      groups[at].push(x.data[i]);
      for (let axis = gone.length - 1; axis >= 0; axis--) {
        at += strides[axis];
        if (++position[axis] < x.shape[axis]) break;
        at -= strides[axis] * x.shape[axis];
        position[axis] = 0;
      }
    }
    const round = x.dtype === "float" ? Math.fround : x.dtype === "int32" ? (/** @type {number} */ v) => v | 0 : (/** @type {number} */ v) => v;
    const out = allocate(x.dtype, groups.length);
    groups.forEach((elements, i) => (out[i] = fold(elements, round, x.dtype)));
    const shape = attrs.keepdims
      ? x.shape.map((/** @type {number} */ length, /** @type {number} */ axis) => (gone[axis] ? 1 : length))
      : kept;
    return value(x.dtype, shape, out);
  };
}

/** @param {(x: any, best: any) => boolean} better @returns {import("./registry.js").Op} */
function extremeAt(better) {
  return ([x], { attrs }) => {
    const axis = axisFrom(attrs.axis, x.shape.length);
    const { before, length, after } = around(x.shape, axis);
    const out = new BigInt64Array(before * after);
    for (let i = 0; i < before; i++) {
      for (let j = 0; j < after; j++) {
        let best = 0;
        for (let k = 1; k < length; k++) {
          const [candidate, held] = [x.data[(i * length + k) * after + j], x.data[(i * length + best) * after + j]];
          if (better(candidate, held) || (attrs.select_last_index && candidate === held)) best = k;
        }
        out[i * after + j] = BigInt(best);
      }
    }
    const shape = [...x.shape];
    if (attrs.keepdims) shape[axis] = 1;
    else shape.splice(axis, 1);
    return value("int64", shape, out);
  };
}

/** @type {import("./registry.js").Op} */
function cumSum([x, along], { attrs }) {
  const { before, length, after } = around(x.shape, axisFrom(Number(along.data[0]), x.shape.length));
  const out = allocate(x.dtype, x.data.length);
  for (let i = 0; i < before; i++) {
    for (let j = 0; j < after; j++) {
      /** @type {any} */
      let total = x.dtype === "int64" ? 0n : 0;
      for (let step = 0; step < length; step++) {
        const k = attrs.reverse ? length - 1 - step : step;
        const at = (i * length + k) * after + j;
        if (attrs.exclusive) out[at] = total;
        // The first element is taken as it is: 0 + -0 would lose a sign.
        total = step === 0 ? x.data[at] : total + x.data[at];
        if (x.dtype === "float") total = Math.fround(total);
        if (!attrs.exclusive) out[at] = total;
      }
    }
  }
  return value(x.dtype, x.shape, out);
}

/** @type {Record<string, import("./registry.js").Op>} */
export const reduce = {
  ReduceSum: reduced(sum),
  ReduceMean: reduced((elements, round) => round(sum(elements, round, "double") / elements.length)),
  ReduceMax: reduced(extreme(Math.max, (x, y) => (x > y ? x : y))),
  ReduceMin: reduced(extreme(Math.min, (x, y) => (x < y ? x : y))),
  ReduceProd: reduced(prod),
  ReduceSumSquare: reduced((elements, round, dtype) =>
    sum(elements.map((x) => (dtype === "int32" ? Math.imul(x, x) : dtype === "int64" ? x * x : round(x * x))), round, dtype)),
  ReduceL1: reduced((elements, round, dtype) => sum(elements.map(magnitude), round, dtype)),
  ReduceL2: reduced((elements, round) =>
    round(Math.sqrt(sum(elements.map((x) => round(x * x)), round, "double")))),
  ReduceLogSumExp: reduced(logSumExp),
  ArgMax: extremeAt((x, best) => x > best),
  ArgMin: extremeAt((x, best) => x < best),
  CumSum: cumSum,
};
