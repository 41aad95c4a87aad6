/**
 * Numpy broadcasting, as ONNX defines it.
 */

import { BundleError } from "../errors.js";
import { allocate, sizeOf, value } from "../value.js";

/**
 * The shape that all of these broadcast to.
 * @param {number[][]} shapes @returns {number[]}
 */
export function broadcastShape(shapes) {
  const rank = Math.max(0, ...shapes.map((shape) => shape.length));
  return Array.from({ length: rank }, (_, i) => {
    let length = 1;
    for (const shape of shapes) {
      const own = shape[shape.length - rank + i] ?? 1;
      if (own === 1 || own === length) continue;
      if (length !== 1) throw new BundleError(`shapes ${shapes.map((s) => `[${s}]`).join(", ")} do not broadcast`);
      length = own;
    }
    return length;
  });
}

/**
 * For each element of `shape`, the flat index of the element of `from` that it takes; null where they are the same.
 * @param {number[]} from @param {number[]} shape @returns {Int32Array | null}
 */
export function broadcastIndex(from, shape) {
  const size = sizeOf(shape);
  if (sizeOf(from) === size) return null;
  const index = new Int32Array(size);
  const strides = new Array(shape.length).fill(0);
  for (let axis = from.length - 1, stride = 1; axis >= 0; axis--) {
    if (from[axis] !== 1) strides[axis + shape.length - from.length] = stride;
    stride *= from[axis];
  }
  const position = new Array(shape.length).fill(0);
  for (let i = 0, at = 0; i < size; i++) {
    index[i] = at;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      at += strides[axis];
      if (++position[axis] < shape[axis]) break;
      at -= strides[axis] * shape[axis];
      position[axis] = 0;
    }
  }
  return index;
}

/**
 * The data of `x` written out to `shape`.
 * @param {import("../value.js").Value} x @param {number[]} shape
 */
export function expanded(x, shape) {
  const index = broadcastIndex(x.shape, shape);
  if (index === null) return x.data;
  const data = allocate(x.dtype, index.length);
  for (let i = 0; i < index.length; i++) data[i] = x.data[index[i]];
  return data;
}

/**
 * A function of two elements over two values.
 * @param {import("../value.js").Value} a @param {import("../value.js").Value} b
 * @param {(x: any, y: any) => any} f @param {import("../value.js").DType} dtype the result's
 */
export function zip(a, b, f, dtype) {
  const shape = broadcastShape([a.shape, b.shape]);
  const size = sizeOf(shape);
  const out = allocate(dtype, size);
  const [x, y] = [a.data, b.data];
  const p = broadcastIndex(a.shape, shape);
  const q = broadcastIndex(b.shape, shape);
  for (let i = 0; i < size; i++) out[i] = f(x[p === null ? i : p[i]], y[q === null ? i : q[i]]);
  return value(dtype, shape, out);
}
