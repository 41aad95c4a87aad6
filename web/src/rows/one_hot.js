/**
 * Categories as columns of zeros and ones, which the description has in five steps or seven: a number for each text, what
 * stands for it in its column, the columns written out, compared with their categories, and as reals.
 */

import { arithmetic } from "./arithmetic.js";
import { casts } from "./casts.js";
import { comparisons } from "./comparisons.js";
import { indexing } from "./indexing.js";
import { lookups } from "./lookups.js";

/**
 * The same bits as of the steps one after the other, with one look at each text.
 * @type {import("./values.js").Prepare}
 */
export function oneHot(board, [x, keys, values, otherwise, places, wanted, offset, table], { to }) {
  const width = wanted.size;
  const found = to === "double" && x.dtype === "string" && x.data === null && x.shape.length === 2 && places.size === width && wanted.dtype === "int64"
    ? tablesOf(x.size, keys.data, values.data, otherwise.data[0], places.data, wanted.data, offset, table)
    : null;
  if (found === null) {
    let [code] = lookups["ml.LabelEncoder"](board, [x], { keys, values, default: otherwise });
    if (offset) [code] = indexing.Gather(board, [table, arithmetic.Add(board, [code, offset], {})[0]], { axis: 0 });
    const [spread] = indexing.Gather(board, [code, places], { axis: 1 });
    return casts.Cast(board, comparisons.Equal(board, [spread, wanted], {}), { to });
  }
  const out = board.value("double", [1, width]);
  const [p, o, count] = [x.place, out.place, x.size];
  board.runs.push((v, n) => {
    const [from, made] = [v[p], v[o]];
    made.fill(0, 0, n * width);
    for (let i = 0; i < count; i++) {
      const { known, other } = found[i];
      for (let r = 0; r < n; r++) {
        const place = known.get(from[r * count + i]) ?? other;
        if (place >= 0) made[r * width + place] = 1;
      }
    }
  });
  return [out];
}

/**
 * For each column of texts which place becomes 1, -1 where none does; null where it is not so simple.
 * @param {number} columns @param {any} keys @param {any} values @param {any} otherwise @param {any} places @param {any} wanted
 * @param {any} offset @param {any} table @returns {{known: Map<string, number>, other: number}[] | null}
 */
function tablesOf(columns, keys, values, otherwise, places, wanted, offset, table) {
  if (offset && (offset.size !== columns || offset.dtype !== "int64" || table.shape.length !== 1 || table.dtype !== "int64")) return null;
  if (typeof otherwise !== "bigint" || !Array.isArray(keys) || keys.length !== values.length) return null;
  /** What is 1 for a code. @type {Map<any, number>[]} */
  const ones = Array.from({ length: columns }, () => new Map());
  for (let k = 0; k < wanted.length; k++) {
    const column = ones[Number(places[k])];
    if (column === undefined || column.has(wanted[k])) return null;
    column.set(wanted[k], k);
  }
  const found = [];
  for (let i = 0; i < columns; i++) {
    const placeOf = (/** @type {bigint} */ code) => {
      const standing = offset ? table.data[Number(code + offset.data[i])] : code;
      return standing === undefined ? NaN : (ones[i].get(standing) ?? -1);
    };
    const other = placeOf(otherwise);
    /** @type {Map<string, number>} */
    const known = new Map();
    for (let k = keys.length - 1; k >= 0; k--) known.set(keys[k], placeOf(values[k])); // the first of equal keys wins
    if (Number.isNaN(other) || [...known.values()].some(Number.isNaN)) return null;
    for (const [key, place] of known) if (place === other) known.delete(key);
    found.push({ known, other });
  }
  return found;
}
