/**
 * Rows of a file that are asked together: what the model takes, by columns, and which rows it will not be asked.
 *
 * A row that reads has a slot in the columns; one that does not has a refusal instead, and its slot is the next row's.
 *
 * @typedef {{column: string | null, seen: string | null, expected: string | null, message: string}} Refusal
 */

import { inputsFromRows, MATRIX_INPUT } from "../../validate.js";

/** Rows of a block: as many as a model mostly answers at once. */
export const ROWS = 1024;

export class Block {
  /** The number of its first row, in the file from 0. */
  first = 0;
  rows = 0;
  /** Rows that the model is asked. */
  asked = 0;
  /** A row's place among these, or -1. */
  slots = new Int32Array(ROWS);
  /** The line of the file on which a row begins; 0 where a file has no lines. */
  lines = new Float64Array(ROWS);
  /** @type {Map<number, Refusal>} by row of the block */
  refusals = new Map();
  /** Where a row lies in the bytes of the file, where these are at hand. @type {Uint8Array | null} */
  ascii = null;
  starts = new Int32Array(ROWS);
  ends = new Int32Array(ROWS);
  /** Whether a row can be written as it stands in them. @type {(row: number) => boolean} */
  stands = () => false;
  /** A row's own cells as CSV. @type {(row: number) => string} */
  text = () => "";
  /** The same as values. @type {(row: number) => any[]} */
  cells = () => [];

  /** @param {import("../../manifest.js").Signature} signature */
  constructor(signature) {
    this.signature = signature;
    const { columns, layout } = signature;
    // A matrix is given as a whole, but for one column alone, which has no name of its own.
    this.matrix = layout === "matrix" && columns.length > 1 ? new Float64Array(ROWS * columns.length) : null;
    /** Where the values of each column go. @type {{data: any, step: number, offset: number}[]} */
    this.places = columns.map(({ dtype }, j) => {
      if (this.matrix !== null) return { data: this.matrix, step: columns.length, offset: j };
      return { data: dtype === "double" ? new Float64Array(ROWS) : new Array(ROWS), step: 1, offset: 0 };
    });
  }

  /** Forgets its rows. @param {number} first */
  clear(first) {
    this.first = first;
    this.rows = this.asked = 0;
    this.refusals.clear();
  }

  /** A value of the row that is read; a column of doubles holds NaN where it is missing. @param {number} j @param {any} x */
  put(j, x) {
    const { data, step, offset } = this.places[j];
    data[this.asked * step + offset] = x === null && data instanceof Float64Array ? NaN : x;
  }

  /** Ends the row that is read. @param {number} line @param {Refusal | null} refusal */
  end(line, refusal) {
    this.lines[this.rows] = line;
    if (refusal === null) this.slots[this.rows] = this.asked++;
    else {
      this.slots[this.rows] = -1;
      this.refusals.set(this.rows, refusal);
    }
    this.rows++;
  }

  /** What `predictTensors` takes. @returns {Record<string, any>} */
  given() {
    const { columns } = this.signature;
    if (this.matrix !== null) return { [MATRIX_INPUT]: this.matrix.subarray(0, this.asked * columns.length) };
    return Object.fromEntries(columns.map(({ name }, j) => [name, firstOf(this.places[j].data, this.asked)]));
  }

  /** Refuses by name the rows that the model would refuse, each asked alone: the others keep their order. */
  sift() {
    const { columns } = this.signature;
    let kept = 0;
    for (let row = 0; row < this.rows; row++) {
      const slot = this.slots[row];
      if (slot < 0) continue;
      const values = this.places.map(({ data, step, offset }) => data[slot * step + offset]);
      const asRow = Object.fromEntries(columns.map(({ name, dtype }, j) => [name, valueOfRow(values[j], dtype)]));
      try {
        inputsFromRows([asRow], this.signature);
      } catch (err) {
        this.slots[row] = -1;
        this.refusals.set(row, refusalFrom(err));
        continue;
      }
      this.places.forEach(({ data, step, offset }, j) => (data[kept * step + offset] = values[j]));
      this.slots[row] = kept++;
    }
    this.asked = kept;
  }
}

/** @param {any} err an InputError @returns {Refusal} */
export function refusalFrom({ column, seen, expected, message }) {
  return { column, seen, expected, message };
}

/** @param {Refusal} refusal without its row, which stands beside it */
export function wordsOf({ column, seen, expected, message }) {
  return column === null || seen === null ? message : `${column}: expected ${expected}, got ${seen}`;
}

/** @param {any} x @param {string} dtype */
function valueOfRow(x, dtype) {
  return dtype === "double" && x !== x ? null : x;
}

/** @param {any} data @param {number} count */
function firstOf(data, count) {
  return data instanceof Float64Array ? data.subarray(0, count) : data.length === count ? data : data.slice(0, count);
}
