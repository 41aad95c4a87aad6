/**
 * Values of the row program while it is loaded: a dtype, a shape known for one row, and a place among flat arrays.
 * The data is that of `../value.js`, of as many rows as are asked, one behind the other: element i of row r lies at
 * `r * stride + i`, where a constant's stride is 0. Tables of trees may also be uint8, uint16 and uint32.
 *
 * The arrays that steps write to belong to the program and are written again with the next rows.
 *
 * @typedef {import("../value.js").DType | "uint8" | "uint16" | "uint32"} DType
 * @typedef {(v: any[], n: number) => void} Run reads and writes the flat data of all values, by place, of n rows
 * @typedef {(board: Board, inputs: any[], attrs: Record<string, any>) => Value[]} Prepare `inputs` are Values, null where
 *   an optional one is absent; adds what computes the outputs to the board
 */

import { BundleError } from "../errors.js";
import { allocate } from "../value.js";

/** All that one row computes: elements, and products that matrices add. Either takes Python half a second or more. */
export const MOST_ELEMENTS = 2 ** 22;
export const MOST_PRODUCTS = 2 ** 24;
const [LARGEST, MOST_AXES] = [2 ** 26, 32];

export class Value {
  /** @param {number} place @param {DType} dtype @param {number[]} shape @param {any} [data] where it is known when the program is loaded */
  constructor(place, dtype, shape, data = null) {
    this.place = place;
    this.dtype = dtype;
    this.shape = shape;
    this.data = data;
    this.size = sizeOf(shape);
  }

  /** How far apart the rows lie. */
  get stride() {
    return this.data === null ? this.size : 0;
  }

  /** The same data, looked at in another shape. @param {number[]} shape */
  as(shape) {
    return new Value(this.place, this.dtype, shape, this.data);
  }
}

/** What a program is made ready on. `held`: the data of each place, null where a row brings or makes it. */
export class Board {
  /** @param {number} [elements] @param {number} [products] the most of a row */
  constructor(elements = MOST_ELEMENTS, products = MOST_PRODUCTS) {
    this.most = elements;
    this.elements = elements;
    this.products = products;
    /** @type {any[]} */
    this.held = [];
    /** The dtype and size of each place. @type {{dtype: any, size: number}[]} */
    this.kinds = [];
    /** @type {Run[]} */
    this.runs = [];
  }

  /**
   * A new place.
   * @param {DType} dtype @param {number[]} shape @param {any} [data]
   * @throws {BundleError} no value has such a shape or dtype, or a row would compute too much
   */
  value(dtype, shape, data = null) {
    this.fits(shape);
    allocate(/** @type {any} */ (dtype), 0); // a dtype that it does not know
    const made = this.constant(dtype, shape, data);
    this.elements -= made.size;
    return made;
  }

  /** @param {number[]} shape @throws {BundleError} with such a value a row would compute too much */
  fits(shape) {
    if (sizeOf(shape) > this.elements) throw new BundleError(`with it a row computes more than ${this.most} elements`);
  }

  /** A new place, for what lies in the files. @param {DType} dtype @param {number[]} shape @param {any} data */
  constant(dtype, shape, data) {
    const made = new Value(this.held.length, dtype, shape, data);
    this.held.push(data);
    this.kinds.push({ dtype, size: made.size });
    return made;
  }

  /** @param {number} count @throws {BundleError} so many products more are too many for one row */
  multiplied(count) {
    this.products -= count;
    if (this.products < 0) throw new BundleError(`with it a row adds more than ${MOST_PRODUCTS} products`);
  }

  /**
   * Elements of x by their places in a row's flat data. Where these are all of them in order, nothing is to be done.
   * @param {Value} x @param {number[]} shape @param {number[]} places
   * @throws {BundleError} another number of places than the shape holds, or places that x has not
   */
  picked(x, shape, places) {
    const size = places.length;
    if (sizeOf(shape) !== size || places.some((place) => place < 0 || place >= x.size)) {
      throw new BundleError(`${size} elements of [${x.shape}] do not fill the shape [${shape}]`);
    }
    if (size === x.size && places.every((place, i) => place === i)) return x.as(shape);
    const out = this.value(x.dtype, shape);
    const [p, o, stride, order] = [x.place, out.place, x.stride, Int32Array.from(places)];
    this.runs.push((v, n) => {
      const [from, to] = [v[p], v[o]];
      for (let r = 0, at = 0; r < n; r++) for (let i = 0; i < size; i++) to[at++] = from[r * stride + order[i]];
    });
    return out;
  }
}

