/**
 * Tree ensembles as flat tables: one leaf a tree.
 *
 * A slot is a node or a leaf. `child` is the first of a node's two children, which stand side by side behind their parent;
 * what has none behind it is a leaf, so that every walk ends. `feature` is the column that a node compares, or, where it
 * asks for membership in a set, that and the number of columns; `threshold` what it compares with, the number of its set,
 * or a leaf's weight. The second child is taken where x > threshold or x is a member, and for NaN as `nan` says: first,
 * second, or each, which is a bit of `missing` for each slot.
 */

import { BundleError } from "../errors.js";
import { isReal } from "./widths.js";

/**
 * @typedef {{feature: any, threshold: any, child: any, roots: number, width: number, nan: string, missing: any,
 *   sets: Set<number>[], limits: Float64Array, places: Int32Array}} Tables `limits` and `places`: see `laidOut`
 */

/** What a place is read from: no element is below 0. */
const PLACES = ["uint8", "uint16", "uint32"];

/** @type {import("./values.js").Prepare} */
function trees(board, [x, ...given], { nan, roots }) {
  if (x.size !== x.shape.at(-1) || given.length !== 6 || given.some((table) => table !== null && table.data === null)) {
    throw new BundleError("it is asked for several rows, or its tables are no constants");
  }
  const [feature, threshold, child, missing, members, ends] = given;
  if (!PLACES.includes(feature?.dtype) || !PLACES.includes(child?.dtype)) throw new BundleError("its places may be negative");
  if (!isReal(threshold?.dtype) || !isReal(x.dtype)) throw new BundleError("its thresholds are no numbers");
  if (!["first", "second", "each"].includes(nan)) throw new BundleError(`its nan is ${JSON.stringify(nan)}`);
  const slots = feature.size;
  const marks = missing?.dtype === "uint8" ? missing.data : [];
  const fits = slots === threshold.size && slots === child.size && (nan !== "each" || 8 * marks.length >= slots);
  if (!fits || !Number.isInteger(roots) || roots < 0 || roots > slots) throw new BundleError("its tables differ in length");
  const found = {
    feature: feature.data, threshold: threshold.data, child: child.data, roots, width: x.size, nan, missing: marks,
    sets: members && ends ? setsOf(members, ends) : [],
  };
  refuseOutside(found);
  const tables = { ...found, ...laidOut(found) };
  const out = board.value(x.dtype, [...x.shape.slice(0, -1), roots]);
  const [p, o] = [x.place, out.place];
  const [plain, nanMatters, width] = [tables.sets.length === 0, nan !== "first", x.size];
  board.runs.push((v, n) => {
    const [from, to] = [v[p], v[o]];
    if (plain) below(tables, from, n, to);
    for (let r = 0; r < n; r++) if (!plain || (nanMatters && holdsNaN(from, r * width, width))) asked(tables, from, r * width, to, r * roots);
  });
  return [out];
}

/** @param {import("./values.js").Value} members @param {import("./values.js").Value} ends @returns {Set<number>[]} */
function setsOf(members, ends) {
  if (!isReal(members.dtype) || !PLACES.includes(ends.dtype)) throw new BundleError("its sets are none");
  let start = 0;
  return Array.from(ends.data, (end) => {
    const made = new Set(/** @type {Iterable<number>} */ (members.data.slice(start, end)));
    start = end;
    return made;
  });
}

/** @param {Omit<Tables, "limits" | "places">} tables @throws {BundleError} a node names a column, a set or a child that there is not */
function refuseOutside({ feature, threshold, child, width, sets }) {
  const last = child.length - 1;
  for (let slot = 0; slot <= last; slot++) {
    const first = child[slot];
    if (first <= slot) continue; // a leaf
    const column = feature[slot];
    if (first >= last || column >= 2 * width || (column >= width && sets[threshold[slot]] === undefined)) {
      throw new BundleError("its tables point beyond their ends");
    }
  }
}

/**
 * The tables once more with what a node needs side by side: `limits[2 * slot]` is its threshold, `places[4 * slot + 2]` its
 * column and `places[4 * slot + 3]` its first child, over the same 16 bytes. A leaf is its own child, and nothing exceeds
 * its NaN: a walk that has arrived stays.
 * @param {Omit<Tables, "limits" | "places">} tables
 */
function laidOut({ feature, threshold, child }) {
  const bytes = new ArrayBuffer(16 * child.length);
  const [limits, places] = [new Float64Array(bytes), new Int32Array(bytes)];
  for (let slot = 0; slot < child.length; slot++) {
    const isLeaf = child[slot] <= slot;
    limits[2 * slot] = isLeaf ? NaN : threshold[slot];
    places[4 * slot + 2] = isLeaf ? 0 : feature[slot];
    places[4 * slot + 3] = isLeaf ? slot : child[slot];
  }
  return { limits, places };
}

/** @param {Float64Array} x @param {number} start @param {number} size */
function holdsNaN(x, start, size) {
  for (let i = start; i < start + size; i++) if (x[i] !== x[i]) return true;
  return false;
}

