/**
 * rows.json and rows.bin, read and made ready: the whole model as data.
 *
 * The twin of `isoship_edge.rows` (docs/architecture.md, "The row program"); tests/vectors/operator_cases.py holds both.
 * Every step is prepared once, when the program is loaded: shapes are known for one row, so a step is a loop over flat
 * arrays, of all rows that are asked, and most steps that only rearrange are nothing at all. Nothing is generated as code.
 *
 * @typedef {{name: string, dtype: import("../value.js").DType, shape: number[], size: number}} Kind of an input or output,
 *   for one row
 */

import { BundleError, IsoshipError } from "../errors.js";
import { allocate } from "../value.js";
import { constantFrom } from "./constants.js";
import { fused } from "./fusion.js";
import { prepareOf } from "./operators.js";
import { Board } from "./values.js";

export const FORMAT = 1;
/** Elements that a program computes at once: rows beyond are another turn. */
const AT_ONCE = 2 ** 20;
const MOST_ROWS = 1024;

export class RowProgram {
  #board;
  #makers = /** @type {string[]} */ ([]);
  #places = /** @type {{inputs: number[], outputs: import("./values.js").Value[]}} */ ({ inputs: [], outputs: [] });
  /** Rows that the arrays of the steps hold. */
  #room = -1;
  /** The places of these arrays. @type {number[] | null} */
  #made = null;

  /**
   * @param {any} document @param {ArrayBuffer | null} [binary] rows.bin @param {Board} [board]
   * @throws {BundleError} of a newer format, damaged, with an operator that this runtime does not have, or too much for a row
   */
  constructor(document, binary = null, board = new Board()) {
    this.#board = board;
    /** @type {Kind[]} */
    this.inputs = [];
    /** @type {Kind[]} */
    this.outputs = [];
    try {
      const { format } = document;
      if (!Number.isInteger(format) || format < 1) throw new BundleError(`its format is ${JSON.stringify(format)}`);
      if (format > FORMAT) throw new NewerFormat(`this bundle has row program format ${format}; this runtime reads formats up to ${FORMAT}`);
      this.#makeReady(document, binary);
    } catch (err) {
      if (err instanceof NewerFormat) throw err;
      throw new BundleError(`rows.json is damaged: ${/** @type {Error} */ (err).message}`, { cause: err });
    }
    const row = board.kinds.reduce((sum, { size }, place) => sum + (board.held[place] === null ? size : 0), 1);
    /** The most rows of an answer. */
    this.mostRows = Math.max(1, Math.min(MOST_ROWS, Math.floor(AT_ONCE / row)));
  }

