/**
 * What stands in a file of answers: the names of its columns, and its cells. The twin of `isoship_edge.encoding.batch`
 * and `formulas` there; both pass tests/vectors/csv.json.
 */

import { MISSING_STRING, sizeOf } from "../../value.js";

/** What a spreadsheet may take for a formula at the start of a cell. */
const FORMULA = /^[\s\x1c-\x1f\x85]*[=+\-@\t\r]/;
/** The same behind what another country's spreadsheet takes for the end of a cell; quotes inside a line do not help. */
const FORMULA_BEHIND = /([;\t\r\n][\s\x1c-\x1f\x85]*)(?=[=+\-@])/g;
/** A number is none, even with spaces around it. */
const NUMBER = /^[ \t]*[+-]?(?:(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?|inf)[ \t]*$/i;
/** What makes a look at each of them worth it. */
const MARKS = /[=+\-@\t\r]/;
const PREFIX = "predicted_";
const BY_CLASS = ["probabilities", "scores"];

/**
 * The columns that answers become: a scalar's name, `name_<class>` a class, `name_0`, `name_1` for the rest.
 * @param {import("../../manifest.js").Output[]} outputs @returns {string[]}
 */
export function flatNames(outputs) {
  return outputs.flatMap(({ name, kind, shape, keys }) => {
    if (shape.length === 1) return [name];
    const width = sizeOf(shape.slice(1).map(Number));
    const ends = BY_CLASS.includes(kind) && keys?.length === width ? keys : Array.from({ length: width }, (_, i) => i);
    return ends.map((end) => `${name}_${end}`);
  });
}

/**
 * Names beside a file's own, each once: with a prefix where there is a column of it.
 * @param {string[]} header @param {string[]} made @returns {string[]}
 */
export function freeNames(header, made) {
  const taken = new Set(header);
  return made.map((name) => {
    while (taken.has(name)) name = PREFIX + name;
    taken.add(name);
    return name;
  });
}

/** Text without what a spreadsheet would run: an apostrophe in front; numbers stay as they are. @param {string} text */
export function defused(text) {
  if (!MARKS.test(text)) return text;
  const first = FORMULA.test(text) && !NUMBER.test(text) ? `'${text}` : text;
  return first.replace(FORMULA_BEHIND, "$1'");
}

/** A cell of CSV: null is empty, the empty text is in quotes. @param {any} value */
export function csvCell(value) {
  if (value === null || value === undefined) return "";
  if (typeof value !== "string") return String(value);
  const text = defused(value);
  return text === "" || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** @param {any[]} cells */
export function csvLine(cells) {
  return cells.map(csvCell).join(",");
}

/**
 * How the elements of an output are written, from its flat data: what is no finite number, or a missing string, is empty.
 * @param {string} dtype of the data @returns {(x: any) => string | number}
 */
export function cellOf(dtype) {
  if (dtype === "bool") return (x) => (x === 0 || x === false ? "false" : "true");
  if (dtype === "string") {
    /** @type {Map<string, string>} labels are few */
    const known = new Map();
    return (x) => {
      let found = known.get(x);
      if (found === undefined) {
        found = x === MISSING_STRING ? "" : csvCell(x);
        if (known.size < 1000) known.set(x, found);
      }
      return found;
    };
  }
  if (dtype === "int64") return (x) => String(x);
  return (x) => (Number.isFinite(x) ? x : "");
}