/**
 * How many elements a shape holds.
 * @param {number[]} shape @throws {BundleError} it is none, or holds more than any value may
 */
export function sizeOf(shape) {
  let [size, longest] = [1, 0];
  for (const length of shape) {
    if (!Number.isInteger(length) || length < 0) throw new BundleError(`there is no shape ${JSON.stringify(shape)}`);
    size *= length;
    longest = Math.max(longest, length);
  }
  if (size > LARGEST || longest > LARGEST || shape.length > MOST_AXES) throw new BundleError("a value is larger than any may be");
  return size;
}

/**
 * An axis counted from the front.
 * @param {any} axis @param {number} rank @throws {BundleError} there is no such axis
 */
export function axisOf(axis, rank) {
  const front = axis < 0 ? axis + rank : axis;
  if (!Number.isInteger(front) || front < 0 || front >= Math.max(rank, 1)) throw new BundleError(`axis ${axis} of a value of rank ${rank}`);
  return front;
}

/** A shape seen as [before, length, after] around one axis. @param {number[]} shape @param {number} axis */
export function around(shape, axis) {
  return [sizeOf(shape.slice(0, axis)), shape[axis] ?? 1, sizeOf(shape.slice(axis + 1))];
}

/** How far apart neighbours along each axis lie in flat data. @param {number[]} shape */
export function stridesOf(shape) {
  const strides = shape.map(() => 0);
  for (let axis = shape.length - 1, stride = 1; axis >= 0; axis--) {
    strides[axis] = stride;
    stride *= shape[axis];
  }
  return strides;
}

/**
 * The flat place of each element of `shape`, row by row, where neighbours lie `strides` apart.
 * @param {number[]} shape @param {number[]} strides @throws {BundleError} it is larger than any value may be
 */
export function walked(shape, strides) {
  sizeOf(shape);
  let places = [0];
  shape.forEach((length, axis) => {
    places = places.flatMap((place) => Array.from({ length }, (_, i) => place + i * strides[axis]));
  });
  return places;
}

/**
 * The shape that all of these broadcast to.
 * @param {number[][]} shapes @throws {BundleError} they do not
 */
export function broadcast(...shapes) {
  const rank = Math.max(...shapes.map((shape) => shape.length));
  const made = new Array(rank).fill(1);
  for (const shape of shapes) {
    shape.forEach((length, i) => {
      const axis = i + rank - shape.length;
      if (length === 1) return;
      if (made[axis] !== 1 && made[axis] !== length) throw new BundleError(`shapes ${shapes.map((s) => `[${s}]`).join(", ")} do not broadcast`);
      made[axis] = length;
    });
  }
  return made;
}

/**
 * For each element of `wider`, the flat place of the element of `shape` that it takes; null where they are one.
 * @param {number[]} shape @param {number[]} wider
 */
export function spread(shape, wider) {
  if (sizeOf(shape) === sizeOf(wider)) return null;
  const strides = stridesOf(shape).map((stride, axis) => (shape[axis] === 1 ? 0 : stride));
  return walked(wider, [...new Array(wider.length - shape.length).fill(0), ...strides]);
}

/**
 * The numbers of a value that has to be known when the program is loaded. Integers beyond 2^53 are sentinels: "to the end".
 * @param {Value | null | undefined} value @param {string} what @returns {number[]}
 * @throws {BundleError} it is absent, computed from the row, or no integers
 */
export function known(value, what) {
  if (!value || value.data === null) throw new BundleError(`its ${what} is computed from the row`);
  if (value.dtype !== "int64" && value.dtype !== "int32") throw new BundleError(`its ${what} is ${value.dtype}`);
  return Array.from(value.data, Number);
}

/** An attribute that is an integer. @param {Record<string, any>} attrs @param {string} name @returns {number} @throws {BundleError} it is none */
export function whole(attrs, name) {
  if (!Number.isInteger(attrs[name])) throw new BundleError(`its ${name} is ${JSON.stringify(attrs[name])}`);
  return attrs[name];
}