  /** @param {any} document @param {ArrayBuffer | null} binary */
  #makeReady({ constants, inputs, steps, outputs }, binary) {
    const board = this.#board;
    /** @type {Map<string, import("./values.js").Value | null>} */
    const values = new Map([["", null]]);
    const name = (/** @type {string} */ called, /** @type {any} */ value) => {
      if (values.has(called)) throw new BundleError(`${JSON.stringify(called)} is made twice`);
      values.set(called, value);
    };
    const used = (/** @type {any} */ called) => {
      const found = values.get(called);
      if (found === undefined) throw new BundleError(`nothing makes ${JSON.stringify(called)} before it is used`);
      return found;
    };
    for (const [called, entry] of Object.entries(constants)) name(called, board.constant(entry.dtype, entry.shape, constantFrom(entry, binary)));
    for (const [called, { dtype, shape }] of Object.entries(inputs)) {
      const made = board.value(dtype, shape.map((/** @type {any} */ length) => (length === "N" ? 1 : length)));
      name(called, made);
      this.#places.inputs.push(made.place);
      this.inputs.push({ name: called, dtype, shape: made.shape, size: made.size });
    }
    for (const step of fused(withNarrowPlaces(steps, outputs), constants, outputs)) {
      try {
        this.#add(step, used, name);
      } catch (err) {
        throw new BundleError(`${step?.op} -> ${step?.outputs}: ${/** @type {Error} */ (err).message}`, { cause: err });
      }
    }
    for (const [called, source] of Object.entries(outputs)) {
      const value = used(source);
      if (value === null) throw new BundleError(`it makes no ${JSON.stringify(called)}`);
      this.#places.outputs.push(value);
      this.outputs.push({ name: called, dtype: /** @type {any} */ (value.dtype), shape: value.shape, size: value.size });
    }
  }

  /**
   * Makes a step ready. What depends on no input is computed at once.
   * @param {any} step @param {(name: any) => any} used @param {(name: string, value: any) => void} name
   */
  #add({ op, inputs, outputs, attrs, prepare }, used, name) {
    const board = this.#board;
    const [firstRun, firstPlace] = [board.runs.length, board.held.length];
    const given = inputs.map(used);
    if (attrs === null || typeof attrs !== "object" || Array.isArray(attrs)) throw new BundleError("it has no attributes");
    const tables = op.startsWith("ml.") ? ["keys", "values", "default"].filter((key) => Object.hasOwn(attrs, key)) : [];
    const resolved = tables.length === 0 ? attrs : { ...attrs, ...Object.fromEntries(tables.map((key) => [key, used(attrs[key])])) };
    const made = (typeof prepare === "function" ? prepare : prepareOf(op))(board, given, resolved);
    if (made.length !== outputs.length) throw new BundleError(`it makes ${made.length} values`);
    if (given.every((/** @type {any} */ x) => x === null || x.data !== null)) {
      for (let place = firstPlace; place < board.held.length; place++) {
        board.held[place] ??= allocate(board.kinds[place].dtype, board.kinds[place].size);
      }
      for (const run of board.runs.splice(firstRun)) run(board.held, 1);
      for (const value of made) value.data = board.held[value.place];
    }
    for (let i = firstRun; i < board.runs.length; i++) this.#makers.push(`${op} -> ${outputs.join(", ")}`);
    outputs.forEach((/** @type {string} */ called, /** @type {number} */ i) => name(called, made[i]));
  }

  /**
   * The flat data of every output for n rows, from that of every input, both in their order.
   * @param {any[]} given @param {number} n at most `mostRows`
   * @returns {any[]}
   * @throws {IsoshipError} a step fails on what the contract accepts
   */
  answer(given, n) {
    const { held, runs } = this.#board;
    if (n > this.#room) this.#makeRoom(n);
    const { inputs, outputs } = this.#places;
    for (let i = 0; i < inputs.length; i++) held[inputs[i]] = given[i];
    let i = 0;
    try {
      for (; i < runs.length; i++) runs[i](held, n);
    } catch (err) {
      throw new IsoshipError(`the row program fails at ${this.#makers[i]}: ${/** @type {Error} */ (err).message}`, { cause: err });
    }
    return outputs.map((value) => rowsOf(value, held[value.place], n));
  }

  /** Arrays for the results of the steps. @param {number} n */
  #makeRoom(n) {
    const { held, kinds } = this.#board;
    // Known data is never written to: what is empty here is a step's to fill, or was filled for fewer rows.
    this.#made ??= held.flatMap((data, place) => (data === null && !this.#places.inputs.includes(place) ? [place] : []));
    for (const place of this.#made) held[place] = allocate(kinds[place].dtype, kinds[place].size * n);
    this.#room = n;
  }
}

class NewerFormat extends BundleError {}

/**
 * A copy for the caller: the steps write to their arrays again.
 * @param {import("./values.js").Value} value @param {any} data @param {number} n
 */
function rowsOf({ dtype, size, stride }, data, n) {
  if (stride > 0 || size === 0) return data.slice(0, n * size);
  const made = allocate(/** @type {any} */ (dtype), n * size);
  for (let r = 0, at = 0; r < n; r++) for (let i = 0; i < size; i++) made[at++] = data[i];
  return made;
}

/** Operators whose second input is places. */
const TAKE = ["Gather", "GatherElements", "ml.ArrayFeatureExtractor"];

/**
 * The steps, where a Cast of reals to int64 that gives nothing but places makes int32: BigInts take longer than the trees
 * whose leaves they number. What int32 does not hold is no place of any value, and an error as before.
 * @param {any[]} steps @param {Record<string, string>} outputs
 */
function withNarrowPlaces(steps, outputs) {
  const otherwise = new Set(Object.values(outputs));
  for (const { op, inputs, attrs } of steps) {
    inputs.forEach((/** @type {string} */ name, /** @type {number} */ i) => (TAKE.includes(op) && i === 1 ? null : otherwise.add(name)));
    for (const name of Object.values(attrs)) otherwise.add(name);
  }
  return steps.map((step) => {
    const narrow = step.op === "Cast" && step.attrs.to === "int64" && !otherwise.has(step.outputs[0]);
    return narrow ? { ...step, attrs: { to: "int32" } } : step;
  });
}