/**
 * The weights of the leaves, without sets, where NaN takes the first child or there is none. Several walks go side by side
 * and without a branch, since each step waits for the one before it: of eight rows through a tree, which lies in the cache
 * then, and where no eight rows are left of one row through four trees.
 * @param {Tables} tables @param {Float64Array} x @param {number} n rows @param {Float64Array} to
 */
function below(tables, x, n, to) {
  const whole = n - (n % 8);
  if (whole > 0) ofEightRows(tables, x, whole, to);
  for (let r = whole; r < n; r++) throughFourTrees(tables, x, r * tables.width, to, r * tables.roots);
}

/** @param {Tables} tables @param {Float64Array} x @param {number} n rows, eights of them @param {Float64Array} to */
function ofEightRows({ threshold, limits, places, roots, width }, x, n, to) {
  for (let tree = 0; tree < roots; tree++) {
    for (let r = 0; r < n; r += 8) {
      const s = r * width, t = s + width, u = t + width, v = u + width, w = v + width, y = w + width, z = y + width, q = z + width;
      let a = tree, b = tree, c = tree, d = tree, e = tree, f = tree, g = tree, h = tree, before = -1, now = 0;
      while (now !== before) {
        before = now; // every step leads on or stays
        a = (places[(a << 2) + 3] + Number(x[s + places[(a << 2) + 2]] > limits[a << 1])) | 0;
        b = (places[(b << 2) + 3] + Number(x[t + places[(b << 2) + 2]] > limits[b << 1])) | 0;
        c = (places[(c << 2) + 3] + Number(x[u + places[(c << 2) + 2]] > limits[c << 1])) | 0;
        d = (places[(d << 2) + 3] + Number(x[v + places[(d << 2) + 2]] > limits[d << 1])) | 0;
        e = (places[(e << 2) + 3] + Number(x[w + places[(e << 2) + 2]] > limits[e << 1])) | 0;
        f = (places[(f << 2) + 3] + Number(x[y + places[(f << 2) + 2]] > limits[f << 1])) | 0;
        g = (places[(g << 2) + 3] + Number(x[z + places[(g << 2) + 2]] > limits[g << 1])) | 0;
        h = (places[(h << 2) + 3] + Number(x[q + places[(h << 2) + 2]] > limits[h << 1])) | 0;
        now = (((a + b) | 0) + ((c + d) | 0) + ((e + f) | 0) + ((g + h) | 0)) | 0;
      }
      let at = r * roots + tree;
      to[at] = threshold[a];
      to[(at += roots)] = threshold[b];
      to[(at += roots)] = threshold[c];
      to[(at += roots)] = threshold[d];
      to[(at += roots)] = threshold[e];
      to[(at += roots)] = threshold[f];
      to[(at += roots)] = threshold[g];
      to[(at += roots)] = threshold[h];
    }
  }
}

/** @param {Tables} tables @param {Float64Array} x @param {number} start of the row @param {Float64Array} to @param {number} at */
function throughFourTrees({ threshold, limits, places, roots }, x, start, to, at) {
  let tree = 0;
  for (; tree + 3 < roots; tree += 4) {
    let a = tree, b = tree + 1, c = tree + 2, d = tree + 3, before = -1, now = 0;
    while (now !== before) {
      before = now;
      a = (places[(a << 2) + 3] + Number(x[start + places[(a << 2) + 2]] > limits[a << 1])) | 0;
      b = (places[(b << 2) + 3] + Number(x[start + places[(b << 2) + 2]] > limits[b << 1])) | 0;
      c = (places[(c << 2) + 3] + Number(x[start + places[(c << 2) + 2]] > limits[c << 1])) | 0;
      d = (places[(d << 2) + 3] + Number(x[start + places[(d << 2) + 2]] > limits[d << 1])) | 0;
      now = (((a + b) | 0) + ((c + d) | 0)) | 0;
    }
    to[at + tree] = threshold[a];
    to[at + tree + 1] = threshold[b];
    to[at + tree + 2] = threshold[c];
    to[at + tree + 3] = threshold[d];
  }
  for (; tree < roots; tree++) {
    let slot = tree, before = -1;
    while (slot !== before) {
      before = slot;
      slot = (places[(slot << 2) + 3] + Number(x[start + places[(slot << 2) + 2]] > limits[slot << 1])) | 0;
    }
    to[at + tree] = threshold[slot];
  }
}

/**
 * The same of one row, with missing values and sets.
 * @param {Tables} tables @param {Float64Array} x @param {number} start of the row @param {Float64Array} to @param {number} at
 */
function asked({ feature, threshold, child, roots, width, nan, missing, sets }, x, start, to, at) {
  for (let tree = 0; tree < roots; tree++) {
    let [slot, first] = [tree, child[tree]];
    while (first > slot) {
      const column = feature[slot];
      const value = x[start + (column < width ? column : column - width)];
      let second;
      if (value !== value) second = nan === "each" ? (missing[slot >> 3] >> (slot & 7)) & 1 : Number(nan === "second");
      else second = Number(column < width ? value > threshold[slot] : sets[threshold[slot]].has(value));
      slot = first + second;
      first = child[slot];
    }
    to[at + tree] = threshold[slot];
  }
}

/** @type {Record<string, import("./values.js").Prepare>} */
export const ensembles = { "isoship.Trees": trees };
